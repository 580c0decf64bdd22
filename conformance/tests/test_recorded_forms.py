"""WIRE: a subject that declares azure-wire is held to the recorded form of what it reads back; nobody else is asked."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from fencepost.adapters.contract import NetworkAcls
from fencepost.conformance.catalogue import catalogue
from fencepost.conformance.diagnosis.attribution import clause_of
from fencepost.conformance.lockstep.case import Case, ReadStep, WriteStep
from fencepost.conformance.lockstep.mismatch import WrongRead
from fencepost.conformance.lockstep.recorded_forms import broken_form
from fencepost.conformance.lockstep.wire import wire_rules
from fencepost.conformance.mutants import CATALOGUE
from fencepost.conformance.mutants.wire_vault import WireVault
from fencepost.reference import Network, Subnet, Vault, load_profile
from msgspec import convert
from runs import begun, judged

RECORDED = Path(__file__).parents[2] / "reference" / "tests" / "recorded_pairs.toml"
TODAY, PREVIEW = "keyvault", "keyvault-2018-preview"
FORMS = tuple(clause.id for clause in catalogue().clauses if clause.group == "wire")
OF_2018 = ("WIRE-1", "WIRE-4")
MUTANTS = [(one.id, profile) for one in CATALOGUE.values() if one.group == "wire" for profile in one.profiles]
HOME = "/subscriptions/s/resourceGroups/G/providers/Microsoft.Network/virtualNetworks/V/subnets/Home"
AWAY = HOME.replace("Home", "Away")


def form(written: dict[str, object], answer: dict[str, object] | None, profile: str = TODAY) -> str | None:
    """The broken form of an answer, after this one write."""
    network = Network(subnets=(Subnet(id=HOME), Subnet(id=AWAY)))
    vault = Vault(profile=load_profile(profile)).reset(network).put_rules(written).accepted
    assert vault is not None
    return broken_form(None if answer is None else convert(answer, NetworkAcls), vault)


@pytest.mark.parametrize("profile", [TODAY, PREVIEW])
def test_a_vault_in_the_recorded_form_passes_every_clause_of_it(profile: str) -> None:
    report = judged(lambda: WireVault(profile), *FORMS)
    verdicts = {row.id: row.verdict for row in report.clauses}
    assert verdicts == {one: "pass" if profile == TODAY or one in OF_2018 else "not applicable" for one in FORMS}


@pytest.mark.parametrize(("name", "profile"), MUTANTS)
def test_each_flaw_of_form_breaks_its_clause_and_no_other(name: str, profile: str) -> None:
    report = judged(f"mutant:{name}", *FORMS, "STA-5", profile=profile)
    assert [row.id for row in report.clauses if row.verdict == "fail"] == [CATALOGUE[name].clause]
    assert not [entry.key for entry in report.ledger if entry.broken]


@pytest.mark.parametrize("clause", FORMS)
def test_each_clause_of_form_has_mutants_of_its_own(clause: str) -> None:
    assert [name for name, _ in MUTANTS if CATALOGUE[name].clause == clause]


def test_a_subject_that_does_not_speak_azures_wire_is_asked_nothing_for_its_form() -> None:
    with begun("reference", *FORMS) as campaign:
        campaign.run()
        assert campaign.bench.meter.explored.writes == 0
        assert {row.verdict for row in campaign.report().clauses} == {"not applicable"}


def test_each_clause_of_form_is_recorded_and_extended_so_that_no_run_is_partial_for_want_of_it() -> None:
    of_form = [clause for clause in catalogue().clauses if clause.group == "wire"]
    assert {(clause.basis, clause.level) for clause in of_form} == {("recorded", "extended")}


@pytest.mark.parametrize(
    ("written", "answer", "broken"),
    [
        (wire_rules(["20.0.0.7"]), wire_rules(["20.0.0.7/32"]), None),
        (wire_rules(["20.0.0.7"]), wire_rules(["20.0.0.7"]), "WIRE-1"),
        (wire_rules(["52.0.0.0/8", "20.0.0.0/8"]), wire_rules(["20.0.0.0/8", "52.0.0.0/8"]), "WIRE-2"),
        (wire_rules([], [HOME, AWAY]), wire_rules([], [AWAY.lower(), HOME.lower()]), "WIRE-2"),
        (wire_rules(["20.0.0.0/8"] * 2 + ["52.0.0.0/8"]), wire_rules(["52.0.0.0/8", "20.0.0.0/8"]), None),
        (wire_rules(["20.0.0.0/8"] * 2 + ["52.0.0.0/8"]), wire_rules(["52.0.0.0/8"] + ["20.0.0.0/8"] * 2), None),
        (wire_rules([], [HOME]), wire_rules([], [HOME]), "WIRE-3"),
        (wire_rules([]), {"bypass": "None", "defaultAction": "Deny", "ipRules": []}, "WIRE-4"),
        (wire_rules([], default_action="Allow", bypass="AzureServices"), None, None),
        ({"bypass": "AzureServices", "defaultAction": "Allow"}, {"defaultAction": "Allow"}, "WIRE-5"),
    ],
)
def test_the_form_that_an_answer_breaks_is_the_one_whose_words_it_breaks(
    written: dict[str, object], answer: dict[str, object] | None, broken: str | None
) -> None:
    assert form(written, answer) == broken


@pytest.mark.parametrize(
    ("answer", "broken"),
    [
        (wire_rules(["52.0.0.0/8", "20.0.0.0/8"], [HOME]), None),
        ({"defaultAction": "Deny", "ipRules": [{"value": "20.0.0.0/8"}]}, "WIRE-4"),
        (wire_rules(["20.0.0.7"]), "WIRE-1"),
    ],
)
def test_of_2018_only_what_was_recorded_then_is_judged(answer: dict[str, object], broken: str | None) -> None:
    assert form(wire_rules(["20.0.0.0/8", "52.0.0.0/8"], [HOME]), answer, PREVIEW) == broken
    assert form({"bypass": "None", "defaultAction": "Deny"}, {"defaultAction": "Deny"}, PREVIEW) is None


def test_what_the_service_was_seen_to_return_breaks_no_form() -> None:
    ids = {"{mixed}": HOME, "{lower}": HOME.lower(), "{other-mixed}": AWAY, "{other-lower}": AWAY.lower()}

    def spelt_out(acls: dict[str, Any]) -> dict[str, Any]:
        rules = [{"id": ids[rule["id"]]} for rule in acls.get("virtualNetworkRules", [])]
        return {**acls, **({"virtualNetworkRules": rules} if "virtualNetworkRules" in acls else {})}

    pairs = [pair for pair in tomllib.loads(RECORDED.read_text("utf-8"))["pairs"] if "written" in pair]
    assert len(pairs) > 8
    for pair in pairs:
        read = spelt_out(pair["read"]) if "read" in pair else None
        assert form(spelt_out(pair["written"]), read, pair["profile"]) is None, pair["id"]


def test_a_form_that_takes_a_former_put_to_break_is_shown_under_the_clause_of_replacement() -> None:
    vault = Vault(profile=load_profile(TODAY))
    wrong = WrongRead(vault=vault, expected=vault.rules, got=None, form="WIRE-2")
    put = WriteStep(method="putRules", params={"networkAcls": wire_rules(["52.0.0.0/8", "20.0.0.0/8"])})
    assert clause_of(wrong, Case(network=Network(), steps=(put, ReadStep()))) == "WIRE-2"
    assert clause_of(wrong, Case(network=Network(), steps=(put, put, ReadStep()))) == "WIRE-6"
