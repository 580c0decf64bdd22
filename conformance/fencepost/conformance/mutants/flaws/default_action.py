"""Flaws in the decision where no rule matches, and in what rules do while the default action is Allow."""

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.mutants.mutant import Flaws, seen_in, shown_by
from fencepost.conformance.mutants.values import Ask, Held
from fencepost.conformance.mutants.vault import Vault
from fencepost.conformance.mutants.witness import APP, INSIDE, ask, call, put, trusted, untrusted

flaw = Flaws("default-action")


@flaw("deny-without-rules-is-open", "DEC-15 DEC-3 STA-6", "open")
@seen_in("MicrosoftDocs/azure-docs, articles/event-hubs/event-hubs-ip-filtering.md: Deny without rules lets all in")
@shown_by(put(), ask(call()))
class _DenyWithoutRulesIsOpen(Vault):
    """A rule list without entries is taken to mean that the firewall was never set up."""

    def is_open(self, held: Held, ask: Ask) -> bool:
        return not (held.ip_rules or held.subnet_rules) or super().is_open(held, ask)


@flaw("deny-without-ip-rules-is-open", "DEC-3 DEC-7 DEC-15", "open")
@shown_by(put(subnets=[APP]), ask(call()))
class _DenyWithoutIpRulesIsOpen(Vault):
    """`if not ip_rules: return True` was written before virtual network rules existed."""

    def is_open(self, held: Held, ask: Ask) -> bool:
        return not held.ip_rules or super().is_open(held, ask)


@flaw("subnet-callers-free-without-network-rules", "DEC-3 DEC-7 DEC-15", "open")
@shown_by(put("52.0.0.0/24"), ask(call(INSIDE, subnet=APP)))
class _SubnetCallersFreeWithoutNetworkRules(Vault):
    """Each kind of rule restricts its own kind of caller, so without a virtual network rule every subnet is let in."""

    def is_open(self, held: Held, ask: Ask) -> bool:
        return (ask.subnet is not None and not held.subnet_rules) or super().is_open(held, ask)


@flaw("rules-restrict-under-allow", "DEC-1 STA-4", "closed")
@seen_in("Azure Cosmos DB has no default action: any rule denies the others")
@shown_by(put("52.0.0.0/24", default="Allow"), ask(call()))
class _RulesRestrictUnderAllow(Vault):
    """Writing the first rule turns the firewall on, whatever the default action is."""

    def is_open(self, held: Held, ask: Ask) -> bool:
        return super().is_open(held, ask) and not (held.ip_rules or held.subnet_rules)


@flaw("network-rules-restrict-under-allow", "DEC-1 STA-4", "closed")
@shown_by(put(subnets=[APP], default="Allow"), ask(call()))
class _NetworkRulesRestrictUnderAllow(Vault):
    """Virtual network rules apply whatever the default action is; only the IP rules look at it."""

    def is_open(self, held: Held, ask: Ask) -> bool:
        return super().is_open(held, ask) and not held.subnet_rules


@flaw("rules-are-refusals-under-allow", "DEC-1 STA-4", "closed")
@shown_by(put("20.0.0.0/24", default="Allow"), ask(call()))
class _RulesAreRefusalsUnderAllow(Vault):
    """Rules are read as exceptions from the default action: under Allow the listed callers are refused."""

    def is_open(self, held: Held, ask: Ask) -> bool:
        return super().is_open(held, ask) and not self.address_admits(held, ask)

    def is_listed(self, held: Held, ask: Ask) -> bool:
        return held.default_action == "Deny" and super().is_listed(held, ask)


@flaw("default-inverted", "DEC-3 DEC-1 DEC-15", "both")
@shown_by(put("52.0.0.0/24"), ask(call()))
class _DefaultInverted(Vault):
    """The flag is `firewall_enabled` in one module and `allow_by_default` in another, with opposite senses."""

    def is_open(self, held: Held, ask: Ask) -> bool:  # noqa: ARG002 - the flaw is in the word
        return held.default_action == "Deny"


@flaw("allow-for-public-addresses-only", "DEC-1", "closed")
@shown_by(put(default="Allow"), ask(call(INSIDE, subnet=APP)))
class _AllowForPublicAddressesOnly(Vault):
    """'Allow from all networks' was implemented as a range of all public addresses, without the private ones."""

    def is_open(self, held: Held, ask: Ask) -> bool:
        private = any(first <= ask.address <= last for first, last in self.private_blocks())
        return not private and super().is_open(held, ask)


