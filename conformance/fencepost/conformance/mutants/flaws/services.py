"""Flaws in the bypass and in telling trusted services from other callers."""

from collections.abc import Hashable, Mapping

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.mutants.mutant import PREVIEW_ONLY, TODAY_ONLY, Flaws, seen_in, shown_by
from fencepost.conformance.mutants.remembering import Remembering
from fencepost.conformance.mutants.values import Ask, Held
from fencepost.conformance.mutants.vault import Vault
from fencepost.conformance.mutants.witness import APP, HERE, INSIDE, ask, call, put, trusted, untrusted

flaw = Flaws("services")

_ON = "AzureServices"


@flaw("trusted-services-always-admitted", "DEC-12", "open")
@shown_by(lambda profile: (put(bypass="None"), ask(trusted(profile))))
class _TrustedServicesAlwaysAdmitted(Vault):
    """The bypass is stored and shown, but the check for trusted services ignores it."""

    def is_bypassed(self, held: Held, ask: Ask) -> bool:  # noqa: ARG002 - ignoring it is the flaw
        return self.is_trusted(ask)


@flaw("bypass-without-effect", "DEC-11", "closed")
@seen_in("e6qu/sockerless-cloud: the bypass is not looked at")
@shown_by(lambda profile: (put(bypass=_ON), ask(trusted(profile))))
class _BypassWithoutEffect(Vault):
    """The bypass is stored and shown, but never used."""

    def is_bypassed(self, held: Held, ask: Ask) -> bool:  # noqa: ARG002 - ignoring both is the flaw
        return False


@flaw("bypass-inverted", "DEC-11 DEC-12", "both")
@shown_by(lambda profile: (put(bypass="None"), ask(trusted(profile))))
class _BypassInverted(Vault):
    """'Bypass None' is read as if nothing were subject to the firewall."""

    def is_bypassed(self, held: Held, ask: Ask) -> bool:
        return held.bypass == "None" and self.is_trusted(ask)


@flaw("any-service-is-trusted", "DEC-13", "open")
@shown_by(lambda profile: (put(bypass=_ON), ask(untrusted(profile))))
class _AnyServiceIsTrusted(Vault):
    """Every caller that names a Microsoft service is taken for a trusted service."""

    def is_trusted(self, ask: Ask) -> bool:
        return ask.service is not None or super().is_trusted(ask)


@flaw("azure-in-the-name-is-trusted", "DEC-13", "open", profiles=PREVIEW_ONLY)
@shown_by(lambda profile: (put(bypass=_ON), ask(untrusted(profile, "Azure DevOps"))))
class _AzureInTheNameIsTrusted(Vault):
    """Every service whose name begins with 'Azure' is trusted."""

    def is_trusted(self, ask: Ask) -> bool:
        return (ask.service or "").startswith("Azure ") or super().is_trusted(ask)


@flaw("part-of-a-trusted-name-is-trusted", "DEC-13", "open", profiles=PREVIEW_ONLY)
@shown_by(lambda profile: (put(bypass=_ON), ask(untrusted(profile, "Azure Backup (trial)"))))
class _PartOfATrustedNameIsTrusted(Vault):
    """The list of names is searched as text: 'Azure Backup (trial)' contains a trusted name."""

    def is_trusted(self, ask: Ask) -> bool:
        listed = self.profile.trusted_services or frozenset()
        return any(name in (ask.service or "") for name in listed)


@flaw("service-names-without-case", "DEC-13", "open", profiles=PREVIEW_ONLY)
@shown_by(lambda profile: (put(bypass=_ON), ask(untrusted(profile, "azure backup"))))
class _ServiceNamesWithoutCase(Vault):
    """Names are compared in lower case, as host names are."""

    def is_trusted(self, ask: Ask) -> bool:
        listed = self.profile.trusted_services or frozenset()
        return (ask.service or "").lower() in {name.lower() for name in listed}


@flaw("coming-soon-is-trusted", "DEC-13", "open", profiles=PREVIEW_ONLY)
@seen_in("MicrosoftDocs/azure-docs, articles/key-vault/key-vault-overview-vnet-service-endpoints.md: listed as live")
@shown_by(lambda profile: (put(bypass=_ON), ask(untrusted(profile, "App Services"))))
class _ComingSoonIsTrusted(Vault):
    """App Services have a footnote in the table of trusted services, which was copied without its footnotes."""

    def is_trusted(self, ask: Ask) -> bool:
        return ask.service == "App Services" or super().is_trusted(ask)


