"""Counterexamples that convince: what the same comes to without the history, or without the other requests."""

from collections.abc import Sequence
from dataclasses import replace

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.bench.exploration import Exploration
from fencepost.conformance.explorations.alternation import TURNS
from fencepost.conformance.explorations.groves import GROVES
from fencepost.conformance.peers import StdlibVault
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
    assert any("Asked alone: allow; in this company: deny." in why for why in _whys(Company, TURNS))


def test_a_fault_of_history_says_what_the_same_rules_come_to_that_are_put_at_once() -> None:
    assert any(
        "The same rules put at once: allow; after these calls: deny." in why for why in _whys(TakenAlong, GROVES)
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
    assert "The same rules put at once: accepted; after these calls: refused." in one.why


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

    told = "Without the caller's members that have their default values: allow; with them: deny."
    assert any(told in why for why in _whys(Literal, TURNS))


def test_a_fault_that_the_rules_alone_show_says_nothing_of_other_rules_or_requests() -> None:
    class Edgeless(StdlibVault):
        def decide(self, *, requests: Sequence[JsonObject], **_: object) -> JsonObject:
            return {"decisions": ["deny"] * len(requests)}

    whys = _whys(Edgeless, TURNS)
    assert whys
    assert not any("put at once" in why or "Asked alone" in why for why in whys)
