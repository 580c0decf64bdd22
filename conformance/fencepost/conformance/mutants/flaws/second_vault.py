"""Flaws in making a new vault: some state of the vault before it is still there."""

from collections.abc import Callable, Sequence

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.mutants.mutant import Flaws, shown_by
from fencepost.conformance.mutants.values import Held
from fencepost.conformance.mutants.vault import Vault
from fencepost.conformance.mutants.witness import ask, call, put, read, reset, trusted, update

flaw = Flaws("state")

_FAILED_STARTS = 3


@flaw("new-vault-has-the-default-of-the-old", "DEC-1", "closed")
@shown_by(put(), reset(), ask(call()))
class _NewVaultHasTheDefaultOfTheOld(Vault):
    """Making a vault clears the rules and keeps the default action of the vault before it."""

    def reset(self, *, subnets: Sequence[JsonObject]) -> JsonObject:
        before = getattr(self, "held", Held())
        answer = super().reset(subnets=subnets)
        self.install(self.held._replace(default_action=before.default_action))
        return answer


@flaw(
    "new-vault-has-the-bypass-of-the-old", "DEC-11 STA-3 STA-5", "both", needs_history=True, choice="default-of-bypass"
)
@shown_by(lambda profile: (put(), reset(), update(default="Deny"), ask(trusted(profile))))
class _NewVaultHasTheBypassOfTheOld(Vault):
    """Making a vault clears the rules and sets the default action, but not the bypass."""

    def reset(self, *, subnets: Sequence[JsonObject]) -> JsonObject:
        before = getattr(self, "held", Held())
        answer = super().reset(subnets=subnets)
        self.install(self.held._replace(bypass=before.bypass))
        return answer


@flaw("vault-in-the-same-network-is-not-new", "DEC-1 STA-5", "both")
@shown_by(put("20.0.0.0/24"), reset(), ask(call("52.0.0.7")))
class _VaultInTheSameNetworkIsNotNew(Vault):
    """Vaults are stored by network, so a new vault in a known network is the old vault."""

    made_in: tuple[str, ...] | None = None

    def reset(self, *, subnets: Sequence[JsonObject]) -> JsonObject:
        before = getattr(self, "held", Held())
        answer = super().reset(subnets=subnets)
        network = tuple(str(subnet["id"]) for subnet in subnets)
        if network == self.made_in:
            self.install(before)
        self.made_in = network
        return answer


@flaw("new-vault-shows-the-rules-of-the-old", "STA-5", "both")
@shown_by(put("20.0.0.0/24"), reset(), read())
class _NewVaultShowsTheRulesOfTheOld(Vault):
    """The rules shown are kept from the last write, so a new vault shows the old rules until its first write."""

    written: Held = Held()

    def write(self, make: Callable[[], Held], *checks: Callable[[Held], None]) -> JsonObject:
        answer = super().write(make, *checks)
        self.written = self.held if answer["accepted"] else self.written
        return answer

    def read_back(self, held: Held) -> JsonObject:  # noqa: ARG002 - looking elsewhere is the flaw
        return super().read_back(self.written)


@flaw("third-reset-in-a-row-restores-rules", "DEC-1 STA-3 STA-5 CRED-4", "both", needs_history=True)
@shown_by(put("20.0.0.0/24"), reset(), reset(), reset(), ask(call("52.0.0.7")))
class _ThirdResetInARowRestoresRules(Vault):
    """Three new vaults without a write between count as starts that failed, and the last rules are restored."""

    written: Held = Held()
    resets = 0

    def reset(self, *, subnets: Sequence[JsonObject]) -> JsonObject:
        answer = super().reset(subnets=subnets)
        self.resets += 1
        if self.resets == _FAILED_STARTS:
            self.install(self.written)
        return answer

    def write(self, make: Callable[[], Held], *checks: Callable[[Held], None]) -> JsonObject:
        answer = super().write(make, *checks)
        if answer["accepted"]:
            self.written, self.resets = self.held, 0
        return answer
