"""Flaws in handling the members that a write leaves out."""

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.mutants.mutant import Flaws, shown_by
from fencepost.conformance.mutants.values import Held
from fencepost.conformance.mutants.vault import Vault
from fencepost.conformance.mutants.witness import ask, call, put, trusted, update

flaw = Flaws("default-action")


@flaw("absent-bypass-is-the-one-before", "STA-1 DEC-11", "closed", choice="default-of-bypass")
@shown_by(lambda profile: (put(), ("putRules", {"networkAcls": {"defaultAction": "Deny"}}), ask(trusted(profile))))
class _AbsentBypassIsTheOneBefore(Vault):
    """A put without a bypass keeps the bypass in force, as an update does."""

    def read_acls(self, acls: JsonObject) -> Held:
        return super().read_acls({"bypass": self.held.bypass, **acls})


@flaw("absent-default-is-the-one-before", "STA-1 DEC-1", "closed", choice="default-of-default-action")
@shown_by(put(), ("putRules", {"networkAcls": {"bypass": "None"}}), ask(call()))
class _AbsentDefaultIsTheOneBefore(Vault):
    """A put without a default action is treated as a change of the rules alone and keeps the old default action."""

    def read_acls(self, acls: JsonObject) -> Held:
        return super().read_acls({"defaultAction": self.held.default_action, **acls})


@flaw("update-of-nothing-resets-both", "STA-3 STA-2 DEC-3 DEC-12", "open")
@shown_by(put(), update(), ask(call()))
class _UpdateOfNothingResetsBoth(Vault):
    """An update without members is read as an update with an empty body, and the object is built from its defaults."""

    def with_switches(self, held: Held, bypass: str | None, default_action: str | None) -> Held:
        if bypass is None and default_action is None:
            return super().with_switches(held, "AzureServices", "Allow")
        return super().with_switches(held, bypass, default_action)
