"""Flaws of a vault that accepts other forms: a form is accepted everywhere and not understood in every write."""

from collections.abc import Sequence

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.mutants.lenient_vault import LenientVault
from fencepost.conformance.mutants.mutant import TODAY_ONLY, Flaws
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


@flaw(
    "updated-word-keeps-its-letters",
    clause="VAL-6",
    also=("STA-3", "STA-4", "STA-2", "STA-5", "DEC-3"),
    direction="open",
    story="An update accepts `deny` and stores it as written; the firewall is on only if the stored word is `Deny`.",
    witness=lambda _: (put(default="Allow"), update(default="deny"), ask(call())),
)
class _UpdatedWordKeepsItsLetters(LenientVault):
    def update_rules(self, **switches: object) -> JsonObject:
        answer = super().update_rules(**switches)
        word = switches.get("default_action")
        if answer["accepted"] and word is not None:
            self.held = self.held._replace(default_action=str(word))
        return answer

    def is_open(self, held: Held, ask: Ask) -> bool:  # noqa: ARG002 - a seam
        return held.default_action != "Deny"


@flaw(
    "removing-does-not-strip-blanks",
    clause="STA-2",
    also=("VAL-5", "STA-6", "DEC-3"),
    direction="open",
    story="Blanks are stripped from a rule that is added, not from a rule to remove, which is then not found.",
    needs_history=True,
    witness=lambda _: (put(), add(_WITH_BLANKS), remove(_WITH_BLANKS), ask(call())),
)
class _RemovingDoesNotStripBlanks(LenientVault):
    def remove_ip_rule(self, *, value: object) -> JsonObject:
        if isinstance(value, str) and value != value.strip(" "):
            return {"accepted": True}
        return super().remove_ip_rule(value=value)


@flaw(
    "null-in-an-update-is-the-default",
    clause="STA-3",
    also=("VAL-6", "STA-1", "STA-2", "STA-4", "DEC-3", "DEC-11", "DEC-12"),
    direction="open",
    story="In an update null stands for the default as in a put, and not for the value that is in force.",
    witness=lambda _: (put(), ("updateRules", {"bypass": "None", "defaultAction": None}), ask(call())),
)
class _NullInAnUpdateIsTheDefault(LenientVault):
    def update_rules(self, **switches: object) -> JsonObject:
        defaults = {"bypass": "AzureServices", "default_action": "Allow"}
        given = {name: defaults[name] if word is None else word for name, word in switches.items()}
        return super().update_rules(**given)


@flaw(
    "endpoint-ends-the-flag",
    clause="VAL-8",
    also=("STA-2", "STA-10"),
    direction="closed",
    story="The flag is dropped once the subnet gets its endpoint; when that is lost again, no rule can be added.",
    profiles=TODAY_ONLY,
    witness=lambda _: (
        reset(without=[APP]),
        put(subnets=[dormant(APP)]),
        switch_on(APP),
        endpoints(APP),
        add(HERE),
    ),
)
class _EndpointEndsTheFlag(LenientVault):
    def set_service_endpoints(self, *, subnet: str, service_endpoints: Sequence[str]) -> JsonObject:
        answer = super().set_service_endpoints(subnet=subnet, service_endpoints=service_endpoints)
        if self.subnet_has_endpoint(subnet):
            rules = (
                rule._replace(ignores_missing_endpoint=rule.ignores_missing_endpoint and rule.id != self.fold(subnet))
                for rule in self.held.subnet_rules
            )
            self.held = self.held._replace(subnet_rules=tuple(rules))
        return answer
