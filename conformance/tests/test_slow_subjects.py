"""How much a subject is asked at once: as much as its time-out allows, whether each call is slow or each decision."""

import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import cast

import pytest
from click.testing import CliRunner
from fencepost.adapters.contract import Client, Decision, JsonObject, TimedOut, WriteResult
from fencepost.conformance.commands import main
from fencepost.conformance.lockstep.case import AskStep, Case, EndpointsStep, ReadStep, WriteStep, case_from_calls
from fencepost.conformance.lockstep.clock import using_clock
from fencepost.conformance.lockstep.lockstep import Lockstep
from fencepost.conformance.lockstep.wire import wire_rules
from fencepost.reference import Caller, Network, Request, Subnet, load_profile
from fencepost.reports.model import report_from_json


class _Slow:
    """A client whose clock goes on by so many seconds a call, and by so many a decision."""

    def __init__(self, *, call: float, decision: float) -> None:
        self.now = 0.0
        self.batches: list[int] = []
        self._call, self._decision = call, decision

    def reset(self, _: Sequence[JsonObject]) -> None:
        self.now += self._call

    def write(self, _: str, __: JsonObject) -> WriteResult:
        self.now += self._call
        return WriteResult(accepted=True)

    def decide(self, requests: Sequence[JsonObject]) -> list[Decision]:
        self.now += self._call + self._decision * len(requests)
        self.batches.append(len(requests))
        return [Decision(outcome="deny") for _ in requests]


def _batches(slow: _Slow, requests: int) -> list[int]:
    with using_clock(lambda: slow.now):
        subject = Lockstep(cast("Client", slow), load_profile("keyvault"))
        subject.reset(Network())
        subject.write(WriteStep(method="putRules", params={"networkAcls": wire_rules(())}))
        subject.ask(AskStep(requests=tuple(Request(address=n) for n in range(requests))))
    return slow.batches


def test_a_subject_that_takes_its_time_over_every_call_is_asked_in_few() -> None:
    assert len(_batches(_Slow(call=1, decision=0), 2000)) <= 4


def test_a_call_does_not_grow_so_much_at_once_that_it_may_run_into_its_time_out() -> None:
    slow = _Slow(call=3, decision=0)  # writes take as long as decisions: whether these are costly cannot be seen
    batches = _batches(slow, 2000)
    assert all(after <= before * 5 / 3 for before, after in pairwise(batches))


def test_a_subject_that_takes_its_time_over_every_decision_is_asked_a_few_at_once() -> None:
    batches = _batches(_Slow(call=0.01, decision=0.1), 500)
    assert max(batches[1:]) * 0.1 <= 2.1


class _SlowOnce(_Slow):
    """A client for whose third call the machine has no time at first."""

    def decide(self, requests: Sequence[JsonObject]) -> list[Decision]:
        self.now += 0.04 if len(self.batches) == 2 else 0.0
        return super().decide(requests)


def test_one_slow_call_of_few_requests_makes_no_later_call_smaller() -> None:
    slow = _SlowOnce(call=0, decision=0)
    with using_clock(lambda: slow.now):
        subject = Lockstep(cast("Client", slow), load_profile("keyvault"))
        for requests in (64, 64, 1, 2000):
            subject.ask(AskStep(requests=tuple(Request(address=n) for n in range(requests))))
    assert slow.batches == [64, 64, 1, 2000]


class _Falling(_Slow):
    """A client that answers its first call, and then none."""

    def decide(self, requests: Sequence[JsonObject]) -> list[Decision]:
        if self.batches:
            raise TimedOut(method="decide", expected="an answer within 10 s", came="nothing")
        return super().decide(requests)


def test_a_time_out_says_how_many_requests_were_asked_and_at_what_pace() -> None:
    found = "got nothing for 66 requests in one call; the call before took 1.9 s for 64"
    with pytest.raises(TimedOut, match=re.escape(found)):
        _batches(_Falling(call=0, decision=0.03), 200)


def test_max_decisions_bounds_what_is_asked_and_stands_in_the_line_that_replays(tmp_path: Path) -> None:
    subject = "library:fencepost.conformance.peers:EnforcerVault"
    arguments = ["check", subject, "--max-decisions", "3000", "--report", str(tmp_path)]
    result = CliRunner().invoke(main, arguments, catch_exceptions=False)
    report = report_from_json((tmp_path / "report.json").read_bytes())
    assert result.exit_code == report.exit_status == 3
    assert 1_000 < report.totals.decisions <= 3_600, "a call that has begun is ended"
    failing = CliRunner().invoke(main, ["check", "mutant:last-address-excluded", *arguments[2:4], "--fail-fast"])
    assert "--max-decisions 3000" in failing.stdout


def test_a_case_can_be_told_as_calls_and_read_back() -> None:
    subnet = Subnet(id="/subscriptions/s/resourceGroups/g", service_endpoints=("Microsoft.KeyVault",))
    requests = (
        Request(address=7, subnet=subnet.id),
        Request(address=8, caller=Caller(authenticated=False, authorized=True, service="Azure Backup", trusted=True)),
        Request(address=9, caller=Caller(authorized=False)),
    )
    steps = (
        WriteStep(method="putRules", params={"networkAcls": wire_rules(["20.1.2.3"], [subnet.id])}),
        EndpointsStep(subnet=subnet.id, service_endpoints=()),
        ReadStep(),
        AskStep(requests=requests, explicit={0: ("authenticated",), 1: ("authorized",)}),
    )
    case = Case(network=Network(subnets=(subnet,)), steps=steps)
    assert case_from_calls(case.calls()) == case