@flaw("list-one-name-short", "DEC-11", "closed", profiles=PREVIEW_ONLY)
@seen_in("MicrosoftDocs/azure-docs #114954: a service refused long before the list had it")
@shown_by(lambda profile: (put(bypass=_ON), ask(trusted(profile, service="Azure Information Protection"))))
class _ListOneNameShort(Vault):
    """The list was copied from the first screen of the announcement, which lacks the last service."""

    def is_trusted(self, ask: Ask) -> bool:
        return ask.service != "Azure Information Protection" and super().is_trusted(ask)


@flaw("ampersand-escaped-in-the-list", "DEC-11", "closed", profiles=PREVIEW_ONLY)
@shown_by(lambda profile: (put(bypass=_ON), ask(trusted(profile, service="Exchange Online & SharePoint Online"))))
class _AmpersandEscapedInTheList(Vault):
    """The list was copied from the page's source, with 'Exchange Online &amp; SharePoint Online'."""

    def is_trusted(self, ask: Ask) -> bool:
        return "&" not in (ask.service or "") and super().is_trusted(ask)


@flaw("brackets-cut-from-names", "DEC-11", "closed", profiles=PREVIEW_ONLY)
@shown_by(
    lambda profile: (
        put(bypass=_ON),
        ask(trusted(profile, service="Azure Resource Manager (ARM) template deployment service")),
    )
)
class _BracketsCutFromNames(Vault):
    """Text in brackets is cut from the caller's name before the look-up, but not from the list."""

    def is_trusted(self, ask: Ask) -> bool:
        return "(" not in (ask.service or "") and super().is_trusted(ask)


@flaw("trust-is-there-so-it-is-true", "DEC-13", "open", profiles=TODAY_ONLY)
@shown_by(lambda profile: (put(bypass=_ON), ask(untrusted(profile))))
class _TrustIsThereSoItIsTrue(Vault):
    """`if 'trusted' in caller` looks for the member and ignores its value false."""

    def read_request(self, request: JsonObject) -> Ask:
        caller = request.get("caller", {})
        return super().read_request(request)._replace(trusted=isinstance(caller, Mapping) and "trusted" in caller)


@flaw("names-of-2018-outrank-the-attribute", "DEC-13", "open", profiles=TODAY_ONLY)
@shown_by(lambda profile: (put(bypass=_ON), ask(untrusted(profile, "Azure Backup"))))
class _NamesOf2018OutrankTheAttribute(Vault):
    """The list of 2018 is still in the code and is checked first."""

    def is_trusted(self, ask: Ask) -> bool:
        return ask.service == "Azure Backup" or super().is_trusted(ask)


@flaw("only-names-of-2018-are-trusted", "DEC-11", "closed", profiles=TODAY_ONLY)
@seen_in("MicrosoftDocs/azure-docs #114954: a service refused long before the list had it")
@shown_by(lambda profile: (put(bypass=_ON), ask(trusted(profile, service="Azure ExpressRoute"))))
class _OnlyNamesOf2018AreTrusted(Vault):
    """The attribute counts only for services on the list of 2018; later services are refused."""

    def is_trusted(self, ask: Ask) -> bool:
        return ask.service in (None, "Azure Backup", "Azure Information Protection") and super().is_trusted(ask)


@flaw("trusted-for-reading-only", "DEC-11 DEC-16", "closed")
@shown_by(lambda profile: (put(bypass=_ON), ask(trusted(profile, operation="KeyUnwrap"))))
class _TrustedForReadingOnly(Vault):
    """Trusted services may only get and list keys and secrets."""

    def is_bypassed(self, held: Held, ask: Ask) -> bool:
        return ("Get" in ask.operation or "List" in ask.operation) and super().is_bypassed(held, ask)


@flaw("trusted-in-its-own-scenario", "DEC-11 DEC-16", "closed", profiles=PREVIEW_ONLY)
@shown_by(lambda profile: (put(bypass=_ON), ask(trusted(profile, operation="SecretGet"))))
class _TrustedInItsOwnScenario(Vault):
    """The table's column 'scenario' is read as a condition: Azure Backup may back up and restore, and nothing else."""

    def is_bypassed(self, held: Held, ask: Ask) -> bool:
        own = ask.service != "Azure Backup" or ask.operation.endswith(("Backup", "Restore"))
        return own and super().is_bypassed(held, ask)


@flaw("certificates-not-for-services", "DEC-11 DEC-16", "closed")
@shown_by(lambda profile: (put(bypass=_ON), ask(trusted(profile, operation="CertificateGet"))))
class _CertificatesNotForServices(Vault):
    """The table mentions keys and secrets only, so the bypass does not cover certificates."""

    def is_bypassed(self, held: Held, ask: Ask) -> bool:
        return not ask.operation.startswith("Certificate") and super().is_bypassed(held, ask)


