"""Flaws in telling the control plane from the data plane, and in the extent of the exemption."""

from collections.abc import Hashable

from fencepost.conformance.mutants.mutant import Flaws
from fencepost.conformance.mutants.remembering import Remembering
from fencepost.conformance.mutants.values import Ask, Held
from fencepost.conformance.mutants.vault import Vault
from fencepost.conformance.mutants.witness import APP, INSIDE, ask, call, control, put

flaw = Flaws("control-plane")


@flaw(
    "control-plane-behind-the-firewall",
    clause="CTL-1",
    also=("CTL-2", "CTL-5"),
    direction="closed",
    story="The firewall filter runs before the router, where control plane and data plane cannot be told apart.",
    witness=lambda _: (put(), ask(control())),
)
class _ControlPlaneBehindTheFirewall(Vault):
    def is_control(self, held: Held, ask: Ask) -> bool:  # noqa: ARG002 - not asking is the flaw
        return False


@flaw(
    "control-writes-behind-the-firewall",
    clause="CTL-1",
    also=("CTL-2",),
    direction="closed",
    story="Only reading the vault's properties is exempt; the operations that change them are filtered.",
    witness=lambda _: (put(), ask(control("VaultPatch"))),
)
class _ControlWritesBehindTheFirewall(Vault):
    def is_control(self, held: Held, ask: Ask) -> bool:
        return super().is_control(held, ask) and ("Get" in ask.operation or "List" in ask.operation)


@flaw(
    "locked-out-of-the-rules",
    clause="CTL-2",
    also=("CTL-1",),
    direction="closed",
    story="The operation that sets the firewall rules is itself behind the firewall.",
    witness=lambda _: (put(), ask(control("VaultNetworkRuleSet"))),
)
class _LockedOutOfTheRules(Vault):
    def is_control(self, held: Held, ask: Ask) -> bool:
        return super().is_control(held, ask) and ask.operation != "VaultNetworkRuleSet"


@flaw(
    "operations-of-the-announcement-forgotten",
    clause="CTL-1",
    also=("CTL-2",),
    direction="closed",
    story="The exempt operations were copied from the names in the log, which lack access policies and rules.",
    witness=lambda _: (put(), ask(control("VaultAccessPolicySet"))),
)
class _OperationsOfTheAnnouncementForgotten(Vault):
    def is_control(self, held: Held, ask: Ask) -> bool:
        return super().is_control(held, ask) and not ask.operation.endswith("Set")


@flaw(
    "deleted-vaults-forgotten",
    clause="CTL-1",
    direction="closed",
    story="Purge and recover came with soft delete, after the list of exempt operations was written.",
    witness=lambda _: (put(), ask(control("VaultPurge"))),
)
class _DeletedVaultsForgotten(Vault):
    def is_control(self, held: Held, ask: Ask) -> bool:
        later = ("VaultPurge", "VaultRecover", "VaultGetDeleted", "VaultListDeleted")
        return super().is_control(held, ask) and ask.operation not in later


@flaw(
    "listing-vaults-is-not-exempt",
    clause="CTL-5",
    also=("CTL-1",),
    direction="closed",
    story="Listing vaults is a call on the subscription, and its route is missing from the exempt routes.",
    witness=lambda _: (put(), ask(control("VaultList"))),
)
class _ListingVaultsIsNotExempt(Vault):
    def is_control(self, held: Held, ask: Ask) -> bool:
        return super().is_control(held, ask) and ask.operation != "VaultList"


@flaw(
    "exemption-is-part-of-the-bypass",
    clause="CTL-1",
    also=("CTL-2", "DEC-12"),
    direction="closed",
    story="Resource Manager is treated as a trusted service, so bypass None closes the control plane.",
    witness=lambda _: (put(bypass="None"), ask(control())),
)
class _ExemptionIsPartOfTheBypass(Vault):
    def is_control(self, held: Held, ask: Ask) -> bool:
        return super().is_control(held, ask) and held.bypass == "AzureServices"


@flaw(
    "exempt-from-public-addresses-only",
    clause="CTL-1",
    direction="closed",
    story="Management is expected from the internet, so a call through a subnet counts as data plane.",
    witness=lambda _: (put(), ask(control(address=INSIDE, subnet=APP))),
)
class _ExemptFromPublicAddressesOnly(Vault):
    def is_control(self, held: Held, ask: Ask) -> bool:
        return super().is_control(held, ask) and ask.subnet is None


@flaw(
    "exempt-for-people-only",
    clause="CTL-1",
    direction="closed",
    story="A caller that is a service goes to the bypass check before its plane is looked at.",
    witness=lambda _: (put(), ask(control(service="Azure DevOps"))),
)
class _ExemptForPeopleOnly(Vault):
    def is_control(self, held: Held, ask: Ask) -> bool:
        return super().is_control(held, ask) and ask.service is None


