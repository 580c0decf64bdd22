"""`disagree`: the smallest input on which two subjects differ, found without judging either."""

import json

import pytest
from click.testing import CliRunner, Result
from fencepost.adapters.contract import Statement
from fencepost.conformance.commands import main
from fencepost.conformance.comparison.common_ground import common_statement
from fencepost.reference import load_profile


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["disagree", *arguments], catch_exceptions=False)


def _statement(*features: str, **choices: object) -> Statement:
    return Statement(
        protocol=1, name="x", version="1", profile="keyvault", features=list(features), choices=dict(choices)
    )


def test_the_smallest_input_that_tells_two_subjects_apart_is_shown_with_both_answers() -> None:
    result = _run("reference", "mutant:last-address-excluded", "--json")
    (found,) = json.loads(result.stdout)["differences"]
    assert result.exit_code == 1
    assert [call["method"] for call in found["calls"]] == ["reset", "putRules", "decide"]
    assert len(found["calls"][1]["params"]["networkAcls"]["ipRules"]) == 1
    assert (found["first"], found["second"]) == ("allow", "deny")


@pytest.mark.slow
def test_two_alike_do_not_differ() -> None:
    result = _run("mutant:last-address-excluded", "mutant:last-address-excluded")
    assert result.exit_code == 0
    assert "no differences found" in result.stdout


def test_who_stands_first_is_told_first() -> None:
    subjects = ("reference", "mutant:last-address-excluded")
    there, back = (
        json.loads(_run(*order, "--profile", "keyvault", "--json").stdout)["differences"][0]
        for order in (subjects, subjects[::-1])
    )
    assert (there["first"], there["second"]) == (back["second"], back["first"])


@pytest.mark.slow
@pytest.mark.parametrize(
    "mutant",
    [
        *("short-prefix-counted-as-8", "bisected-unsorted", "any-endpoint-counts", "bypass-only-without-rules"),
        *("token-stands-for-the-permission", "listing-is-control", "unknown-bypass-is-the-default"),
        *("subnet-limit-without-bypass-only", "added-rule-replaces-the-wider-one"),
    ],
)
def test_a_flaw_is_a_difference_from_a_subject_without_it(mutant: str) -> None:
    result = _run("reference", f"mutant:{mutant}", "--profile", "keyvault", "--json")
    assert result.exit_code == 1
    (found,) = json.loads(result.stdout)["differences"]
    assert found["first"] != found["second"]


def test_what_is_no_subject_is_bad_usage() -> None:
    assert _run("reference", "mutant:nowhere").exit_code == 2


def test_subjects_of_different_editions_are_not_compared_unasked() -> None:
    result = _run("reference", "library:fencepost.conformance.peers:MinimalVault2018")
    assert result.exit_code == 2
    assert "--profile" in result.stderr


def test_a_subject_that_does_not_answer_is_bad_usage() -> None:
    result = _run("reference", "stdio:false")
    assert result.exit_code == 2
    assert "does not answer" in result.stderr


def test_only_what_both_offer_is_asked_and_what_either_restricts_is_left_out() -> None:
    profile = load_profile("keyvault")
    one = _statement("read-back", "service-endpoints", "data-plane-only")
    other = _statement("read-back", "service-endpoints", "ip-rules-only", "caller-credentials")
    assert common_statement(one, other, profile).features == ["data-plane-only", "ip-rules-only", "read-back"]


def test_services_are_left_out_where_trust_is_told_in_different_ways() -> None:
    profile = load_profile("keyvault")
    one = _statement("trusted-services", **{"trusted-services": "list"})
    other = _statement("trusted-services", **{"trusted-services": "attribute"})
    assert common_statement(one, other, profile).features == []
    assert common_statement(one, one, profile).features == ["trusted-services"]


def test_the_subject_that_does_not_answer_is_named() -> None:
    for subjects in (("reference", "stdio:false"), ("stdio:false", "reference")):
        result = _run(*subjects)
        assert result.exit_code == 2
        assert "stdio:false does not answer: describe" in result.stderr
