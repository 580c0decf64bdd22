"""Flaws in telling the control plane from the data plane, and in what the exemption covers."""

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
    story="The filter stands before the router, and what it filters has no plane yet.",
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
    story="Reading the vault's properties was let through; changing them 'needs a safe place'.",
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
    story="Setting the rules is guarded by the rules.",
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
    story="The exempt operations were taken from the log's names, and access policies and rules are not among them.",
    witness=lambda _: (put(), ask(control("VaultAccessPolicySet"))),
)
class _OperationsOfTheAnnouncementForgotten(Vault):
    def is_control(self, held: Held, ask: Ask) -> bool:
        return super().is_control(held, ask) and not ask.operation.endswith("Set")


@flaw(
    "deleted-vaults-forgotten",
    clause="CTL-1",
    direction="closed",
    story="Purging and recovering came with soft delete, after the list of exempt operations.",
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
    story="Listing goes over the subscription and not over the vault, and its route was not thought of.",
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
    story="Resource Manager is a trusted service, so with bypass None the control plane is shut.",
    witness=lambda _: (put(bypass="None"), ask(control())),
)
class _ExemptionIsPartOfTheBypass(Vault):
    def is_control(self, held: Held, ask: Ask) -> bool:
        return super().is_control(held, ask) and held.bypass == "AzureServices"


@flaw(
    "exempt-from-public-addresses-only",
    clause="CTL-1",
    direction="closed",
    story="Management comes from the internet; a call through a subnet is taken for data.",
    witness=lambda _: (put(), ask(control(address=INSIDE, subnet=APP))),
)
class _ExemptFromPublicAddressesOnly(Vault):
    def is_control(self, held: Held, ask: Ask) -> bool:
        return super().is_control(held, ask) and ask.subnet is None


@flaw(
    "exempt-for-people-only",
    clause="CTL-1",
    direction="closed",
    story="A caller that is a service is sent to the bypass before its plane is looked at.",
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
    story="The plane is told by the operation's name, and what lists is management.",
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
    story="Purge and recover are the vault's life cycle, and keys and secrets have operations of the same names.",
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
    story="The route for DELETE is shared by vaults and what is in them.",
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
    story="Deleted things are in the care of the recovery service, which the filter does not reach.",
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
    story="Templates set secrets through Resource Manager, so setting one was taken for management.",
    witness=lambda _: (put(), ask(call(operation="SecretSet"))),
)
class _SecretsSetAreControl(Vault):
    def is_control(self, held: Held, ask: Ask) -> bool:
        return super().is_control(held, ask) or ask.operation.endswith("Set")


@flaw(
    "exemption-includes-the-token",
    clause="CTL-4",
    direction="open",
    story="The exempt routes are registered before all filters, that for tokens too.",
    witness=lambda _: (put(), ask(control(authenticated=False))),
)
class _ExemptionIncludesTheToken(Vault):
    def is_authenticated(self, held: Held, ask: Ask) -> bool:
        return self.is_control(held, ask) or super().is_authenticated(held, ask)


@flaw(
    "exemption-includes-the-permission",
    clause="CTL-4",
    direction="open",
    story="The permission is looked up in the vault's access policies, which do not speak of the vault itself.",
    witness=lambda _: (put(), ask(control("VaultDelete", authorized=False))),
)
class _ExemptionIncludesThePermission(Vault):
    def is_authorized(self, held: Held, ask: Ask) -> bool:
        return self.is_control(held, ask) or super().is_authorized(held, ask)


@flaw(
    "changing-rules-needs-no-permission",
    clause="CTL-4",
    direction="open",
    story="To prevent a lock-out, setting the rules was excepted from everything.",
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
    story="Answers are remembered by who asks and from where, and both planes share the memory.",
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
    story="Who has listed the vaults is given a ticket for listing what is in them, as the picker in the portal would like.",
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
