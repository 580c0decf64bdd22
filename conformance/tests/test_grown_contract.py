"""What the contract has grown by, on correct subjects of each kind and on faulty ones that only it tells apart."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from ipaddress import IPv4Network

import pytest
from fencepost.adapters.contract import JsonObject
from fencepost.conformance.peers import (
    AlwaysDenyFilter,
    AlwaysDenyRules,
    AlwaysDenyVault,
    FewOperationsVault,
    LenientFilter,
    NetaddrVault,
    OneOperationVault,
    StdlibVault,
    SuspiciousVault,
    TerseVault,
)
from fencepost.conformance.peers.memory import State
from fencepost.conformance.peers.peer import as_object
from fencepost.conformance.peers.restricted import DenyingVault
from fencepost.reports.model import Report
from runs import judged


def run(subject: Callable[[], object], *clauses: str, profile: str | None = "keyvault", seed: int = 0) -> Report:
    """A quick run in process, of these clauses or of all."""
    return judged(subject, *clauses, profile=profile, seed=seed)


def failed(report: Report) -> set[str]:
    return {clause.id for clause in report.clauses if clause.verdict == "fail"}


def not_applicable(report: Report) -> set[str]:
    return {clause.id for clause in report.clauses if clause.verdict == "not applicable"}


CORRECT = (
    AlwaysDenyVault,
    AlwaysDenyRules,
    AlwaysDenyFilter,
    LenientFilter,
    FewOperationsVault,
    OneOperationVault,
    TerseVault,
)


@pytest.mark.slow
@pytest.mark.parametrize("peer", CORRECT, ids=lambda peer: peer.__name__)
def test_a_correct_subject_of_each_new_kind_passes_what_applies_to_it(peer: type) -> None:
    """The suspicious ones raise where they are asked for more than they offer, which would be an error."""
    report = run(peer)
    assert (report.result, report.exit_status) == ("pass" if peer is TerseVault else "partial", 0), [
        (clause.id, clause.verdict, clause.detail) for clause in report.clauses
    ]


# ---- always-deny -----------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_what_takes_a_default_action_does_not_apply_to_a_vault_that_always_denies() -> None:
    concerned = ("DEC-1", "STA-3", "STA-4", "LIM-9", "VAL-6")
    assert not_applicable(run(AlwaysDenyVault, *concerned)) == {"DEC-1", "STA-4"}
    assert not_applicable(run(AlwaysDenyRules, *concerned)) == set(concerned)


class _OpenUntilItIsWritten(AlwaysDenyVault):
    """A new vault lets everybody in, whatever the statement says."""

    class guarded(DenyingVault):  # noqa: N801 - the name of the attribute
        first_action = "Allow"


class _ForgetsRulesWithTheBypass(AlwaysDenyVault):
    """An update of the bypass makes a new rule set of it."""

    class guarded(DenyingVault):  # noqa: N801 - the name of the attribute
        def update_rules(self, **switches: object) -> JsonObject:
            answer: JsonObject = super().update_rules(**switches)
            for value in [self._spell_rule(rule) for rule in self._state.ip_rules]:
                super().remove_ip_rule(value=value)
            return answer


@pytest.mark.slow
@pytest.mark.parametrize(
    ("faulty", "clause"), [(_OpenUntilItIsWritten, "DEC-3"), (_ForgetsRulesWithTheBypass, "STA-3")]
)
def test_a_vault_that_always_denies_is_failed_for_its_faults(faulty: type, clause: str) -> None:
    assert clause in failed(run(faulty, clause, "STA-1", "STA-3"))


# ---- writes that could not be put ------------------------------------------------------------------------------------


class _NeverAddsRanges(StdlibVault):
    """The harness has no way to put an added rule."""

    def add_ip_rule(self, **_: object) -> JsonObject:
        return {"outcome": "inconclusive", "reason": "the engine reloads whole sets only"}


@pytest.mark.slow
def test_a_write_that_could_not_be_put_counts_for_nothing_and_stands_in_the_report() -> None:
    report = run(TerseVault, "LIM-1")
    assert report.totals.inconclusive_writes > 0
    assert report.exit_status == 0


@pytest.mark.slow
def test_a_kind_of_write_that_was_never_put_makes_its_clauses_inconclusive() -> None:
    report = run(_NeverAddsRanges, "LIM-7", "LIM-8", "VAL-3")
    found = {clause.id: clause.verdict for clause in report.clauses}
    assert not failed(report)
    assert {found["LIM-7"], found["LIM-8"], found["VAL-3"]} == {"inconclusive"}
    assert report.exit_status == 2


# ---- declared choices ------------------------------------------------------------------------------------------------


class _Misreading(NetaddrVault):
    """A lenient vault with a flaw of its own in how a rule is read."""

    flaw: Callable[[str], str] = staticmethod(str)

    def put_rules(self, *, network_acls: JsonObject, **kept: object) -> JsonObject:
        entries = network_acls["ipRules"]
        assert isinstance(entries, list)
        read = [{"value": type(self).flaw(str(as_object(entry)["value"]))} for entry in entries]
        return super().put_rules(network_acls={**network_acls, "ipRules": read}, **kept)


def _host_address_alone(value: str) -> str:
    """The range with host bits is taken for the one address that it writes."""
    address, _, prefix = value.partition("/")
    written = [int(octet) for octet in address.split(".")]
    number = int.from_bytes(bytes(written))
    return address if prefix and number % 2 ** (32 - int(prefix)) else value


def _everything_is_nothing(value: str) -> str:
    """`1 << 32` in thirty-two bits is 1 on some machines: /0 is one address."""
    return value.removesuffix("/0") if value.endswith("/0") else value


def _half_is_all(value: str) -> str:
    """A sign bit that is lost: the upper half of the addresses is the lower one."""
    return "0.0.0.0/1" if value.endswith("/1") else value


@pytest.mark.parametrize("flaw", [_host_address_alone, _everything_is_nothing, _half_is_all])
def test_a_flaw_behind_a_declared_choice_is_found_in_a_decisions_only_subject(flaw: Callable[[str], str]) -> None:
    class Misreading(_Misreading):
        pass

    class Flawed(LenientFilter):
        guarded = Misreading

    Misreading.flaw = staticmethod(flaw)
    assert run(Flawed, "VAL-1").exit_status == 1


class _NothingDeclared(LenientFilter):
    """The same filter, declaring nothing: what is opened by choices alone is not written to it."""

    class guarded(NetaddrVault):  # noqa: N801 - the name of the attribute
        written: list[str] = []  # noqa: RUF012 - one for all, on purpose
        declares = False

        def put_rules(self, *, network_acls: JsonObject, **kept: object) -> JsonObject:
            entries = network_acls["ipRules"]
            assert isinstance(entries, list)
            type(self).written += [str(as_object(entry)["value"]) for entry in entries]
            return super().put_rules(network_acls=network_acls, **kept)


def test_what_no_choice_opens_is_not_written_to_a_decisions_only_subject() -> None:
    run(_NothingDeclared, "VAL-1", "DEC-5")
    written = _NothingDeclared.guarded.written
    assert written
    for value in written:
        assert IPv4Network(value).is_global or value.startswith(("1.", "192.", "223.")), value


# ---- repeated rules --------------------------------------------------------------------------------------------------


class _Repeating(SuspiciousVault):
    """A decisions-only vault, its rule sets noted."""

    name = "peer-repeating"
    features = ("decisions-only", "ip-rules-only")
    declared: Mapping[str, object] = {}
    puts: list[JsonObject]

    def describe(self, *, protocol: int) -> JsonObject:
        return {**super().describe(protocol=protocol), "choices": dict(self.declared)}

    def put_rules(self, *, network_acls: JsonObject) -> JsonObject:
        self.puts.append(network_acls)
        return super().put_rules(network_acls=network_acls)


def repeats(declared: Mapping[str, object], *, refuses: bool = False) -> tuple[int, Report]:
    """How many rule sets had a rule twice, and the report."""
    noted: list[JsonObject] = []

    class Subject(_Repeating):
        puts = noted

        class guarded(StdlibVault):  # noqa: N801 - the name of the attribute
            choices = replace(StdlibVault.choices, duplicates="reject" if refuses else "keep")

        def _judged(self, answer: JsonObject) -> JsonObject:
            return answer

    Subject.declared = declared
    report = run(Subject, "DEC-5")
    lists = [entries for acls in noted if isinstance(entries := acls.get("ipRules"), list)]
    values = [[str(as_object(entry)["value"]) for entry in entries] for entries in lists]
    return sum(len(set(one)) < len(one) for one in values), report


def test_repeated_rules_follow_a_declaration_or_a_probe() -> None:
    kept, undeclared = repeats({"duplicates": "keep"}), repeats({})
    assert kept[0] > 1
    assert undeclared[0] > 1
    assert (kept[1].exit_status, undeclared[1].exit_status) == (0, 0)
    found = {entry.key: entry.found for entry in undeclared[1].ledger}
    assert str(found["duplicates"]).startswith("accepted")


def test_whoever_refuses_repeated_rules_is_not_failed_for_it_and_not_asked_again() -> None:
    declared, undeclared = repeats({"duplicates": "reject"}, refuses=True), repeats({}, refuses=True)
    assert (declared[0], undeclared[0]) == (0, 1)
    assert (declared[1].exit_status, undeclared[1].exit_status) == (0, 0)


def test_a_broken_declaration_is_one_failure_of_the_choice_and_stands_beside_its_clause() -> None:
    _, report = repeats({"duplicates": "keep"}, refuses=True)
    assert failed(report) == set()
    assert [entry.key for entry in report.ledger if entry.broken] == ["duplicates"]
    detail = {clause.id: clause.detail for clause in report.clauses}
    assert "declared keep, found reject" in detail["DEC-5"]
    assert report.exit_status == 1


# ---- the statement ---------------------------------------------------------------------------------------------------


class _Changing(StdlibVault):
    """Another version from the second time on that it is asked."""

    def __init__(self, **kept: object) -> None:
        super().__init__(**kept)  # type: ignore[arg-type]  # as the base takes them
        self.asked = 0

    def describe(self, *, protocol: int, **_: object) -> JsonObject:
        self.asked += 1
        return {**super().describe(protocol=protocol), "version": f"{self.asked}.0"}


def test_a_statement_that_changes_fails_the_run() -> None:
    report = run(_Changing, "DEC-15")
    assert (report.result, report.exit_status) == ("fail", 1)
    assert report.notes[-1] == "describe is answered otherwise at the end of the run: version"
    assert report.further_failures == ("describe is answered otherwise at the end of the run",)


class _Once(_Changing):
    """Answers `describe` once, and raises the next time."""

    def describe(self, *, protocol: int, **_: object) -> JsonObject:
        if self.asked:
            raise RuntimeError("described once")
        self.asked += 1
        return StdlibVault.describe(self, protocol=protocol)


def test_a_statement_that_does_not_come_again_is_an_error_with_its_cause() -> None:
    report = run(_Once, "DEC-15")
    assert (report.result, report.exit_status, report.level) == ("error", 2, None)
    assert "the harness did not answer at the end of the run: describe" in report.notes[-1]
    assert "described once" in report.notes[-1]


def test_operations_that_cannot_be_put_are_named_and_the_result_is_partial() -> None:
    report = run(FewOperationsVault, "DEC-2")
    assert (report.result, report.exit_status) == ("partial", 0)
    assert "SecretGet" in report.notes[-1]
    assert {"CTL-3", "CTL-5", "DEC-16"} & not_applicable(run(OneOperationVault, "CTL", "DEC-16")) == {
        "CTL-3",
        "CTL-5",
        "DEC-16",
    }


class _ReadsALot(StdlibVault):
    """Reads back ten thousand rules that nobody has written."""

    def _spell_rules(self, state: State[IPv4Network]) -> JsonObject:
        acls = as_object(super()._spell_rules(state).get("networkAcls", {}))
        shown: Sequence[object] = acls.get("ipRules", [])  # type: ignore[assignment]  # a list, as the base has it
        return {"networkAcls": {**acls, "ipRules": [*shown] * 10_001}}


@pytest.mark.slow
def test_more_rules_read_back_than_the_contract_allows_fail() -> None:
    assert "STA-5" in failed(run(_ReadsALot, "STA-5"))


# ---- unions, letters and flags ---------------------------------------------------------------------------------------


class _RefusesOverlaps(StdlibVault):
    """As some packet filters do: intervals of a set may not overlap."""

    def _gathered(self, items, limit):  # type: ignore[no-untyped-def]  # as the base has it
        found = super()._gathered(items, limit)
        ranges = [one for one in found if isinstance(one, IPv4Network)]
        if any(one.overlaps(other) for place, one in enumerate(ranges[:200]) for other in ranges[:place]):
            from fencepost.conformance.peers.peer import Refused

            raise Refused("intervals overlap")
        return found


def test_a_refused_overlap_is_of_the_union() -> None:
    assert failed(run(_RefusesOverlaps, "DEC-5", "VAL-1", "STA-1", "STA-2")) == {"DEC-5"}


class _LooksTheEndpointUp(StdlibVault):
    """`setServiceEndpoints` finds a subnet by its exact text, or not at all."""

    known: frozenset[str] = frozenset()

    def reset(self, *, subnets: Sequence[JsonObject], **kept: object) -> JsonObject:
        self.known = frozenset(str(subnet["id"]) for subnet in subnets)
        return super().reset(subnets=subnets, **kept)

    def set_service_endpoints(self, *, subnet: str, service_endpoints: Sequence[str], **kept: object) -> JsonObject:
        if subnet not in self.known:
            return {}
        return super().set_service_endpoints(subnet=subnet, service_endpoints=service_endpoints, **kept)


def test_an_endpoint_switched_by_an_id_in_other_letters_is_of_dec_8() -> None:
    assert failed(run(_LooksTheEndpointUp, "DEC-8")) == {"DEC-8"}


class _RefusesForTheFlag(StdlibVault):
    """Every write checks every rule, and the flag was the request's, not the rule's."""

    def _check_kept(self, new: State[IPv4Network]) -> None:
        from fencepost.conformance.peers.peer import Refused

        for rule in new.subnet_rules:
            stood = any(other == rule for other in self._state.subnet_rules)
            if stood and rule.ignores_missing and not new.endpoints.get(rule.key, False):
                raise Refused(f"{rule.id} has no service endpoint")


def test_a_vault_that_refuses_later_writes_for_a_flagged_rule_is_failed() -> None:
    assert "VAL-8" in failed(run(_RefusesForTheFlag, "VAL-8"))
