"""The rules do not decide whether a request can be put: a subject that declines what it gets wrong does not pass."""

from collections.abc import Callable
from operator import itemgetter
from pathlib import Path

import pytest
from fencepost.adapters.contract import Client, JsonObject
from fencepost.adapters.contract.relay import Relay
from fencepost.conformance.bench.sometimes_put import SometimesPut
from fencepost.conformance.capabilities import Capabilities
from fencepost.conformance.judging.not_put import NotPut, Sample
from fencepost.conformance.judging.tally import Tally
from fencepost.conformance.lockstep.case import AskStep, Case, WriteStep
from fencepost.conformance.lockstep.lockstep import Lockstep
from fencepost.conformance.lockstep.wire import wire_rules
from fencepost.conformance.mutants import Vault
from fencepost.conformance.peers import StdlibVault
from fencepost.conformance.run.asking_again import ask_again
from fencepost.reference import Network, Plane, Request, Subnet, load_profile
from fencepost.reports.model import Report
from fencepost.reports.renderer import write_files
from runs import connection_to, judged

UNSENDABLE = ("0.", *(f"{octet}." for octet in range(224, 240)))
REQUESTS = tuple(Request(plane=Plane.DATA, operation="SecretGet", address=address) for address in (1, 2, 3))
SUBNET = (
    "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg/providers/Microsoft.Network"
    "/virtualNetworks/net/subnets/front"
)
NOT_PUT: JsonObject = {"outcome": "inconclusive", "reason": "the vantage has moved"}


class Sly(Relay):
    """A faulty vault whose harness says that it could not put exactly those requests that it answers wrongly."""

    def __init__(self, flaw: str) -> None:
        super().__init__(connection_to(f"mutant:{flaw}", "keyvault"))
        self._right = connection_to(lambda: Vault("keyvault"))

    def call(self, method: str, params: JsonObject) -> object:
        ours, right = super().call(method, params), self._right.call(method, params)
        if method != "decide":
            return ours
        pairs = zip(_decisions(ours), _decisions(right), strict=True)
        return {"decisions": [one if one == other else NOT_PUT for one, other in pairs]}


class Honest(Relay):
    """A right vault whose harness cannot send from some addresses, whatever the rules."""

    def __init__(self) -> None:
        super().__init__(connection_to(StdlibVault))

    def call(self, method: str, params: JsonObject) -> object:
        answer = super().call(method, params)
        if method != "decide":
            return answer
        requests = params["requests"]
        assert isinstance(requests, list)
        pairs = zip(requests, _decisions(answer), strict=True)
        return {"decisions": [one if self._can_put(request) else NOT_PUT for request, one in pairs]}

    def _can_put(self, request: JsonObject) -> bool:
        return not _is_unsendable(request)


def _decisions(answer: object) -> list[object]:
    assert isinstance(answer, dict)
    found = answer["decisions"]
    assert isinstance(found, list)
    return found


def _is_unsendable(request: JsonObject) -> bool:
    source = request["source"]
    assert isinstance(source, dict)
    address: str = source["address"]
    return address.startswith(UNSENDABLE) or address == "255.255.255.255"


def _depending(report: Report) -> set[str]:
    return {row.id for row in report.clauses if "depends on the rules" in row.detail}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("flaw", "clause"),
    [("resource-group-ignored", "DEC-7"), ("last-address-excluded", "DEC-4"), ("any-service-is-trusted", "DEC-13")],
)
def test_a_fault_that_is_told_as_not_put_is_inconclusive_and_never_a_pass(flaw: str, clause: str) -> None:
    report = judged(Sly(flaw))
    assert (report.result, report.exit_status, report.level) == ("inconclusive", 2, None)
    assert clause in _depending(report)


@pytest.mark.slow
def test_what_can_never_be_sent_is_told_first_as_blocks_and_does_not_keep_a_right_vault_from_passing() -> None:
    report = judged(Honest())
    assert (report.result, report.exit_status, _depending(report)) == ("pass", 0, set())
    first = report.notes[0]
    assert first.startswith("never put as asked, whatever the rules, and not judged:")
    assert "0.0.0.0/8" in first
    assert "224.0.0.0/4" in first or "224." in first


class Forgetful(Relay):
    """A faulty vault whose harness says that it could not put what it would answer wrongly, under any later rules."""

    def __init__(self, flaw: str, of: Callable[[JsonObject], object] = itemgetter("source")) -> None:
        super().__init__(connection_to(f"mutant:{flaw}", "keyvault"))
        self._right = connection_to(lambda: Vault("keyvault"))
        self._of = of
        self._kept: set[str] = set()

    def call(self, method: str, params: JsonObject) -> object:
        ours, right = super().call(method, params), self._right.call(method, params)
        if method != "decide":
            return ours
        requests = params["requests"]
        assert isinstance(requests, list)
        for request, one, other in zip(requests, _decisions(ours), _decisions(right), strict=True):
            if one != other:
                self._kept.add(str(self._of(request)))
        found = zip(requests, _decisions(ours), strict=True)
        return {"decisions": [NOT_PUT if str(self._of(request)) in self._kept else one for request, one in found]}


