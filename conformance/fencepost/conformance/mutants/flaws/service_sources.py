"""Flaws in the bypass for callers at some addresses, and in matching a part of a service's name."""

from fencepost.conformance.mutants.mutant import PREVIEW_ONLY, Flaws, shown_by
from fencepost.conformance.mutants.values import Ask, Held
from fencepost.conformance.mutants.vault import Vault
from fencepost.conformance.mutants.witness import APP, HERE, ask, put, reset, trusted, untrusted

flaw = Flaws("services")

_ON = "AzureServices"


@flaw("services-from-special-addresses-kept-out", "DEC-11", "closed")
@shown_by(lambda profile: (put(bypass=_ON), ask(trusted(profile, "127.0.0.1"))))
class _ServicesFromSpecialAddressesKeptOut(Vault):
    """A filter for reserved addresses, 0/8, 127/8 and 240/4, runs before the bypass."""

    def is_bypassed(self, held: Held, ask: Ask) -> bool:
        first = ask.address >> 24
        return first not in (0, 127) and first < 240 and super().is_bypassed(held, ask)


@flaw("services-need-the-endpoint-of-their-subnet", "DEC-11 DEC-14", "closed")
@shown_by(lambda profile: (reset(without=[APP]), put(bypass=_ON), ask(trusted(profile, HERE, subnet=APP))))
class _ServicesNeedTheEndpointOfTheirSubnet(Vault):
    """A caller from a subnet must have the service endpoint before the bypass is checked."""

    def is_bypassed(self, held: Held, ask: Ask) -> bool:
        is_placed = ask.subnet is None or self.subnet_has_endpoint(ask.subnet)
        return is_placed and super().is_bypassed(held, ask)


@flaw("beginning-of-a-trusted-name-is-trusted", "DEC-13", "open", profiles=PREVIEW_ONLY)
@shown_by(lambda profile: (put(bypass=_ON), ask(untrusted(profile, "Azure Backu"))))
class _BeginningOfATrustedNameIsTrusted(Vault):
    """The arguments of startswith are swapped, so a caller named 'Azure' is trusted."""

    def is_trusted(self, ask: Ask) -> bool:
        listed = self.profile.trusted_services or ()
        return bool(ask.service) and any(name.startswith(str(ask.service)) for name in listed)


@flaw("some-words-of-a-trusted-name-are-enough", "DEC-13", "open", profiles=PREVIEW_ONLY)
@shown_by(lambda profile: (put(bypass=_ON), ask(untrusted(profile, "Azure Disk Encryption"))))
class _SomeWordsOfATrustedNameAreEnough(Vault):
    """Names are compared word by word, as in a search, so 'Azure Disk Encryption' matches its long form."""

    def is_trusted(self, ask: Ask) -> bool:
        words = set((ask.service or "").split())
        return bool(words) and any(words <= set(name.split()) for name in self.profile.trusted_services or ())