@flaw(
    "listing-is-control",
    clause="CTL-3",
    also=("CTL-5", "DEC-16", "DEC-3"),
    direction="open",
    story="The plane is guessed from the operation's name, and every list operation counts as control plane.",
    witness=lambda _: (put(), ask(call(operation="SecretList"))),
)
class _ListingIsControl(Vault):
    def is_control(self, held: Held, ask: Ask) -> bool:
        return super().is_control(held, ask) or "List" in ask.operation


@flaw(
    "purging-is-control",
    clause="CTL-3",
    also=("DEC-16",),
    direction="open",
    story="Purge and recover are exempt by name, and keys and secrets have operations with the same names.",
    witness=lambda _: (put(), ask(call(operation="KeyPurge"))),
)
class _PurgingIsControl(Vault):
    def is_control(self, held: Held, ask: Ask) -> bool:
        return super().is_control(held, ask) or ask.operation.endswith(("Purge", "Recover"))


@flaw(
    "deleting-is-control",
    clause="CTL-3",
    also=("DEC-16",),
    direction="open",
    story="The route for DELETE is shared by vaults and the objects in them, and is exempt as a whole.",
    witness=lambda _: (put(), ask(call(operation="SecretDelete"))),
)
class _DeletingIsControl(Vault):
    def is_control(self, held: Held, ask: Ask) -> bool:
        return super().is_control(held, ask) or ask.operation.endswith("Delete")


@flaw(
    "deleted-objects-are-control",
    clause="CTL-3",
    also=("DEC-16",),
    direction="open",
    story="Operations on deleted objects belong to the recovery service, which the firewall filter does not cover.",
    witness=lambda _: (put(), ask(call(operation="CertificateGetDeleted"))),
)
class _DeletedObjectsAreControl(Vault):
    def is_control(self, held: Held, ask: Ask) -> bool:
        return super().is_control(held, ask) or ask.operation.endswith("Deleted")


@flaw(
    "secrets-set-are-control",
    clause="CTL-3",
    also=("DEC-16",),
    direction="open",
    story="Templates set secrets through Resource Manager, so setting a secret counts as control plane.",
    witness=lambda _: (put(), ask(call(operation="SecretSet"))),
)
class _SecretsSetAreControl(Vault):
    def is_control(self, held: Held, ask: Ask) -> bool:
        return super().is_control(held, ask) or ask.operation.endswith("Set")


@flaw(
    "exemption-includes-the-token",
    clause="CTL-4",
    direction="open",
    story="The exempt routes are registered before all filters, so the token filter is skipped too.",
    witness=lambda _: (put(), ask(control(authenticated=False))),
)
class _ExemptionIncludesTheToken(Vault):
    def is_authenticated(self, held: Held, ask: Ask) -> bool:
        return self.is_control(held, ask) or super().is_authenticated(held, ask)


@flaw(
    "exemption-includes-the-permission",
    clause="CTL-4",
    direction="open",
    story="The permission is looked up in the vault's access policies, which hold none for the vault itself.",
    witness=lambda _: (put(), ask(control("VaultDelete", authorized=False))),
)
class _ExemptionIncludesThePermission(Vault):
    def is_authorized(self, held: Held, ask: Ask) -> bool:
        return self.is_control(held, ask) or super().is_authorized(held, ask)


@flaw(
    "changing-rules-needs-no-permission",
    clause="CTL-4",
    direction="open",
    story="Setting the rules is excepted from every check, lest an administrator be locked out.",
    witness=lambda _: (put(), ask(control("VaultNetworkRuleSet", authorized=False))),
)
class _ChangingRulesNeedsNoPermission(Vault):
    def is_authorized(self, held: Held, ask: Ask) -> bool:
        return ask.operation == "VaultNetworkRuleSet" or super().is_authorized(held, ask)


@flaw(
    "answers-remembered-without-the-plane",
    clause="CTL-5",
    also=("DEC-17", "CTL-1"),
    direction="both",
    story="Answers are cached by caller and address, and both planes share the cache.",
    witness=lambda _: (put(), ask(control("VaultList")), ask(call(operation="SecretList"))),
)
class _AnswersRememberedWithoutThePlane(Remembering):
    def key(self, ask: Ask) -> Hashable:
        return ask.address, ask.subnet, ask.service, ask.trusted


@flaw(
    "vault-list-opens-the-picker",
    clause="CTL-5",
    also=("DEC-17",),
    direction="open",
    story="A caller that has listed the vaults may list the objects in them, for the picker in the portal.",
    witness=lambda _: (put(), ask(control("VaultList"), call(operation="KeyList"))),
)
class _VaultListOpensThePicker(Vault):
    def install(self, held: Held) -> None:
        super().install(held)
        self.tickets: set[int] = set()

    def is_control(self, held: Held, ask: Ask) -> bool:
        if ask.operation == "VaultList":
            self.tickets.add(ask.address)
        return super().is_control(held, ask) or (ask.operation.endswith("List") and ask.address in self.tickets)