@pytest.mark.slow
def test_a_kind_of_request_that_got_nothing_else_makes_its_clauses_inconclusive() -> None:
    report = judged(Forgetful("first-address-excluded"), "DEC")
    rows = {row.id: row for row in report.clauses}
    assert rows["DEC-4"].verdict == "inconclusive"
    assert "no request of this kind could be put as asked" in rows["DEC-4"].detail


@pytest.mark.slow
@pytest.mark.parametrize("of", [str, itemgetter("operation")])
def test_a_harness_that_never_again_puts_what_its_vault_got_wrong_is_inconclusive(
    of: Callable[[JsonObject], object],
) -> None:
    report = judged(Forgetful("unlisted-operation-passes", of), "DEC")
    assert (report.result, report.exit_status) == ("inconclusive", 2)
    assert any("be put as asked" in row.detail for row in report.clauses)


def test_a_request_that_is_put_at_one_time_and_not_at_another_is_found_within_one_vault() -> None:
    def stepped(*outcomes: str) -> set[int]:
        lockstep.steps.append(AskStep(requests=REQUESTS[: len(outcomes)]))
        found = turning.found(REQUESTS[: len(outcomes)], outcomes)
        return {one.address for one in found}

    lockstep = Lockstep(Client(connection_to(StdlibVault)), load_profile("keyvault"))
    turning = SometimesPut(lockstep)
    assert stepped("allow", "deny", "deny") == set()
    assert stepped("inconclusive", "deny") == {1}
    assert stepped("deny", "inconclusive", "deny") == {1, 2}
    lockstep.reset(Network())
    assert stepped("inconclusive", "deny", "inconclusive") == set()
    assert stepped("inconclusive", "deny", "allow") == {3}


class Unable(Honest):
    """A right vault whose harness can put no request for some operation, or only those of callers with a token."""

    def __init__(self, operation: str, *, with_token: bool) -> None:
        super().__init__()
        self._operation, self._with_token = operation, with_token

    def _can_put(self, request: JsonObject) -> bool:
        caller = request.get("caller", {})
        assert isinstance(caller, dict)
        return request["operation"] != self._operation or (self._with_token and caller.get("authenticated", True))


@pytest.mark.slow
def test_an_operation_that_is_never_put_makes_the_clause_about_operations_inconclusive() -> None:
    report = judged(Unable("KeySign", with_token=False), "DEC-16")
    (row,) = report.clauses
    assert (row.verdict, report.exit_status) == ("inconclusive", 2)
    assert row.detail == "no request of this kind could be put as asked: data KeySign"
    assert "the operation KeySign" in report.notes[0]


@pytest.mark.slow
def test_an_operation_that_is_never_put_for_one_kind_of_caller_alone_hinders_nothing() -> None:
    report = judged(Unable("KeySign", with_token=True), "DEC-16", "CRED-1")
    assert (report.totals.inconclusive > 0, report.exit_status, _depending(report)) == (True, 0, set())


class Shy(Relay):
    """A vault whose harness says that it cannot put a further rule once there are some."""

    def __init__(self, most: int) -> None:
        super().__init__(connection_to(StdlibVault))
        self._most, self._rules = most, 0

    def call(self, method: str, params: JsonObject) -> object:
        if method == "reset":
            self._rules = 0
        if method == "putRules":
            acls = params["networkAcls"]
            assert isinstance(acls, dict)
            self._rules = len(acls.get("ipRules") or ())
        if method == "addIpRule":
            if self._rules >= self._most:
                return NOT_PUT
            self._rules += 1
        return super().call(method, params)


@pytest.mark.slow
def test_a_write_that_is_put_under_other_rules_makes_its_clauses_inconclusive() -> None:
    report = judged(Shy(3), "STA")
    details = [row.detail for row in report.clauses if row.verdict == "inconclusive"]
    assert any(
        "a write that could not be put as asked was answered while no rules were in force" in one for one in details
    )
    assert report.exit_status == 2


def _asked_from(count: int, is_put: Callable[[int], bool]) -> NotPut:
    """Requests of one operation from so many addresses of every second /8, of which some are not put."""
    found = NotPut()
    for number in range(count):
        address = ((1 + number % 111 * 2) << 24) + number
        request = Request(plane=Plane.DATA, operation="SecretGet", address=address)
        found.count(request, ("DEC-4 data inside caller",), is_answered=number == 0 or is_put(number))
    return found


@pytest.mark.parametrize(("one_in", "is_too_much"), [(2, True), (5, True), (15, False)])
def test_the_clauses_are_inconclusive_where_more_than_a_tenth_of_the_addresses_cannot_be_put(
    one_in: int, *, is_too_much: bool
) -> None:
    found = _asked_from(20_000, lambda number: bool(number % one_in))
    assert len(found.addresses) == 256
    assert (found.clauses_without_addresses().keys() == {"DEC-4"}) == is_too_much
    (note,) = found.notes()
    assert "of 256 sampled addresses, scattered over" in note


