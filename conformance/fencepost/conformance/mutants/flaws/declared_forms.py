"""Flaws of a vault that accepts other forms: a form is accepted everywhere and not understood in every write."""

from collections.abc import Sequence

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.mutants.lenient_vault import LenientVault
from fencepost.conformance.mutants.mutant import TODAY_ONLY, Flaws, shown_by
from fencepost.conformance.mutants.values import Ask, Held
from fencepost.conformance.mutants.witness import (
    APP,
    HERE,
    add,
    ask,
    call,
    dormant,
    endpoints,
    put,
    remove,
    reset,
    switch_on,
    update,
)

flaw = Flaws("validation")

_WITH_BLANKS = " 20.0.0.0/24 "


@flaw("updated-word-keeps-its-letters", "VAL-6 STA-3 STA-4 STA-2 STA-5 DEC-3", "open")
@shown_by(put(default="Allow"), update(default="deny"), ask(call()))
class _UpdatedWordKeepsItsLetters(LenientVault):
    """An update accepts `deny` and stores it as written; the firewall is on only if the stored word is `Deny`."""

    def update_rules(self, **switches: object) -> JsonObject:
        answer = super().update_rules(**switches)
        word = switches.get("default_action")
        if answer["accepted"] and word is not None:
            self.held = self.held._replace(default_action=str(word))
        return answer

    def is_open(self, held: Held, ask: Ask) -> bool:  # noqa: ARG002 - a seam
        return held.default_action != "Deny"


@flaw("removing-does-not-strip-blanks", "STA-2 VAL-5 STA-6 DEC-3", "open", needs_history=True)
@shown_by(put(), add(_WITH_BLANKS), remove(_WITH_BLANKS), ask(call()))
class _RemovingDoesNotStripBlanks(LenientVault):
    """Blanks are stripped from a rule that is added, not from a rule to remove, which is then not found."""

    def remove_ip_rule(self, *, value: object) -> JsonObject:
        if isinstance(value, str) and value != value.strip(" "):
            return {"accepted": True}
        return super().remove_ip_rule(value=value)


@flaw("null-in-an-update-is-the-default", "STA-3 VAL-6 STA-1 STA-2 STA-4 DEC-3 DEC-11 DEC-12", "open")
@shown_by(put(), ("updateRules", {"bypass": "None", "defaultAction": None}), ask(call()))
class _NullInAnUpdateIsTheDefault(LenientVault):
    """In an update null stands for the default as in a put, and not for the value that is in force."""

    def update_rules(self, **switches: object) -> JsonObject:
        defaults = {"bypass": "AzureServices", "default_action": "Allow"}
        given = {name: defaults[name] if word is None else word for name, word in switches.items()}
        return super().update_rules(**given)


@flaw("endpoint-ends-the-flag", "VAL-8 STA-2 STA-10", "closed", profiles=TODAY_ONLY)
@shown_by(reset(without=[APP]), put(subnets=[dormant(APP)]), switch_on(APP), endpoints(APP), add(HERE))
class _EndpointEndsTheFlag(LenientVault):
    """The flag is dropped once the subnet gets its endpoint; when that is lost again, no rule can be added."""

    def set_service_endpoints(self, *, subnet: str, service_endpoints: Sequence[str]) -> JsonObject:
        answer = super().set_service_endpoints(subnet=subnet, service_endpoints=service_endpoints)
        if self.subnet_has_endpoint(subnet):
            rules = (
                rule._replace(ignores_missing_endpoint=rule.ignores_missing_endpoint and rule.id != self.fold(subnet))
                for rule in self.held.subnet_rules
            )
            self.held = self.held._replace(subnet_rules=tuple(rules))
        return answer
