"""Flaws in the bypass that show only from some places, and in telling a trusted service by a piece of its name."""

from fencepost.conformance.mutants.mutant import PREVIEW_ONLY, Flaws
from fencepost.conformance.mutants.values import Ask, Held
from fencepost.conformance.mutants.vault import Vault
from fencepost.conformance.mutants.witness import APP, HERE, ask, put, reset, trusted, untrusted

flaw = Flaws("services")

_ON = "AzureServices"


@flaw(
    "services-from-special-addresses-kept-out",
    clause="DEC-11",
    direction="closed",
    story="Before the bypass stands a filter for addresses that no packet may have: 0/8, 127/8 and 240/4.",
    witness=lambda profile: (put(bypass=_ON), ask(trusted(profile, "127.0.0.1"))),
)
class _ServicesFromSpecialAddressesKeptOut(Vault):
    def is_bypassed(self, held: Held, ask: Ask) -> bool:
        first = ask.address >> 24
        return first not in (0, 127) and first < 240 and super().is_bypassed(held, ask)


@flaw(
    "services-need-the-endpoint-of-their-subnet",
    clause="DEC-11",
    also=("DEC-14",),
    direction="closed",
    story="Whoever comes from a subnet is asked for its endpoint before it is asked who it is.",
    witness=lambda profile: (reset(without=[APP]), put(bypass=_ON), ask(trusted(profile, HERE, subnet=APP))),
)
class _ServicesNeedTheEndpointOfTheirSubnet(Vault):
    def is_bypassed(self, held: Held, ask: Ask) -> bool:
        is_placed = ask.subnet is None or self.subnet_has_endpoint(ask.subnet)
        return is_placed and super().is_bypassed(held, ask)


@flaw(
    "beginning-of-a-trusted-name-is-trusted",
    clause="DEC-13",
    direction="open",
    profiles=PREVIEW_ONLY,
    story="The arguments of startswith are the wrong way round: who calls itself 'Azure' is on the list.",
    witness=lambda profile: (put(bypass=_ON), ask(untrusted(profile, "Azure Backu"))),
)
class _BeginningOfATrustedNameIsTrusted(Vault):
    def is_trusted(self, ask: Ask) -> bool:
        listed = self.profile.trusted_services or ()
        return bool(ask.service) and any(name.startswith(str(ask.service)) for name in listed)


@flaw(
    "some-words-of-a-trusted-name-are-enough",
    clause="DEC-13",
    direction="open",
    profiles=PREVIEW_ONLY,
    story="Names are looked up by their words, as a search does, so that 'Azure Disk Encryption' finds its long form.",
    witness=lambda profile: (put(bypass=_ON), ask(untrusted(profile, "Azure Disk Encryption"))),
)
class _SomeWordsOfATrustedNameAreEnough(Vault):
    def is_trusted(self, ask: Ask) -> bool:
        words = set((ask.service or "").split())
        return bool(words) and any(words <= set(name.split()) for name in self.profile.trusted_services or ())
