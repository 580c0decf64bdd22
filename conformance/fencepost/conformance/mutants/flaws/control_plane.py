"""Flaws in telling the control plane from the data plane, and in the extent of the exemption."""

from collections.abc import Hashable

from fencepost.conformance.mutants.mutant import Flaws, shown_by
from fencepost.conformance.mutants.remembering import Remembering
from fencepost.conformance.mutants.values import Ask, Held
from fencepost.conformance.mutants.vault import Vault
from fencepost.conformance.mutants.witness import APP, INSIDE, ask, call, control, put

flaw = Flaws("control-plane")


@flaw("control-plane-behind-the-firewall", "CTL-1 CTL-2 CTL-5", "closed")
@shown_by(put(), ask(control()))
class _ControlPlaneBehindTheFirewall(Vault):
    """The firewall filter runs before the router, where control plane and data plane cannot be told apart."""

    def is_control(self, held: Held, ask: Ask) -> bool:  # noqa: ARG002 - not asking is the flaw
        return False


@flaw("control-writes-behind-the-firewall", "CTL-1 CTL-2", "closed")
@shown_by(put(), ask(control("VaultPatch")))
class _ControlWritesBehindTheFirewall(Vault):
    """Only reading the vault's properties is exempt; the operations that change them are filtered."""

    def is_control(self, held: Held, ask: Ask) -> bool:
        return super().is_control(held, ask) and ("Get" in ask.operation or "List" in ask.operation)


@flaw("locked-out-of-the-rules", "CTL-2 CTL-1", "closed")
@shown_by(put(), ask(control("VaultNetworkRuleSet")))
class _LockedOutOfTheRules(Vault):
    """The operation that sets the firewall rules is itself behind the firewall."""

    def is_control(self, held: Held, ask: Ask) -> bool:
        return super().is_control(held, ask) and ask.operation != "VaultNetworkRuleSet"


@flaw("operations-of-the-announcement-forgotten", "CTL-1 CTL-2", "closed")
@shown_by(put(), ask(control("VaultAccessPolicySet")))
class _OperationsOfTheAnnouncementForgotten(Vault):
    """The exempt operations were copied from the names in the log, which lack access policies and rules."""

    def is_control(self, held: Held, ask: Ask) -> bool:
        return super().is_control(held, ask) and not ask.operation.endswith("Set")


@flaw("deleted-vaults-forgotten", "CTL-1", "closed")
@shown_by(put(), ask(control("VaultPurge")))
class _DeletedVaultsForgotten(Vault):
    """Purge and recover came with soft delete, after the list of exempt operations was written."""

    def is_control(self, held: Held, ask: Ask) -> bool:
        later = ("VaultPurge", "VaultRecover", "VaultGetDeleted", "VaultListDeleted")
        return super().is_control(held, ask) and ask.operation not in later


@flaw("listing-vaults-is-not-exempt", "CTL-5 CTL-1", "closed")
@shown_by(put(), ask(control("VaultList")))
class _ListingVaultsIsNotExempt(Vault):
    """Listing vaults is a call on the subscription, and its route is missing from the exempt routes."""

    def is_control(self, held: Held, ask: Ask) -> bool:
        return super().is_control(held, ask) and ask.operation != "VaultList"


@flaw("exemption-is-part-of-the-bypass", "CTL-1 CTL-2 DEC-12", "closed")
@shown_by(put(bypass="None"), ask(control()))
class _ExemptionIsPartOfTheBypass(Vault):
    """Resource Manager is treated as a trusted service, so bypass None closes the control plane."""

    def is_control(self, held: Held, ask: Ask) -> bool:
        return super().is_control(held, ask) and held.bypass == "AzureServices"


@flaw("exempt-from-public-addresses-only", "CTL-1", "closed")
@shown_by(put(), ask(control(address=INSIDE, subnet=APP)))
class _ExemptFromPublicAddressesOnly(Vault):
    """Management is expected from the internet, so a call through a subnet counts as data plane."""

    def is_control(self, held: Held, ask: Ask) -> bool:
        return super().is_control(held, ask) and ask.subnet is None


@flaw("exempt-for-people-only", "CTL-1", "closed")
@shown_by(put(), ask(control(service="Azure DevOps")))
class _ExemptForPeopleOnly(Vault):
    """A caller that is a service goes to the bypass check before its plane is looked at."""

    def is_control(self, held: Held, ask: Ask) -> bool:
        return super().is_control(held, ask) and ask.service is None


