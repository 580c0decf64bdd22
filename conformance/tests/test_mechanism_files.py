"""Faults that other people wrote: each applies to its structure, and shows by its witness; how a file is read."""

import json
import pickle
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from fencepost.conformance.commands import main
from fencepost.conformance.strength.generated.made import original
from fencepost.conformance.strength.generated.measure import SOURCES, Design, measure
from fencepost.conformance.strength.generated.mechanisms import MechanismsError, mechanisms, read
from fencepost.conformance.strength.generated.structures import STRUCTURES
from fencepost.conformance.strength.generated.trial import Task, Trial

pytestmark = pytest.mark.xdist_group("generated")

ENTRY = """
[[mechanism]]
id = "{id}"
belief = "a range ends before its last address"
expected = "{expected}"
got = "deny"

witness = '''[
  {{"method": "putRules", "params": {{"networkAcls": {{
    "bypass": "None", "defaultAction": "Deny", "ipRules": [{{"value": "20.0.0.0/24"}}]}}}}}},
  {{"method": "{last}", "params": {{"requests": [
    {{"plane": "data", "operation": "SecretGet", "source": {{"address": "20.0.0.255"}}}}]}}}}]'''

"""
EDIT = (
    '[[mechanism.edit]]\nold = "address >> rest == first >> rest"\nnew = "first <= address < first + (1 << rest) - 1"'
)


def _entry(name: str, *, edit: str = EDIT, last: str = "decide", expected: str = "allow") -> str:
    return ENTRY.format(id=name, last=last, expected=expected) + edit + "\n"


def _read(*entries: str) -> list[str]:
    return [one.id for one in read("scan", "\n".join(entries), file="scan.toml")]


@pytest.mark.parametrize("structure", STRUCTURES)
def test_every_mechanism_shows_by_its_witness_and_the_original_does_not(structure: str) -> None:
    found = mechanisms(structure)
    assert found
    for one in found:
        right, wrong = one.answer(original(structure)()), one.answer(one.matcher()())
        assert (right, wrong) == (one.mechanism.expected, one.mechanism.got), one.id


def test_the_first_of_every_three_is_in_sample() -> None:
    found = read("scan", "\n".join(_entry(f"m{place}") for place in range(5)), file="scan.toml")
    assert [one.is_held_out for one in found] == [False, True, True, False, True]
    assert found[0].counts_in == ("in sample", "all")
    assert found[1].counts_in == ("held out", "all")


def test_a_survivor_that_is_held_out_is_counted_and_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    found = read("scan", _entry("m0") + _entry("m1"), file="scan.toml")
    source = replace(SOURCES["mechanisms"], of=lambda _: found)
    monkeypatch.setitem(SOURCES, "mechanisms", source)
    monkeypatch.setattr("fencepost.conformance.strength.generated.measure.within", _all_alive)
    measured = measure(Design(source="mechanisms", structures=("scan",)))
    assert [row.alive for row in measured.rows] == [1, 1, 2]
    assert [(case.mutant, case.change) for case in measured.cases] == [("scan/m0", found[0].mechanism.belief)]
    assert measured.cases[0].says == "its witness of 2 calls: deny"


def _all_alive(_: float, work: object, tasks: Sequence[Task], **__: object) -> Iterator[tuple[int, Trial]]:
    for place, task in enumerate(tasks):
        yield place, Trial(made=task.made, outcome="alive", says=str(task.made.difference(seed=0)))


def test_a_mechanism_passes_to_a_worker_and_makes_a_faulty_matcher_there() -> None:
    (one,) = read("scan", _entry("m"), file="scan.toml")
    again = pickle.loads(pickle.dumps(one))
    assert (again.answer(again.matcher()()), again.line) == ("deny", one.line)


def test_every_fault_of_a_file_is_told_with_the_file_and_the_id() -> None:
    twice = EDIT.replace("address >> rest == first >> rest", "first")
    broken = EDIT.replace("first <= address", "(")
    unknown = _entry("unknown").replace("belief =", "believed =")
    entries = [
        _entry("garbled").replace('"method": "putRules"', '"method": 7'),
        _entry("twice", edit=twice),
        _entry("broken", edit=broken),
        _entry("same", expected="deny"),
        _entry("last", last="putRules"),
        unknown,
        _entry("again"),
        _entry("again"),
    ]
    with pytest.raises(MechanismsError) as caught:
        _read(*entries)
    found = str(caught.value)
    assert found.startswith("scan.toml: ")
    for said in (
        "garbled: the witness is no list of calls",
        "twice: this stands",
        "broken: the edited source is no Python",
        "same: expected and got are both deny",
        "last: the last call of the witness must be decide",
        "unknown: Object",
        "again: the id is there twice",
    ):
        assert said in found


@pytest.mark.parametrize("text", ["[[mechanism", "other = 1"])
def test_a_file_without_mechanisms_is_refused(text: str) -> None:
    with pytest.raises(MechanismsError, match=r"^scan\.toml: "):
        _read(text)


@pytest.mark.parametrize(
    "options", [["--mechanisms", "--operator", "boundary"], ["--mechanisms", "--generated"], ["--operator", "boundary"]]
)
def test_options_that_do_not_go_together_are_bad_usage(options: list[str]) -> None:
    assert CliRunner().invoke(main, ["strength", *options]).exit_code == 2


@pytest.mark.slow
def test_the_command_measures_mechanisms(tmp_path: Path) -> None:
    file = tmp_path / "mechanisms.json"
    options = ["--mechanisms", "--structure", "scan", "--sample", "2", "--seeds", "1", "--jobs", "1"]
    result = CliRunner().invoke(main, ["strength", *options, "--json", str(file)], catch_exceptions=False)
    assert result.exit_code == 0
    found = json.loads(file.read_bytes())
    assert found["source"] == "mechanisms"
    assert [row["name"] for row in found["rows"]] == ["held out", "in sample", "all"]
    assert found["rows"][-1]["mutants"] == 2
    assert found["of"] == len(Design(source="mechanisms", structures=("scan",)).all())


@pytest.mark.parametrize("value", ["9" * 5_000, "[" * 5_000, "1979-05-27", "inf", '"""' + "[" * 200_000 + '"""'])
def test_a_value_that_no_reader_takes_is_told_with_the_file(value: str) -> None:
    for name in ("id", "witness"):
        with pytest.raises(MechanismsError, match=r"^scan\.toml: "):
            _read(_entry("m").replace(f"{name} = ", f"{name} = {value}\nignored = ", 1))