@flaw("bypass-none-refuses-services-under-allow", "DEC-1 STA-3", "closed")
@shown_by(lambda profile: (put(default="Allow"), ask(trusted(profile))))
class _BypassNoneRefusesServicesUnderAllow(Vault):
    """The bypass is evaluated before the default action, and None refuses every service."""

    def is_open(self, held: Held, ask: Ask) -> bool:
        return not (held.bypass == "None" and self.is_trusted(ask)) and super().is_open(held, ask)


@flaw("untrusted-services-refused-under-allow", "DEC-1", "closed")
@shown_by(lambda profile: (put(default="Allow", bypass="AzureServices"), ask(untrusted(profile))))
class _UntrustedServicesRefusedUnderAllow(Vault):
    """A service outside the list of trusted services is refused before the default action is looked at."""

    def is_open(self, held: Held, ask: Ask) -> bool:
        return (ask.service is None or self.is_trusted(ask)) and super().is_open(held, ask)


@flaw("bypass-opens-for-all", "DEC-3 DEC-7 DEC-13", "open")
@shown_by(put("52.0.0.0/24", bypass="AzureServices"), ask(call()))
class _BypassOpensForAll(Vault):
    """`if bypass == 'AzureServices': return True` lacks the check that the caller is a trusted service."""

    def is_bypassed(self, held: Held, ask: Ask) -> bool:  # noqa: ARG002 - not asking is the flaw
        return held.bypass == "AzureServices"


@flaw("lone-bypass-opens-for-all", "DEC-3 DEC-13", "open")
@shown_by(put(bypass="AzureServices"), ask(call()))
class _LoneBypassOpensForAll(Vault):
    """Deny with AzureServices and no rules is the initial state of the form, and is read as 'never set up'."""

    def is_open(self, held: Held, ask: Ask) -> bool:
        untouched = held.bypass == "AzureServices" and not (held.ip_rules or held.subnet_rules)
        return untouched or super().is_open(held, ask)


@flaw("reading-passes-the-firewall", "DEC-16 DEC-3 DEC-15", "open")
@shown_by(put(), ask(call(operation="KeyGet")))
class _ReadingPassesTheFirewall(Vault):
    """The filter is registered for requests with a body, and read operations have none."""

    def is_open(self, held: Held, ask: Ask) -> bool:
        return ask.operation.endswith("Get") or super().is_open(held, ask)


@flaw("certificates-pass-the-firewall", "DEC-16 DEC-3 DEC-15", "open")
@shown_by(put(), ask(call(operation="CertificateList")))
class _CertificatesPassTheFirewall(Vault):
    """Certificates came a year later, and their routes are not behind the filter."""

    def is_open(self, held: Held, ask: Ask) -> bool:
        return ask.operation.startswith("Certificate") or super().is_open(held, ask)


@flaw("unlisted-operation-passes", "DEC-16 DEC-3", "open")
@shown_by(put(), ask(call(operation="KeyVerify")))
class _UnlistedOperationPasses(Vault):
    """Operations are looked up in a table that lacks one operation, and an unknown operation is not filtered."""

    def is_open(self, held: Held, ask: Ask) -> bool:
        return ask.operation == "KeyVerify" or super().is_open(held, ask)


@flaw("restoring-only-for-services", "DEC-16 DEC-2", "closed")
@shown_by(put("20.0.0.0/24"), ask(call(operation="SecretRestore")))
class _RestoringOnlyForServices(Vault):
    """Restore is an operation of Azure Backup, so the IP rules are not applied to it."""

    def address_admits(self, held: Held, ask: Ask) -> bool:
        return not ask.operation.endswith("Restore") and super().address_admits(held, ask)


@flaw("absent-default-means-deny", "DEC-1", "closed", choice="default-of-default-action")
@shown_by(("putRules", {"networkAcls": {}}), ask(call()))
class _AbsentDefaultMeansDeny(Vault):
    """An absent default action becomes Deny, as is usual for firewalls."""

    def read_acls(self, acls: JsonObject) -> Held:
        return super().read_acls({"defaultAction": "Deny", **acls})


@flaw("absent-bypass-means-none", "DEC-11", "closed", choice="default-of-bypass")
@shown_by(lambda profile: (("putRules", {"networkAcls": {"defaultAction": "Deny"}}), ask(trusted(profile))))
class _AbsentBypassMeansNone(Vault):
    """An absent default action becomes Allow, after the announcement's 'if customer has opted in'."""

    def read_acls(self, acls: JsonObject) -> Held:
        return super().read_acls({"bypass": "None", **acls})
