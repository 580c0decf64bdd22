"""Flaws in recognising a service by its name."""

from fencepost.conformance.mutants.mutant import PREVIEW_ONLY, TODAY_ONLY, Flaws, shown_by
from fencepost.conformance.mutants.values import Ask
from fencepost.conformance.mutants.vault import Vault
from fencepost.conformance.mutants.witness import ask, put, trusted, untrusted

flaw = Flaws("services")

_ON = "AzureServices"


@flaw("ampersand-and-and-alike", "DEC-13", "open", profiles=PREVIEW_ONLY)
@shown_by(lambda profile: (put(bypass=_ON), ask(untrusted(profile, "Exchange Online and SharePoint Online"))))
class _AmpersandAndAndAlike(Vault):
    """Names are normalised like headings, with 'and' for every &."""

    def is_trusted(self, ask: Ask) -> bool:
        return super().is_trusted(ask._replace(service=(ask.service or "").replace(" and ", " & ")))


@flaw("names-of-a-later-list-trusted", "DEC-13", "open", profiles=PREVIEW_ONLY)
@shown_by(lambda profile: (put(bypass=_ON), ask(untrusted(profile, "Azure Event Hubs"))))
class _NamesOfALaterListTrusted(Vault):
    """The list was copied from a page of later years, which has names that neither 2018 page had."""

    def is_trusted(self, ask: Ask) -> bool:
        return ask.service in ("Azure App Service", "Azure Event Hubs", "Azure Monitor") or super().is_trusted(ask)


@flaw("names-untrusted-in-2018-stay-so", "DEC-11", "closed", profiles=TODAY_ONLY)
@shown_by(lambda profile: (put(bypass=_ON), ask(trusted(profile, service="Azure DevOps"))))
class _NamesUntrustedIn2018StaySo(Vault):
    """The documentation's examples of untrusted services became a list, which is checked before the attribute."""

    def is_trusted(self, ask: Ask) -> bool:
        return ask.service not in ("Azure DevOps", "App Services") and super().is_trusted(ask)