@flaw("bypass-only-without-rules", "DEC-14 DEC-11 STA-6", "closed")
@shown_by(lambda profile: (put("52.0.0.0/24", bypass=_ON), ask(trusted(profile))))
class _BypassOnlyWithoutRules(Vault):
    """The bypass is checked only while there are no rules."""

    def is_bypassed(self, held: Held, ask: Ask) -> bool:
        return not (held.ip_rules or held.subnet_rules) and super().is_bypassed(held, ask)


@flaw("bypass-switches-the-rules-off", "DEC-14 DEC-2 DEC-6 STA-3", "closed")
@shown_by(put("20.0.0.0/24", bypass=_ON), ask(call()))
class _BypassSwitchesTheRulesOff(Vault):
    """With bypass AzureServices only services are let in, as if bypass and rules were alternatives."""

    def is_listed(self, held: Held, ask: Ask) -> bool:
        return self.is_bypassed(held, ask) if held.bypass == _ON else super().is_listed(held, ask)


@flaw("ip-rules-are-part-of-the-bypass", "DEC-2 DEC-4 DEC-5 DEC-12 STA-3", "closed")
@shown_by(put("20.0.0.0/24"), ask(call()))
class _IpRulesArePartOfTheBypass(Vault):
    """`if bypass == 'None': return False` was meant for services, but stands before the address check."""

    def address_admits(self, held: Held, ask: Ask) -> bool:
        return held.bypass == _ON and super().address_admits(held, ask)


@flaw("service-without-bypass-is-shut-out", "DEC-14 DEC-12", "closed")
@shown_by(lambda profile: (put("20.0.0.0/24"), ask(trusted(profile))))
class _ServiceWithoutBypassIsShutOut(Vault):
    """With bypass None a trusted service is refused at once, even if an IP rule holds its address."""

    def is_listed(self, held: Held, ask: Ask) -> bool:
        return not (held.bypass == "None" and self.is_trusted(ask)) and super().is_listed(held, ask)


@flaw("untrusted-service-is-shut-out", "DEC-14 DEC-13", "closed")
@shown_by(lambda profile: (put(f"{HERE}", bypass=_ON), ask(untrusted(profile))))
class _UntrustedServiceIsShutOut(Vault):
    """A service that is not trusted is refused before its address is checked."""

    def is_listed(self, held: Held, ask: Ask) -> bool:
        known = ask.service is None or self.is_trusted(ask)
        return known and super().is_listed(held, ask)


@flaw("trusted-not-through-a-subnet", "DEC-11", "closed")
@shown_by(lambda profile: (put(bypass=_ON), ask(trusted(profile, INSIDE, subnet=APP))))
class _TrustedNotThroughASubnet(Vault):
    """A caller with a subnet goes to the virtual network rules; the bypass is checked on the other branch."""

    def is_bypassed(self, held: Held, ask: Ask) -> bool:
        return ask.subnet is None and super().is_bypassed(held, ask)


@flaw("answers-remembered-without-the-service", "DEC-17 DEC-3 DEC-11", "both")
@shown_by(lambda profile: (put(bypass=_ON), ask(trusted(profile)), ask(call())))
class _AnswersRememberedWithoutTheService(Remembering):
    """Answers are cached by address and subnet; the calling service is not part of the key."""

    def key(self, ask: Ask) -> Hashable:
        return ask.plane, ask.address, ask.subnet


@flaw("trust-sticks-to-the-address", "DEC-13 DEC-17 DEC-3", "open")
@shown_by(lambda profile: (put(bypass=_ON), ask(trusted(profile), call())))
class _TrustSticksToTheAddress(Vault):
    """The addresses of trusted services are remembered, to save a look-up, and later callers at them are trusted."""

    def install(self, held: Held) -> None:
        super().install(held)
        self.learned: set[int] = set()

    def is_bypassed(self, held: Held, ask: Ask) -> bool:
        if super().is_bypassed(held, ask):
            self.learned.add(ask.address)
        return held.bypass == _ON and ask.address in self.learned


@flaw("two-criteria-cancel", "DEC-14 DEC-2 DEC-11", "closed")
@shown_by(lambda profile: (put("20.0.0.0/24", bypass=_ON), ask(trusted(profile))))
class _TwoCriteriaCancel(Vault):
    """The matching criteria are counted and exactly one is required, so a trusted service at a listed address is
    refused."""

    def is_listed(self, held: Held, ask: Ask) -> bool:
        return [self.is_bypassed(held, ask), self.address_admits(held, ask), self.subnet_admits(held, ask)].count(
            True
        ) == 1
