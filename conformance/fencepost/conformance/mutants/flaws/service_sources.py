"""Flaws in the bypass for callers at some addresses, and in matching a part of a service's name."""

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
    story="A filter for reserved addresses, 0/8, 127/8 and 240/4, runs before the bypass.",
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
    story="A caller from a subnet must have the service endpoint before the bypass is checked.",
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
    story="The arguments of startswith are swapped, so a caller named 'Azure' is trusted.",
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
    story="Names are compared word by word, as in a search, so 'Azure Disk Encryption' matches its long form.",
    witness=lambda profile: (put(bypass=_ON), ask(untrusted(profile, "Azure Disk Encryption"))),
)
class _SomeWordsOfATrustedNameAreEnough(Vault):
    def is_trusted(self, ask: Ask) -> bool:
        words = set((ask.service or "").split())
        return bool(words) and any(words <= set(name.split()) for name in self.profile.trusted_services or ())
