"""Counterexamples that convince: what the same comes to without the history, or without the other requests."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from ipaddress import IPv4Network

from fencepost.adapters.contract import Decision, JsonObject
from fencepost.conformance.bench.exploration import Exploration
from fencepost.conformance.diagnosis.counterexample import counterexample
from fencepost.conformance.explorations.alternation import TURNS
from fencepost.conformance.explorations.decisions import DECISIONS
from fencepost.conformance.explorations.groves import GROVES
from fencepost.conformance.lockstep.case import case_from_calls
from fencepost.conformance.lockstep.mismatch import compare
from fencepost.conformance.lockstep.wire import request_from_wire
from fencepost.conformance.peers import StdlibVault
from fencepost.reference import Vault, load_profile
from fencepost.reports.model import Call
from runs import explored


class Company(StdlibVault):
    """Denies what follows a denied request in a call."""

    def decide(self, *, requests: Sequence[JsonObject], **_: object) -> JsonObject:
        decisions = super().decide(requests=requests)["decisions"]
        assert isinstance(decisions, list)
        outcomes: list[object] = []
        for one in decisions:
            outcome = one if isinstance(one, str) else one["outcome"]
            before = outcomes[-1] if outcomes else "allow"
            outcomes.append("deny" if outcome == "allow" and before != "allow" else one)
        return {"decisions": outcomes}


class TakenAlong(StdlibVault):
    """A rule that is removed takes the last rule along."""

    def remove_ip_rule(self, *, value: object, **_: object) -> JsonObject:
        answer = super().remove_ip_rule(value=value)
        if answer["accepted"]:
            self._state = replace(self._state, ip_rules=self._state.ip_rules[:-1])
        return answer


def _whys(subject: type[StdlibVault], *explorations: Exploration) -> list[str]:
    failures = explored(subject, *explorations, fail_fast=True).tally.failures
    return [one.why for found in failures.values() for one in found]


def test_a_fault_of_company_says_what_the_request_gets_alone() -> None:
    assert any("Asked alone: allow; in this call: deny." in why for why in _whys(Company, TURNS))


def test_a_fault_of_history_says_what_the_same_rules_come_to_that_are_put_at_once() -> None:
    assert any(
        "The same rules in a single putRules: allow; after these calls: deny." in why
        for why in _whys(TakenAlong, GROVES)
    )


def test_a_whole_set_that_is_refused_for_what_was_put_before_breaks_the_clause_of_replacement() -> None:
    class Once(StdlibVault):
        is_written = False

        def reset(self, *, subnets: Sequence[JsonObject], **_: object) -> JsonObject:
            self.is_written = False
            return super().reset(subnets=subnets)

        def put_rules(self, *, network_acls: JsonObject, **_: object) -> JsonObject:
            if self.is_written:
                return {"accepted": False}
            answer = super().put_rules(network_acls=network_acls)
            self.is_written = bool(answer["accepted"])
            return answer

    failures = explored(Once, TURNS, fail_fast=True).tally.failures
    assert list(failures) == ["STA-1"]
    (one,) = failures["STA-1"]
    assert [call.method for call in one.calls] == ["reset", "putRules", "putRules"]
    assert "The same rules in a single putRules: accepted; after these calls: refused." in one.why


def test_a_fault_of_members_written_out_says_what_the_caller_gets_without_them() -> None:
    class Literal(StdlibVault):
        def decide(self, *, requests: Sequence[JsonObject], **_: object) -> JsonObject:
            decisions = super().decide(requests=requests)["decisions"]
            assert isinstance(decisions, list)
            return {
                "decisions": [
                    "deny" if request.get("caller") == {"authenticated": True} else decision
                    for request, decision in zip(requests, decisions, strict=True)
                ]
            }

    found = "Without the caller's members that have their default values: allow; with them: deny."
    assert any(found in why for why in _whys(Literal, TURNS))


def test_a_fault_that_the_rules_alone_show_says_nothing_of_other_rules_or_requests() -> None:
    class Edgeless(StdlibVault):
        def decide(self, *, requests: Sequence[JsonObject], **_: object) -> JsonObject:
            return {"decisions": ["deny"] * len(requests)}

    whys = _whys(Edgeless, TURNS)
    assert whys
    assert not any("single putRules" in why or "Asked alone" in why for why in whys)


def test_a_fault_of_order_says_in_which_order_of_the_rules_the_answer_is_right() -> None:
    class LastOnly(StdlibVault):
        def _matcher(self, rules: tuple[IPv4Network, ...]) -> Callable[[str], bool]:
            return super()._matcher(rules[-1:])

    found = "With the same rules reversed: allow; in this order: deny."
    assert any(found in why for why in _whys(LastOnly, DECISIONS))


def test_a_fault_of_a_refused_write_names_the_call_and_why_it_is_refused() -> None:
    denying = {"defaultAction": "Deny", "bypass": "None"}
    bad = {"defaultAction": "Allow", "bypass": "None", "ipRules": [{"value": "10.0.0.0/8"}]}
    asked = {"plane": "data", "operation": "SecretGet", "source": {"address": "20.1.2.3"}}
    case = case_from_calls(
        [
            Call(method="reset", params={"subnets": []}),
            *(Call(method="putRules", params={"networkAcls": acls}) for acls in (denying, bad)),
            Call(method="decide", params={"requests": [asked]}),
        ]
    )
    vault = Vault(profile=load_profile("keyvault")).reset(case.network).put_rules(denying).accepted
    assert vault is not None
    _, mismatch = compare(vault, request_from_wire(asked), Decision(outcome="allow"), with_codes=False)
    assert mismatch is not None
    one = counterexample("VAL-9", case, mismatch, replay="", calls_to_shrink=0)
    assert "Call 3 must be refused, and so must change nothing ($.ipRules[0].value: private address space" in one.why


def test_an_answer_that_outlives_a_write_is_shown_by_the_same_request_in_an_earlier_call() -> None:
    class Remembers(StdlibVault):
        def reset(self, *, subnets: Sequence[JsonObject], **_: object) -> JsonObject:
            self.answers = dict[str, object]()
            return super().reset(subnets=subnets)

        def put_rules(self, *, network_acls: JsonObject, **_: object) -> JsonObject:
            self.answers.clear()
            return super().put_rules(network_acls=network_acls)

        def decide(self, *, requests: Sequence[JsonObject], **_: object) -> JsonObject:
            decisions = super().decide(requests=requests)["decisions"]
            assert isinstance(decisions, list)
            pairs = zip(map(str, requests), decisions, strict=True)
            return {"decisions": [self.answers.setdefault(request, decision) for request, decision in pairs]}

    whys = _whys(Remembers, GROVES)
    found = "asks the same request in an earlier call: the answer seems to depend on that. The same rules in a single"
    assert any(found in why for why in whys), whys
    ways = ("asked alone: allow; after these calls: deny.", "asked alone: deny; after these calls: allow.")
    assert any(way in why for why in whys for way in ways), whys
