"""Stored counterexamples: what a file holds, what replaying it says, and what is refused."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from fencepost.adapters.contract import Timeouts
from fencepost.conformance.bench.effort import EFFORTS
from fencepost.conformance.commands import main
from fencepost.conformance.commands.opening import begun
from fencepost.conformance.lockstep.case import case_from_calls
from fencepost.conformance.mutants import CATALOGUE
from fencepost.conformance.mutants.mutant import Mutant
from fencepost.conformance.regression.reading import NotACase, calls_from_json
from fencepost.conformance.regression.replay import replay_case
from fencepost.conformance.regression.stored_case import StoredCase, store, stored_from_json
from fencepost.conformance.run.plan import Plan
from fencepost.reports.model import Call

FLAWED = "mutant:last-address-excluded"


def _case(*ranges: str, address: str = "20.0.0.255", profile: str = "keyvault") -> StoredCase:
    acls = {
        "bypass": "None",
        "defaultAction": "Deny",
        "ipRules": [{"value": one} for one in ranges],
        "virtualNetworkRules": [],
    }
    request = {"plane": "data", "operation": "SecretGet", "source": {"address": address}}
    return StoredCase(
        clause="DEC-4",
        profile=profile,
        calls=(
            Call(method="reset", params={"subnets": []}),
            Call(method="putRules", params={"networkAcls": acls}),
            Call(method="decide", params={"requests": [request]}),
        ),
        expected="allow",
    )


def _run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["replay", *map(str, arguments)], catch_exceptions=False)


def _witnessed() -> list[Mutant]:
    """Of the mutants that clauses judge: those that take two vaults, one that errs in mid-call, one in eight."""
    found = [one for one in CATALOGUE.values() if one.choice is None and not one.overlapping]
    middle = CATALOGUE["third-of-a-call-is-let-through"]  # neither the first answer nor the last is wrong
    one_in_eight = [one for one in found if not one.outlives_reset and one is not middle][::8]
    return [*(one for one in found if one.outlives_reset), middle, *one_in_eight]


def test_a_case_still_fails_on_the_subject_that_it_was_found_in(tmp_path: Path) -> None:
    (path,) = store([_case("20.0.0.0/24")], tmp_path)
    result = _run(path, FLAWED)
    assert result.exit_code == 1
    assert "still failing  expected allow, got deny" in result.stdout
    assert '"20.0.0.255"' in result.stdout


def test_a_case_is_fixed_on_a_subject_that_answers_rightly(tmp_path: Path) -> None:
    (path,) = store([_case("20.0.0.0/24")], tmp_path)
    result = _run(path, "reference")
    assert result.exit_code == 0
    assert "fixed" in result.stdout


def test_a_fixed_case_that_expects_another_answer_says_so(tmp_path: Path) -> None:
    (path,) = store([_case("20.0.0.0/24", address="20.0.1.0")], tmp_path)
    result = _run(path, "reference")
    assert result.exit_code == 0
    assert "the right answer is deny; the file expects allow" in result.stdout
    (path,) = store([_case("20.0.0.0/24")], tmp_path / "right")
    assert "the file expects" not in _run(path, "reference").stdout


def test_a_case_is_found_by_its_id_in_the_folder(tmp_path: Path) -> None:
    one = _case("20.0.0.0/24")
    store([one], tmp_path)
    assert _run(one.id, "reference", "--folder", tmp_path).exit_code == 0


def test_a_folder_is_replayed_as_a_whole(tmp_path: Path) -> None:
    store([_case("20.0.0.0/24"), _case("20.0.0.0/24", address="20.0.0.0")], tmp_path)
    result = _run(tmp_path, FLAWED)
    assert result.exit_code == 1
    assert result.stdout.count("fixed") == 1
    assert result.stdout.count("still failing") == 1


@pytest.mark.parametrize(
    ("path", "member", "written", "says"),
    [
        ((1, "networkAcls"), "ipRules", "ipRule", "params.networkAcls.ipRule: no such member; did you mean 'ipRules'?"),
        ((1, "networkAcls", "ipRules", 0), "value", "vaule", "networkAcls.ipRules[0].vaule: no such member; did you"),
        ((2, "requests", 0, "source"), "subnet", "subnets", "requests[0].source.subnets: no such member; did you mean"),
        ((2,), "", "wait", "$.calls[2].params.wait: no such member; there are: requests"),
    ],
)
def test_a_misspelt_member_of_a_case_written_by_hand_is_refused_with_the_near_name(
    tmp_path: Path, path: tuple[int | str, ...], member: str, written: str, says: str
) -> None:
    document = json.loads(json.dumps(_case("20.0.0.0/24").to_json()))
    del document["id"]
    place = document["calls"][path[0]]["params"]
    for key in path[1:]:
        place = place[key]
    place[written] = place.pop(member, "x")
    by_hand = tmp_path / "case.json"
    by_hand.write_text(json.dumps(document), encoding="utf-8")
    result = _run(by_hand, FLAWED)
    assert result.exit_code == 2
    assert says in result.stderr


def test_a_case_about_a_member_that_the_contract_does_not_know_has_its_id(tmp_path: Path) -> None:
    document = json.loads(json.dumps(_case("20.0.0.0/24").to_json()))
    document["calls"][1]["params"]["networkAcls"]["colour"] = "red"
    del document["id"]
    with pytest.raises(NotACase) as refused:
        stored_from_json(document)
    assert "$.calls[1].params.networkAcls.colour: no such member; there are: bypass" in refused.value.reasons[0]
    document["id"] = refused.value.reasons[-1].split("'")[1]
    assert stored_from_json(document).id == document["id"]


def test_an_unknown_id_is_bad_usage_with_the_near_miss(tmp_path: Path) -> None:
    one = _case("20.0.0.0/24")
    store([one], tmp_path)
    result = _run(one.id[:-1], "reference", "--folder", tmp_path)
    assert result.exit_code == 2
    assert one.id in result.stderr


def test_an_id_that_leads_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    store([_case("20.0.0.0/24")], tmp_path)
    (tmp_path / "inside").mkdir()
    result = _run("../" + _case("20.0.0.0/24").id, "reference", "--folder", tmp_path / "inside")
    assert result.exit_code == 2


def test_a_case_that_the_statement_does_not_offer_is_not_judged_and_the_feature_is_named(tmp_path: Path) -> None:
    calls = (*_case("20.0.0.0/24").calls[:2], Call(method="getRules", params={}))
    (path,) = store([StoredCase(clause="STA-5", profile="keyvault", calls=calls, expected="")], tmp_path)
    result = _run(path, "cedar")
    assert result.exit_code == 2
    assert "read-back" in result.stdout


def test_a_subject_that_does_not_answer_is_told_as_such(tmp_path: Path) -> None:
    (path,) = store([_case("20.0.0.0/24")], tmp_path)
    result = _run(path, "stdio:false")
    assert result.exit_code == 2
    assert "does not answer" in result.stderr


def test_the_id_follows_from_clause_profile_and_calls_alone() -> None:
    one = _case("20.0.0.0/24")
    again = stored_from_json(json.loads(json.dumps({**one.to_json(), "why": "told in other words"})))
    assert again.id == one.id
    assert _case("20.0.0.0/25").id != one.id
    assert _case("20.0.0.0/24", profile="keyvault-2018-preview").id != one.id


def test_storing_a_case_again_writes_nothing(tmp_path: Path) -> None:
    assert len(store([_case("20.0.0.0/24")], tmp_path / "new")) == 1
    assert store([_case("20.0.0.0/24")], tmp_path / "new") == ()


def test_a_file_holds_what_utf_8_cannot_carry_and_gives_it_back(tmp_path: Path) -> None:
    one = _case("20.0.0.0/24", "\ud800\u0661\x00")
    (path,) = store([one], tmp_path)
    assert stored_from_json(json.loads(path.read_bytes())) == one


@pytest.mark.parametrize(
    "command",
    [
        "replay LARGE reference",
        "baseline list LARGE",
        "vectors run LARGE reference",
        "diff LARGE LARGE",
        "matrix LARGE",
        "report LARGE",
    ],
)
def test_a_file_of_2_gib_is_refused_unread(tmp_path: Path, command: str) -> None:
    large = tmp_path / "large.json"
    with large.open("wb") as file:
        file.truncate(2 * 1024**3)
    result = CliRunner().invoke(main, [str(large) if word == "LARGE" else word for word in command.split()])
    assert result.exit_code == 2
    assert "larger than 64 MiB" in result.stderr


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": 2}, "version 2"),
        ({"format": "other"}, "'other'"),
        ({"clause": "DEC-99"}, "$.clause"),
        ({"profile": "keyvalt"}, "keyvault"),
        ({"expected": 7}, "$.expected"),
        ({"id": "DEC-4-000000000000"}, "was changed since it was stored"),
        ({"calls": []}, "begins with reset"),
        ({"calls": "reset"}, "$.calls: expected a list"),
        ({"calls": [{"method": "shutdown", "params": {}}]}, "$.calls[0].method"),
        ({"calls": [{"method": "reset", "params": {"subnets": 7}}]}, "$.subnets"),
        ({"calls": [{"method": "reset", "params": {"subnets": []}}] * 2}, "$.calls[1]: a case ends with a call"),
        ({"calls": [{"method": "reset", "params": {"subnets": []}}]}, "ends with a call that is answered"),
        (
            {
                "calls": [
                    {"method": "reset", "params": {"subnets": []}},
                    {"method": "decide", "params": {"requests": []}},
                ]
            },
            "$.calls[1]: decide without a request asks nothing",
        ),
    ],
)
def test_a_file_that_is_no_stored_case_is_refused_with_the_place(change: dict[str, object], message: str) -> None:
    with pytest.raises(NotACase) as refused:
        stored_from_json({**_case("20.0.0.0/24").to_json(), **change})
    assert message in str(refused.value)


def test_a_member_that_stands_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "case.json"
    path.write_text('{"format": "fencepost-regression", "format": "x"}', encoding="utf-8")
    result = _run(path, "reference")
    assert result.exit_code == 2
    assert "occurs twice" in result.stderr


@pytest.mark.parametrize("mutant", _witnessed(), ids=lambda one: str(one.id))
def test_the_witness_of_a_mutant_fails_there_and_is_fixed_in_the_reference(mutant: Mutant) -> None:
    profile = mutant.profiles[0]
    found = [{"method": method, "params": params} for method, params in mutant.calls(profile)]
    case = case_from_calls(calls_from_json(found))
    states = {}
    for subject in (f"mutant:{mutant.id}", "reference"):
        plan = Plan(subject=subject, effort=EFFORTS["quick"], profile=profile)
        with begun(plan, Timeouts()) as campaign:
            states[subject] = replay_case(case, campaign.lockstep, campaign.capabilities).state
    assert states[f"mutant:{mutant.id}"] == "still failing"
    assert states["reference"] in ("fixed", "not judged")


def test_a_case_of_overlapping_calls_is_not_judged_by_sending_them_in_a_row(tmp_path: Path) -> None:
    calls = _case("20.0.0.0/24").calls
    (path,) = store([StoredCase(clause="STA-8", profile="keyvault", calls=calls, expected="allow")], tmp_path)
    result = _run(path, "reference")
    assert result.exit_code == 2
    assert "overlap" in result.stdout