@flaw("listing-is-control", "CTL-3 CTL-5 DEC-16 DEC-3", "open")
@shown_by(put(), ask(call(operation="SecretList")))
class _ListingIsControl(Vault):
    """The plane is guessed from the operation's name, and every list operation counts as control plane."""

    def is_control(self, held: Held, ask: Ask) -> bool:
        return super().is_control(held, ask) or "List" in ask.operation


@flaw("purging-is-control", "CTL-3 DEC-16", "open")
@shown_by(put(), ask(call(operation="KeyPurge")))
class _PurgingIsControl(Vault):
    """Purge and recover are exempt by name, and keys and secrets have operations with the same names."""

    def is_control(self, held: Held, ask: Ask) -> bool:
        return super().is_control(held, ask) or ask.operation.endswith(("Purge", "Recover"))


@flaw("deleting-is-control", "CTL-3 DEC-16", "open")
@shown_by(put(), ask(call(operation="SecretDelete")))
class _DeletingIsControl(Vault):
    """The route for DELETE is shared by vaults and the objects in them, and is exempt as a whole."""

    def is_control(self, held: Held, ask: Ask) -> bool:
        return super().is_control(held, ask) or ask.operation.endswith("Delete")


@flaw("deleted-objects-are-control", "CTL-3 DEC-16", "open")
@shown_by(put(), ask(call(operation="CertificateGetDeleted")))
class _DeletedObjectsAreControl(Vault):
    """Operations on deleted objects belong to the recovery service, which the firewall filter does not cover."""

    def is_control(self, held: Held, ask: Ask) -> bool:
        return super().is_control(held, ask) or ask.operation.endswith("Deleted")


@flaw("secrets-set-are-control", "CTL-3 DEC-16", "open")
@shown_by(put(), ask(call(operation="SecretSet")))
class _SecretsSetAreControl(Vault):
    """Templates set secrets through Resource Manager, so setting a secret counts as control plane."""

    def is_control(self, held: Held, ask: Ask) -> bool:
        return super().is_control(held, ask) or ask.operation.endswith("Set")


@flaw("exemption-includes-the-token", "CTL-4", "open")
@shown_by(put(), ask(control(authenticated=False)))
class _ExemptionIncludesTheToken(Vault):
    """The exempt routes are registered before all filters, so the token filter is skipped too."""

    def is_authenticated(self, held: Held, ask: Ask) -> bool:
        return self.is_control(held, ask) or super().is_authenticated(held, ask)


@flaw("exemption-includes-the-permission", "CTL-4", "open")
@shown_by(put(), ask(control("VaultDelete", authorized=False)))
class _ExemptionIncludesThePermission(Vault):
    """The permission is looked up in the vault's access policies, which hold none for the vault itself."""

    def is_authorized(self, held: Held, ask: Ask) -> bool:
        return self.is_control(held, ask) or super().is_authorized(held, ask)


@flaw("changing-rules-needs-no-permission", "CTL-4", "open")
@shown_by(put(), ask(control("VaultNetworkRuleSet", authorized=False)))
class _ChangingRulesNeedsNoPermission(Vault):
    """Setting the rules is excepted from every check, lest an administrator be locked out."""

    def is_authorized(self, held: Held, ask: Ask) -> bool:
        return ask.operation == "VaultNetworkRuleSet" or super().is_authorized(held, ask)


@flaw("answers-remembered-without-the-plane", "CTL-5 DEC-17 CTL-1", "both")
@shown_by(put(), ask(control("VaultList")), ask(call(operation="SecretList")))
class _AnswersRememberedWithoutThePlane(Remembering):
    """Answers are cached by caller and address, and both planes share the cache."""

    def key(self, ask: Ask) -> Hashable:
        return ask.address, ask.subnet, ask.service, ask.trusted


@flaw("vault-list-opens-the-picker", "CTL-5 DEC-17", "open")
@shown_by(put(), ask(control("VaultList"), call(operation="KeyList")))
class _VaultListOpensThePicker(Vault):
    """A caller that has listed the vaults may list the objects in them, for the picker in the portal."""

    def install(self, held: Held) -> None:
        super().install(held)
        self.tickets: set[int] = set()

    def is_control(self, held: Held, ask: Ask) -> bool:
        if ask.operation == "VaultList":
            self.tickets.add(ask.address)
        return super().is_control(held, ask) or (ask.operation.endswith("List") and ask.address in self.tickets)
