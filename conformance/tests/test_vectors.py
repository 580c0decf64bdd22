"""Vectors: what a file holds, that it finds the mutants that it claims, and that it works without the kit."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner, Result
from fencepost.adapters.contract import Client
from fencepost.conformance import peers
from fencepost.conformance.commands import main
from fencepost.conformance.mutants import CATALOGUE
from fencepost.conformance.mutants.direct import Direct
from fencepost.conformance.regression.expectations import first_wrong
from fencepost.conformance.regression.vector_file import VectorFile, VectorsRefused, vectors_from_json, vectors_schema
from fencepost.conformance.regression.vectors import EDGE, LIMIT, cover
from fencepost.reference import load_profile

SOURCE = Path(__file__).parents[2]
PROFILE = "keyvault-2018-preview"
NODE = shutil.which("node")
pytestmark = pytest.mark.xdist_group("vectors")  # one worker exports them, for all the tests here
needs_node = pytest.mark.skipif(NODE is None and not os.environ.get("CI"), reason="no Node here")


def _run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["vectors", *map(str, arguments)], catch_exceptions=False)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The vectors of 2018."""
    path = tmp_path_factory.mktemp("vectors") / "vectors.json"
    assert _run("export", "--profile", PROFILE, "--out", path).exit_code == 0
    return path


@pytest.fixture(scope="module")
def known(file: Path) -> VectorFile:
    return vectors_from_json(file.read_bytes())


@pytest.mark.slow
def test_the_file_is_valid_against_its_schema(file: Path) -> None:
    schema = json.loads(_run("schema").stdout)
    assert schema == json.loads(json.dumps(vectors_schema()))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(file.read_bytes()), schema)


@pytest.mark.slow
def test_every_mutant_is_found_that_one_vault_can_show_call_by_call_without_an_open_point(known: VectorFile) -> None:
    entries = [
        one
        for one in CATALOGUE.values()
        if PROFILE in one.profiles and one.choice is None and not one.overlapping and not one.outlives_reset
    ]
    missed = {one.id for one in entries} - set(known.notes)
    assert missed <= {"repeated-rule-cancels", "endpoint-of-the-network-counts", "upper-half-is-everything"}
    assert known.number_of_tests < len(entries)


def test_a_test_finds_every_mutant_that_its_flags_name(known: VectorFile) -> None:
    tests = [test for group in known.test_groups for test in group.tests]
    for test in tests[::12]:
        for flag in set(test.flags) - {EDGE, LIMIT}:
            client = Client(Direct(flag, profile=PROFILE))
            assert first_wrong(test.calls, client, with_codes=True) is not None, (test.id, flag)


def test_edges_and_both_sides_of_every_limit_are_there(known: VectorFile) -> None:
    flagged = {
        group.clause: test for group in known.test_groups for test in group.tests if {EDGE, LIMIT} & {*test.flags}
    }
    assert {"DEC-4", "VAL-3", "LIM-1", "LIM-2", "LIM-3", "LIM-4", "LIM-5"} <= set(flagged)
    (write,) = [call for call in flagged["LIM-2"].calls if call.method == "putRules"]
    acls = write.params["networkAcls"]
    assert isinstance(acls, dict)
    assert len(acls["ipRules"]) == load_profile(PROFILE).max_ip_rules + 1
    assert write.accepted is False


def test_a_note_tells_the_bug_its_type_and_its_effect(known: VectorFile) -> None:
    note = known.notes["last-address-excluded"]
    assert note.bug_type == "ADDRESS_ARITHMETIC"
    assert "leaves out the last address" in note.description
    assert "must not" in note.effect


@pytest.mark.slow
def test_the_same_vectors_are_exported_by_another_process_with_another_order_of_sets(file: Path) -> None:
    program = "from fencepost.conformance.commands import main; main()"
    command = [sys.executable, "-c", program, "vectors", "export", "--profile", PROFILE]
    env = {**os.environ, "PYTHONHASHSEED": "7"}
    done = subprocess.run(command, capture_output=True, check=True, env=env, timeout=600)
    assert done.stdout == file.read_bytes()


def test_a_right_implementation_passes_every_vector(file: Path) -> None:
    result = _run("run", file, "reference")
    assert result.exit_code == 0
    assert " 0 failed, 0 not asked" in result.stdout


@pytest.mark.parametrize("peer", ["AttributeMode2018", "MinimalVault2018"])
def test_no_vector_accuses_a_correct_implementation_of_another_make(file: Path, peer: str) -> None:
    result = _run("run", file, f"library:{peers.__name__}:{peer}")
    assert result.exit_code == 0, result.stdout


def test_a_flawed_one_fails_and_is_told_which_bugs_look_like_that(file: Path) -> None:
    result = _run("run", file, "mutant:last-address-excluded")
    assert result.exit_code == 1
    assert "expected allow, got deny" in result.stdout


def test_what_a_statement_does_not_offer_is_not_asked(file: Path) -> None:
    result = _run("run", file, "library:fencepost.conformance.peers:MinimalVault2018")
    assert result.exit_code == 0
    assert " 0 not asked" not in result.stdout


def test_a_subject_of_another_edition_is_not_asked_at_all(file: Path) -> None:
    result = _run("run", file, "library:fencepost.conformance.peers:MinimalVault")
    assert result.exit_code == 2
    assert "the vectors are of" in result.stderr


def _consumer(file: Path, *harness: str) -> "subprocess.CompletedProcess[str]":
    script = SOURCE / "conformance" / "examples" / "node" / "run-vectors.mjs"
    command = [NODE or "node", str(script), str(file), *harness]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, cwd=SOURCE)


@needs_node
def test_the_vectors_work_in_another_language_without_the_kit(file: Path) -> None:
    done = _consumer(file, "node", "adapters/examples/node/harness.mjs", PROFILE)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " 0 failed, 0 skipped" in done.stdout


@needs_node
def test_the_other_language_finds_a_flaw_too(file: Path) -> None:
    subject = "mutant:last-address-excluded"
    done = _consumer(file, sys.executable, "-m", "fencepost.adapters.harness", "stdio", subject)
    assert done.returncode == 1
    assert "last-address-excluded" in done.stdout


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"schema": "fencepost-vectors-v2"}, "$.schema"),
        ({"numberOfTests": 1}, "$.numberOfTests"),
        ({"notes": {}}, "$.notes"),
        ({"testGroups": 7}, "$.testGroups"),
    ],
)
def test_a_file_that_is_none_is_refused_with_the_place(file: Path, change: dict[str, object], told: str) -> None:
    data = json.dumps({**json.loads(file.read_bytes()), **change}).encode()
    with pytest.raises(VectorsRefused) as refused:
        vectors_from_json(data)
    assert told in str(refused.value)


def test_a_test_that_is_there_twice_is_refused(file: Path) -> None:
    told = json.loads(file.read_bytes())
    told["testGroups"].append(told["testGroups"][0])
    told["numberOfTests"] += len(told["testGroups"][0]["tests"])
    with pytest.raises(VectorsRefused, match="there twice"):
        vectors_from_json(json.dumps(told).encode())


def test_the_cover_takes_what_finds_most_and_leaves_what_finds_nothing_new() -> None:
    kills = {"one": frozenset("a"), "three": frozenset("abc"), "two": frozenset("cd"), "none": frozenset[str]()}
    assert cover(kills, have=(), size=len) == ("three", "two")
    assert cover(kills, have=("three",), size=len) == ("two",)