def test_addresses_from_which_hardly_a_machine_sends_and_too_few_addresses_are_left_out() -> None:
    assert not _asked_from(99, lambda _: False).clauses_without_addresses()
    hard = _asked_from(20_000, lambda number: (1 + number % 111 * 2) not in (127, *range(224, 256)))
    assert not hard.clauses_without_addresses()


def test_the_addresses_of_two_tasks_are_the_sample_of_both() -> None:
    whole, first, second = NotPut(), NotPut(), NotPut()
    for number in range(2_000):
        request = Request(plane=Plane.DATA, operation="SecretGet", address=(1 << 24) + number)
        for one in (whole, first if number % 3 else second):
            one.count(request, ("DEC-4 data inside caller",), is_answered=number < 9 or number % 2 == 0)
    first.take_addresses(second)
    assert first.addresses.items() == whole.addresses.items()
    assert (first.bound, first.clauses) == (whole.bound, whole.clauses)


class Halved(Honest):
    """A right vault whose harness can put no request from half of the addresses, by their sum."""

    def _can_put(self, request: JsonObject) -> bool:
        source = request["source"]
        assert isinstance(source, dict)
        return "subnet" in source or sum(map(int, source["address"].split("."))) % 2 == 0


def test_a_harness_that_can_never_put_half_of_the_addresses_is_inconclusive() -> None:
    report = judged(Halved(), "DEC-3", "DEC-4")
    assert (report.result, report.exit_status) == ("inconclusive", 2)
    assert "sampled addresses, scattered over" in report.notes[0]


class Reluctant(StdlibVault):
    """Cannot remove, or cannot add, an IP rule just while some or just while no other rules are in force."""

    def __init__(self, method: str, *, beside_others: bool) -> None:
        super().__init__()
        self._method, self._beside_others = method, beside_others

    def remove_ip_rule(self, *, value: object, **_: object) -> JsonObject:
        return NOT_PUT if self._hesitates("removeIpRule", 1) else super().remove_ip_rule(value=value)

    def remove_virtual_network_rule(self, *, id: object, **_: object) -> JsonObject:  # noqa: A002 - the contract's
        hesitates = self._hesitates("removeVirtualNetworkRule", 1)
        return NOT_PUT if hesitates else super().remove_virtual_network_rule(id=id)

    def add_ip_rule(self, *, value: object, **_: object) -> JsonObject:
        return NOT_PUT if self._hesitates("addIpRule", 0) else super().add_ip_rule(value=value)

    def _hesitates(self, method: str, own: int) -> bool:
        rules = len(self._state.ip_rules) + len(self._state.subnet_rules)
        return method == self._method and (rules > own) == self._beside_others


@pytest.mark.parametrize("beside_others", [True, False])
@pytest.mark.parametrize("method", ["removeIpRule", "removeVirtualNetworkRule", "addIpRule"])
def test_a_write_is_put_again_alone_and_beside_another_rule(method: str, *, beside_others: bool) -> None:
    subject = Reluctant(method, beside_others=beside_others)
    client = Client(connection_to(lambda: subject))
    lockstep = Lockstep(client, load_profile("keyvault"))
    capabilities = Capabilities.from_statement(client.describe(), load_profile("keyvault"))
    params = {"id": SUBNET} if method == "removeVirtualNetworkRule" else {"value": "191.10.18.0/24"}
    others = ("198.41.3.7",) if beside_others else ()
    values = others if method != "removeIpRule" else ("191.10.18.0/24", *others)
    before = wire_rules(values, [SUBNET] if "id" in params else ())
    network = Network(subnets=(Subnet(id=SUBNET, service_endpoints=("Microsoft.KeyVault",)),))
    steps = (WriteStep(method="putRules", params={"networkAcls": before}), WriteStep(method=method, params=params))
    sample = Sample(place=method, clauses=("STA-3",), calls=Case(network=network, steps=steps).calls())
    tally = Tally()
    tally.not_put.samples["a write"] = sample
    ask_again(lockstep, capabilities, tally, seed=0)
    assert "depends on the rules" in (tally["STA-3"].depends or "")


def test_the_count_of_inconclusive_answers_stands_in_every_form_and_in_the_badge(tmp_path: Path) -> None:
    report = judged(Honest(), "DEC-3", "DEC-4")
    found = f"inconclusive, and counted for nothing: {report.totals.inconclusive:,} requests"
    assert found in report.notes
    assert report.totals.inconclusive > 0
    for path in write_files(report, tmp_path):
        text = " ".join(path.read_text(encoding="utf-8").split())
        wanted = f"{report.totals.inconclusive:,} inconclusive answers" if path.stem == "badge" else found
        assert wanted in text, path.name
