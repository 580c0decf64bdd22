"""Flaws in the decision where no rule matches, and in what rules do while the default action is Allow."""

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.mutants.mutant import Flaws
from fencepost.conformance.mutants.values import Ask, Held
from fencepost.conformance.mutants.vault import Vault
from fencepost.conformance.mutants.witness import APP, INSIDE, ask, call, put, trusted, untrusted

flaw = Flaws("default-action")


@flaw(
    "deny-without-rules-is-open",
    clause="DEC-15",
    also=("DEC-3", "STA-6"),
    direction="open",
    story="A rule list without entries is taken to mean that the firewall was never set up.",
    origin="MicrosoftDocs/azure-docs, articles/event-hubs/event-hubs-ip-filtering.md: Deny without rules lets all in",
    witness=lambda _: (put(), ask(call())),
)
class _DenyWithoutRulesIsOpen(Vault):
    def is_open(self, held: Held, ask: Ask) -> bool:
        return not (held.ip_rules or held.subnet_rules) or super().is_open(held, ask)


@flaw(
    "deny-without-ip-rules-is-open",
    clause="DEC-3",
    also=("DEC-7", "DEC-15"),
    direction="open",
    story="`if not ip_rules: return True` was written before virtual network rules existed.",
    witness=lambda _: (put(subnets=[APP]), ask(call())),
)
class _DenyWithoutIpRulesIsOpen(Vault):
    def is_open(self, held: Held, ask: Ask) -> bool:
        return not held.ip_rules or super().is_open(held, ask)


@flaw(
    "subnet-callers-free-without-network-rules",
    clause="DEC-3",
    also=("DEC-7", "DEC-15"),
    direction="open",
    story=(
        "Each kind of rule restricts its own kind of caller, so without a virtual network rule every subnet is let in."
    ),
    witness=lambda _: (put("52.0.0.0/24"), ask(call(INSIDE, subnet=APP))),
)
class _SubnetCallersFreeWithoutNetworkRules(Vault):
    def is_open(self, held: Held, ask: Ask) -> bool:
        return (ask.subnet is not None and not held.subnet_rules) or super().is_open(held, ask)


@flaw(
    "rules-restrict-under-allow",
    clause="DEC-1",
    also=("STA-4",),
    direction="closed",
    story="Writing the first rule turns the firewall on, whatever the default action is.",
    origin="Azure Cosmos DB has no default action: any rule denies the others",
    witness=lambda _: (put("52.0.0.0/24", default="Allow"), ask(call())),
)
class _RulesRestrictUnderAllow(Vault):
    def is_open(self, held: Held, ask: Ask) -> bool:
        return super().is_open(held, ask) and not (held.ip_rules or held.subnet_rules)


@flaw(
    "network-rules-restrict-under-allow",
    clause="DEC-1",
    also=("STA-4",),
    direction="closed",
    story="Virtual network rules apply whatever the default action is; only the IP rules look at it.",
    witness=lambda _: (put(subnets=[APP], default="Allow"), ask(call())),
)
class _NetworkRulesRestrictUnderAllow(Vault):
    def is_open(self, held: Held, ask: Ask) -> bool:
        return super().is_open(held, ask) and not held.subnet_rules


@flaw(
    "rules-are-refusals-under-allow",
    clause="DEC-1",
    also=("STA-4",),
    direction="closed",
    story="Rules are read as exceptions from the default action: under Allow the listed callers are refused.",
    witness=lambda _: (put("20.0.0.0/24", default="Allow"), ask(call())),
)
class _RulesAreRefusalsUnderAllow(Vault):
    def is_open(self, held: Held, ask: Ask) -> bool:
        return super().is_open(held, ask) and not self.address_admits(held, ask)

    def is_listed(self, held: Held, ask: Ask) -> bool:
        return held.default_action == "Deny" and super().is_listed(held, ask)


@flaw(
    "default-inverted",
    clause="DEC-3",
    also=("DEC-1", "DEC-15"),
    direction="both",
    story="The flag is `firewall_enabled` in one module and `allow_by_default` in another, with opposite senses.",
    witness=lambda _: (put("52.0.0.0/24"), ask(call())),
)
class _DefaultInverted(Vault):
    def is_open(self, held: Held, ask: Ask) -> bool:  # noqa: ARG002 - the flaw is in the word
        return held.default_action == "Deny"


@flaw(
    "allow-for-public-addresses-only",
    clause="DEC-1",
    direction="closed",
    story="'Allow from all networks' was implemented as a range of all public addresses, without the private ones.",
    witness=lambda _: (put(default="Allow"), ask(call(INSIDE, subnet=APP))),
)
class _AllowForPublicAddressesOnly(Vault):
    def is_open(self, held: Held, ask: Ask) -> bool:
        private = any(first <= ask.address <= last for first, last in self.private_blocks())
        return not private and super().is_open(held, ask)


