"""Vectors: what a file holds, that it finds the mutants that it claims, and that it works without the kit."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import cast

import jsonschema
import msgspec
import pytest
from click.testing import CliRunner, Result
from fencepost.adapters.contract import Client, JsonObject, open_factory
from fencepost.conformance import peers
from fencepost.conformance.commands import main
from fencepost.conformance.mutants import CATALOGUE
from fencepost.conformance.mutants.direct import Direct
from fencepost.conformance.peers import NetaddrVault
from fencepost.conformance.regression.expectations import first_wrong
from fencepost.conformance.regression.vector_edges import EDGE, LIMIT
from fencepost.conformance.regression.vector_file import (
    Strength,
    VectorFile,
    VectorsRefused,
    vectors_from_json,
    vectors_schema,
    vectors_to_json,
)
from fencepost.conformance.regression.vector_file import (
    Test as Vector,
)
from fencepost.conformance.regression.vector_lives import SOURCES
from fencepost.conformance.regression.vector_run import run_vectors
from fencepost.conformance.regression.vector_strength import Measured, strength_of, updated
from fencepost.conformance.regression.vectors import LIFE, cover
from fencepost.reference import load_profile, profile_names

pytestmark = pytest.mark.xdist_group("vectors")  # what the module makes once takes many seconds

SOURCE = Path(__file__).parents[2]
PROFILE = "keyvault-2018-preview"
NODE = shutil.which("node")

needs_node = pytest.mark.skipif(NODE is None and not os.environ.get("CI"), reason="no Node here")


def _run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["vectors", *map(str, arguments)], catch_exceptions=False)


STORED = SOURCE / "conformance" / "vectors"


@pytest.fixture(scope="module")
def file() -> Path:
    """The vectors of 2018, as they lie in the repository."""
    return STORED / f"{PROFILE}.json"


@pytest.fixture(scope="module")
def known(file: Path) -> VectorFile:
    return vectors_from_json(file.read_bytes())


def test_the_export_counts_what_is_done_within_each_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few = {key: one for key, one in CATALOGUE.items() if one.group in ("address-arithmetic", "parsing")}
    monkeypatch.setattr("fencepost.conformance.regression.vectors.CATALOGUE", few)
    monkeypatch.setattr("fencepost.conformance.regression.vector_lives.SOURCES", SOURCES[:1])
    result = _run("export", "--profile", PROFILE, "--out", tmp_path / "few.json")
    assert result.exit_code == 0
    counts: dict[str, list[tuple[int, int]]] = {}
    for line in result.stderr.splitlines():
        what, _, numbers = line.partition(": ")
        done, _, of = numbers.partition(" of ")
        counts.setdefault(what, []).append((int(done), int(of)))
    names = [name.partition(",")[0] for name in counts]
    assert names == ["address-arithmetic", "parsing", "long lives"]
    for name, seen in counts.items():
        assert [done for done, _ in seen] == sorted({done for done, _ in seen}), name
        assert seen[-1][0] == seen[-1][1], name
    assert all(len(seen) >= 8 for name, seen in counts.items() if name != "long lives")


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
        # Calls of every size, Azure's wire, and a vault with other answers to open points.
        if not one.flaw.__module__.endswith(("call_sizes", "wire_forms", "declared_forms"))
    ]
    missed = {one.id for one in entries} - set(known.notes)
    assert missed <= {
        "rule-removed-in-vain-stays-out",
        "null-default-action-keeps-the-old",
        "repeated-rule-cancels",
        "repeated-rule-frees-one-place",
        "endpoint-of-the-network-counts",
        "endpoint-of-a-subnet-without-a-rule-is-not-noticed",
        "upper-half-is-everything",
        "end-at-the-last-address-is-closed",
    }
    assert known.number_of_tests < len(entries)


def test_a_test_finds_every_mutant_that_its_flags_name(known: VectorFile) -> None:
    tests = [test for group in known.test_groups for test in group.tests]
    for test in tests[::12]:
        for flag in set(test.flags) - {EDGE, LIMIT, LIFE}:
            client = Client(Direct(flag, profile=PROFILE))
            assert first_wrong(test.calls, client, with_codes=True) is not None, (test.id, flag)


class WithoutTheLast(NetaddrVault):
    """A vault that leaves out the last address of ranges of a single prefix length."""

    length = 0
    choices = replace(NetaddrVault.choices, superset_matches_private="yes")

    def __init__(self) -> None:
        super().__init__(profile=PROFILE)

    def decide(self, *, requests: Sequence[JsonObject], **_: object) -> JsonObject:
        """The right decisions, but at the ends of those ranges."""
        decisions = super().decide(requests=requests)["decisions"]
        acls = cast("dict[str, list[dict[str, str]]]", self.get_rules().get("networkAcls", {}))
        ranges = [IPv4Network(rule["value"]) for rule in acls.get("ipRules", [])]
        last = {one.broadcast_address for one in ranges if one.prefixlen == self.length}
        assert isinstance(decisions, list)
        asked = [cast("dict[str, dict[str, str]]", request)["source"] for request in requests]
        is_last = ["subnet" not in source and IPv4Address(source["address"]) in last for source in asked]
        return {"decisions": ["deny" if wrong else right for right, wrong in zip(decisions, is_last, strict=True)]}


class UndeclaredWithoutTheLast(WithoutTheLast):
    """The same vault without declared choices."""

    declares = False


@pytest.mark.parametrize("length", range(1, 31))
def test_a_vault_that_leaves_out_the_last_address_of_a_prefix_length_fails(known: VectorFile, length: int) -> None:
    of_edges = replaced_groups(known, lambda test: EDGE in test.flags)
    for vault in (WithoutTheLast, UndeclaredWithoutTheLast):
        for flawed in (False, True):
            client = Client(open_factory(type("Vault", (vault,), {"length": length if flawed else 0})))
            failed = [one for one in run_vectors(of_edges, client, client.describe()) if one.state == "failed"]
            assert bool(failed) is flawed
            assert all(one.test.comment.startswith(f"both ends of a /{length} ") for one in failed[:1])


def replaced_groups(known: VectorFile, wanted: Callable[[Vector], bool]) -> VectorFile:
    """The file with some of its tests."""
    groups = (
        msgspec.structs.replace(group, tests=tuple(test for test in group.tests if wanted(test)))
        for group in known.test_groups
    )
    return msgspec.structs.replace(known, test_groups=tuple(groups))


def test_there_are_at_most_two_thousand_tests_in_calls_of_one_request_and_of_a_thousand(known: VectorFile) -> None:
    tests = [test for group in known.test_groups for test in group.tests]
    sizes = {len(call.decisions) for test in tests for call in test.calls if call.decisions is not None}
    assert len(tests) <= 2_000
    assert 1 in sizes
    assert max(sizes) > 900
    for flag in (EDGE, LIFE):
        of_it = [test for test in tests if flag in test.flags]
        assert any(call.decisions is not None and len(call.decisions) == 1 for test in of_it for call in test.calls)


def test_longer_lives_are_of_every_source_and_for_subjects_that_have_little(known: VectorFile) -> None:
    lives = [(group.needs, test) for group in known.test_groups for test in group.tests if LIFE in test.flags]
    assert {source.comment for source in SOURCES} <= {test.comment for _, test in lives}
    assert any(needs == () for needs, _ in lives)
    assert max(len(test.calls) for _, test in lives) > 300


@pytest.mark.parametrize("profile", profile_names())
def test_the_vectors_in_the_repository_are_those_that_are_exported_and_say_their_measured_strength(
    profile: str,
) -> None:
    stored = vectors_from_json((STORED / f"{profile}.json").read_bytes())
    strength = stored.strength
    assert strength is not None, (
        "fencepost vectors measure FILE --update …/regression/vector_strength.json, export again"
    )
    assert strength == strength_of(profile, (test.id for group in stored.test_groups for test in group.tests))
    assert strength.mutants >= 100
    assert strength.low <= strength.score == round(strength.killed / strength.mutants, 4)
    assert strength.command == "fencepost vectors measure FILE --sample 200 --seed 0"
    assert "They cannot find: " in " ".join(stored.header)


def test_a_strength_holds_of_just_the_tests_that_were_measured(tmp_path: Path, known: VectorFile) -> None:
    data = tmp_path / "data.json"
    data.write_text("{}")
    strength = Strength(command="c", mutants=4, killed=3, score=0.75, low=0.3, high=0.95, undecided=1)
    updated(data, "keyvault", Measured(digest=known.digest, strength=strength))
    updated(data, "other", Measured(digest="0", strength=strength))
    assert set(json.loads(data.read_bytes())) == {"keyvault", "other"}
    assert strength_of("keyvault", ("DEC-1-0",)) is None


@pytest.mark.slow
def test_the_strength_is_measured_by_vaults_of_structures_that_are_held_out(tmp_path: Path, known: VectorFile) -> None:
    path = tmp_path / "edges.json"
    edges = replaced_groups(known, lambda test: EDGE in test.flags)
    number = sum(len(group.tests) for group in edges.test_groups)
    path.write_text(vectors_to_json(msgspec.structs.replace(edges, number_of_tests=number, strength=None)))
    measured = json.loads(_run("measure", path, "--sample", "6", "--jobs", "1").stdout)
    assert measured["command"] == "fencepost vectors measure FILE --sample 6 --seed 0"
    assert 0 < measured["killed"] <= measured["mutants"] <= 6


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
@pytest.mark.parametrize("profile", profile_names())
def test_the_vectors_in_the_repository_are_exported_by_another_process_with_another_order_of_sets(
    tmp_path: Path, profile: str
) -> None:
    program, out = "from fencepost.conformance.commands import main; main()", tmp_path / "vectors.json"
    command = [sys.executable, "-c", program, "vectors", "export", "--profile", profile, "--out", str(out)]
    env = {**os.environ, "PYTHONHASHSEED": "7"}
    subprocess.run(command, capture_output=True, check=True, env=env, timeout=600)
    is_same = (
        out.read_bytes() == (STORED / f"{profile}.json").read_bytes()
    )  # pytest would compare megabytes for minutes
    assert is_same, f"fencepost {' '.join(command[3:])}"


def test_a_right_implementation_passes_every_vector_but_those_of_other_choices(file: Path, known: VectorFile) -> None:
    result = _run("run", file, "reference")
    assert result.exit_code == 0
    others = [test for group in known.test_groups for test in group.tests if "private-superset=accept" in group.needs]
    assert f" 0 failed, {len(others)} not asked" in result.stdout


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
    assert " 0 failed, 11 skipped" in done.stdout, "those of other choices than the example's"


@needs_node
def test_the_other_language_finds_a_flaw_too(file: Path) -> None:
    subject = "mutant:last-address-excluded"
    done = _consumer(file, sys.executable, "-m", "fencepost.adapters.harness", "stdio", subject)
    assert done.returncode == 1
    assert "last-address-excluded" in done.stdout


@needs_node
@pytest.mark.parametrize(
    ("harness", "message"),
    [
        ((), "usage: node run-vectors.mjs VECTORS.json COMMAND"),
        (("no-such-command",), "the harness does not start"),
        (("false",), "describe: the harness has ended"),
        (("yes", "hello"), "describe: expected one JSON-RPC object a line on stdout, got hello"),
    ],
)
def test_the_other_language_says_in_a_line_why_nothing_was_asked(
    file: Path, harness: tuple[str, ...], message: str
) -> None:
    done = _consumer(file, *harness)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema": "fencepost-vectors-v2"}, "$.schema"),
        ({"numberOfTests": 1}, "$.numberOfTests"),
        ({"notes": {}}, "$.notes"),
        ({"testGroups": 7}, "$.testGroups"),
    ],
)
def test_a_file_that_is_none_is_refused_with_the_place(file: Path, change: dict[str, object], message: str) -> None:
    data = json.dumps({**json.loads(file.read_bytes()), **change}).encode()
    with pytest.raises(VectorsRefused) as refused:
        vectors_from_json(data)
    assert message in str(refused.value)


def test_a_test_that_is_there_twice_is_refused(file: Path) -> None:
    document = json.loads(file.read_bytes())
    document["testGroups"].append(document["testGroups"][0])
    document["numberOfTests"] += len(document["testGroups"][0]["tests"])
    with pytest.raises(VectorsRefused, match="there twice"):
        vectors_from_json(json.dumps(document).encode())


def test_the_cover_takes_what_finds_most_and_leaves_what_finds_nothing_new() -> None:
    kills = {"one": frozenset("a"), "three": frozenset("abc"), "two": frozenset("cd"), "none": frozenset[str]()}
    assert cover(kills, have=(), size=len) == ("three", "two")
    assert cover(kills, have=("three",), size=len) == ("two",)
