"""STA-8: rule sets replaced while others ask, over carriers that carry several calls at once."""

import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import ClassVar

import pytest
from fencepost.adapters.contract import JsonObject
from fencepost.conformance.mutants import CATALOGUE
from fencepost.conformance.peers import NetaddrVault, SqliteVault, StdlibVault, TrieVault
from fencepost.reports.model import Clause
from runs import Subject, judged

NOT_PUT: JsonObject = {"outcome": "inconclusive", "reason": "the way is blocked"}
OVERLAPPING = [name for name, entry in CATALOGUE.items() if entry.overlapping]


def row(subject: Subject, seed: int = 0) -> Clause:
    return judged(subject, "STA-8", seed=seed).clauses[0]


@pytest.mark.parametrize("peer", ["reference", StdlibVault, SqliteVault, TrieVault, NetaddrVault])
def test_a_vault_that_replaces_its_rules_at_once_passes(peer: Subject) -> None:
    found = row(peer)
    assert (found.verdict, found.decisive) == ("pass", found.asked)
    assert found.asked >= found.required


def test_what_a_run_counts_does_not_depend_on_how_often_the_deciders_came_round() -> None:
    first, second = (judged("reference", "STA-8", seed=4) for _ in range(2))
    assert first == second


@pytest.mark.parametrize("name", OVERLAPPING)
def test_a_third_answer_fails_and_is_told_with_its_window(name: str) -> None:
    found = row(f"mutant:{name}", seed=1)
    assert found.verdict == "fail"
    result = found.counterexamples[0]
    assert [call.method for call in result.calls] == ["reset", "putRules", "putRules", "decide"]
    assert " ms, in " in result.why
    assert result.got.startswith({"open": "allow", "closed": "deny"}.get(CATALOGUE[name].direction, ""))
    assert len(found.counterexamples) <= 2


def test_a_firewall_that_stands_open_for_a_moment_is_told_first() -> None:
    found = row("mutant:open-while-it-changes").counterexamples[0]
    assert found.expected.startswith("deny")
    assert "the firewall stood open" in found.why


def test_a_carrier_that_answers_in_order_is_not_asked() -> None:
    subject = f"stdio:{sys.executable} -m fencepost.adapters.harness stdio reference"
    found = row(subject)
    assert found.verdict == "not applicable"
    assert "several calls at once" in found.detail


def test_a_subject_that_does_not_promise_it_is_not_asked() -> None:
    class Modest(StdlibVault):
        name = "modest"
        features = tuple(feature for feature in StdlibVault.features if feature != "snapshot-isolation")

    assert row(Modest).detail == "needs snapshot-isolation"


class _FailsInCompany(StdlibVault):
    """Raises for every request that comes while a write is under way or has been: a harness that is not made for it."""

    name = "fails-in-company"
    writes: ClassVar[int] = 0

    def put_rules(self, *, network_acls: JsonObject, **_: object) -> JsonObject:
        self.count = getattr(self, "count", 0) + 1
        return super().put_rules(network_acls=network_acls)

    def decide(self, *, requests: Sequence[JsonObject], **_: object) -> JsonObject:
        if len(requests) > 5 and getattr(self, "count", 0) > 1:
            raise RuntimeError("database is locked")
        return super().decide(requests=requests)


def test_a_harness_that_fails_in_company_is_an_error() -> None:
    found = row(lambda: _FailsInCompany(declare=True))
    assert (found.verdict, "database is locked" in found.detail) == ("error", True)


class _Shy(StdlibVault):
    """Says that it could not put a request, or a write, while the other is under way."""

    def __init__(self, shy: str) -> None:
        super().__init__()
        self._shy, self._under_way = shy, Counter[str]()

    def put_rules(self, *, network_acls: JsonObject, **_: object) -> JsonObject:
        with self._counted("putRules"):
            if self._shy == "putRules" and self._meets("decide"):
                return NOT_PUT
            return super().put_rules(network_acls=network_acls)

    def decide(self, *, requests: Sequence[JsonObject], **_: object) -> JsonObject:
        with self._counted("decide"):
            if self._shy == "decide" and self._meets("putRules"):
                return {"decisions": [NOT_PUT] * len(requests)}
            return super().decide(requests=requests)

    @contextmanager
    def _counted(self, method: str) -> Iterator[None]:
        self._under_way[method] += 1
        try:
            yield
        finally:
            self._under_way[method] -= 1

    def _meets(self, other: str) -> bool:
        """Whether the other method is under way within some milliseconds."""
        for _ in range(20):
            if self._under_way[other]:
                return True
            time.sleep(0.0005)
        return False


@pytest.mark.parametrize(
    ("shy", "why"),
    [("decide", "while putRules was under way was answered at another time"), ("putRules", "was not accepted while")],
)
def test_what_is_not_put_only_while_calls_overlap_is_inconclusive(shy: str, why: str) -> None:
    report = judged(lambda: _Shy(shy), "STA-8")
    (found,) = report.clauses
    assert (found.verdict, report.exit_status, why in found.detail) == ("inconclusive", 2, True)


class _NeverFromSubnets(StdlibVault):
    """Can put no request from a subnet, whatever is under way."""

    def decide(self, *, requests: Sequence[JsonObject], **_: object) -> JsonObject:
        pairs = zip(requests, _decisions(super().decide(requests=requests)), strict=True)
        return {"decisions": [NOT_PUT if "subnet" in str(request["source"]) else one for request, one in pairs]}


def test_what_can_never_be_put_counts_for_nothing_and_hinders_no_pass() -> None:
    found = row(_NeverFromSubnets)
    assert (found.verdict, found.inconclusive > 0) == ("pass", True)
    assert found.decisive == found.asked - found.inconclusive


class Haunted(StdlibVault):
    """A vault in which the rules before a write stay in force beside the new ones if it met a decision on its way."""

    def __init__(self) -> None:
        super().__init__()
        self._deciding = 0
        self._before: JsonObject = {}
        self._ghost: StdlibVault | None = None

    def reset(self, *, subnets: Sequence[JsonObject], **_: object) -> JsonObject:
        self._ghost, self._subnets = None, subnets
        return super().reset(subnets=subnets)

    def put_rules(self, *, network_acls: JsonObject, **_: object) -> JsonObject:
        if self._deciding and self._before:
            self._ghost = StdlibVault()
            self._ghost.reset(subnets=self._subnets)
            self._ghost.put_rules(network_acls=self._before)
        self._before = network_acls
        return super().put_rules(network_acls=network_acls)

    def decide(self, *, requests: Sequence[JsonObject], **_: object) -> JsonObject:
        self._deciding += 1
        time.sleep(0.0003)
        ghost, others = self._ghost, self._deciding - 1
        self._deciding -= 1
        if ghost is None or others:
            return super().decide(requests=requests)
        pairs = zip(
            _decisions(super().decide(requests=requests)), _decisions(ghost.decide(requests=requests)), strict=True
        )
        return {"decisions": [now if "allow" in str(now) else then for now, then in pairs]}


def _decisions(answer: JsonObject) -> list[object]:
    found = answer["decisions"]
    assert isinstance(found, list)
    return found


def test_what_a_race_leaves_behind_fails_the_run() -> None:
    report = judged(Haunted, "STA-8")
    assert (report.result, report.exit_status) == ("fail", 1)