@flaw(
    "bypass-none-refuses-services-under-allow",
    clause="DEC-1",
    also=("STA-3",),
    direction="closed",
    story="The bypass is evaluated before the default action, and None refuses every service.",
    witness=lambda profile: (put(default="Allow"), ask(trusted(profile))),
)
class _BypassNoneRefusesServicesUnderAllow(Vault):
    def is_open(self, held: Held, ask: Ask) -> bool:
        return not (held.bypass == "None" and self.is_trusted(ask)) and super().is_open(held, ask)


@flaw(
    "untrusted-services-refused-under-allow",
    clause="DEC-1",
    direction="closed",
    story="A service outside the list of trusted services is refused before the default action is looked at.",
    witness=lambda profile: (put(default="Allow", bypass="AzureServices"), ask(untrusted(profile))),
)
class _UntrustedServicesRefusedUnderAllow(Vault):
    def is_open(self, held: Held, ask: Ask) -> bool:
        return (ask.service is None or self.is_trusted(ask)) and super().is_open(held, ask)


@flaw(
    "bypass-opens-for-all",
    clause="DEC-3",
    also=("DEC-7", "DEC-13"),
    direction="open",
    story="`if bypass == 'AzureServices': return True` lacks the check that the caller is a trusted service.",
    witness=lambda _: (put("52.0.0.0/24", bypass="AzureServices"), ask(call())),
)
class _BypassOpensForAll(Vault):
    def is_bypassed(self, held: Held, ask: Ask) -> bool:  # noqa: ARG002 - not asking is the flaw
        return held.bypass == "AzureServices"


@flaw(
    "lone-bypass-opens-for-all",
    clause="DEC-3",
    also=("DEC-13",),
    direction="open",
    story="Deny with AzureServices and no rules is the initial state of the form, and is read as 'never set up'.",
    witness=lambda _: (put(bypass="AzureServices"), ask(call())),
)
class _LoneBypassOpensForAll(Vault):
    def is_open(self, held: Held, ask: Ask) -> bool:
        untouched = held.bypass == "AzureServices" and not (held.ip_rules or held.subnet_rules)
        return untouched or super().is_open(held, ask)


@flaw(
    "reading-passes-the-firewall",
    clause="DEC-16",
    also=("DEC-3", "DEC-15"),
    direction="open",
    story="The filter is registered for requests with a body, and read operations have none.",
    witness=lambda _: (put(), ask(call(operation="KeyGet"))),
)
class _ReadingPassesTheFirewall(Vault):
    def is_open(self, held: Held, ask: Ask) -> bool:
        return ask.operation.endswith("Get") or super().is_open(held, ask)


@flaw(
    "certificates-pass-the-firewall",
    clause="DEC-16",
    also=("DEC-3", "DEC-15"),
    direction="open",
    story="Certificates came a year later, and their routes are not behind the filter.",
    witness=lambda _: (put(), ask(call(operation="CertificateList"))),
)
class _CertificatesPassTheFirewall(Vault):
    def is_open(self, held: Held, ask: Ask) -> bool:
        return ask.operation.startswith("Certificate") or super().is_open(held, ask)


@flaw(
    "unlisted-operation-passes",
    clause="DEC-16",
    also=("DEC-3",),
    direction="open",
    story="Operations are looked up in a table that lacks one operation, and an unknown operation is not filtered.",
    witness=lambda _: (put(), ask(call(operation="KeyVerify"))),
)
class _UnlistedOperationPasses(Vault):
    def is_open(self, held: Held, ask: Ask) -> bool:
        return ask.operation == "KeyVerify" or super().is_open(held, ask)


@flaw(
    "restoring-only-for-services",
    clause="DEC-16",
    also=("DEC-2",),
    direction="closed",
    story="Restore is an operation of Azure Backup, so the IP rules are not applied to it.",
    witness=lambda _: (put("20.0.0.0/24"), ask(call(operation="SecretRestore"))),
)
class _RestoringOnlyForServices(Vault):
    def address_admits(self, held: Held, ask: Ask) -> bool:
        return not ask.operation.endswith("Restore") and super().address_admits(held, ask)


@flaw(
    "absent-default-means-deny",
    clause="DEC-1",
    direction="closed",
    story="An absent default action becomes Deny, as is usual for firewalls.",
    choice="default-of-default-action",
    witness=lambda _: (("putRules", {"networkAcls": {}}), ask(call())),
)
class _AbsentDefaultMeansDeny(Vault):
    def read_acls(self, acls: JsonObject) -> Held:
        return super().read_acls({"defaultAction": "Deny", **acls})


@flaw(
    "absent-bypass-means-none",
    clause="DEC-11",
    direction="closed",
    story="An absent default action becomes Allow, after the announcement's 'if customer has opted in'.",
    choice="default-of-bypass",
    witness=lambda profile: (("putRules", {"networkAcls": {"defaultAction": "Deny"}}), ask(trusted(profile))),
)
class _AbsentBypassMeansNone(Vault):
    def read_acls(self, acls: JsonObject) -> Held:
        return super().read_acls({"bypass": "None", **acls})
