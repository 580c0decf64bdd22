"""No command, with any option, sends a call that the statement does not offer: the harness would die of it."""

import json
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner
from fencepost.conformance.commands import main
from fencepost.conformance.regression import vector_file

pytest_plugins = ["pytester"]

STRICT = Path(__file__).parent / "harnesses" / "strict.py"
FLAW = "mutant:last-address-excluded"
OFFERED = {"describe", "reset", "putRules", "decide", "shutdown"}
PROFILES = ("keyvault", "keyvault-2018-preview")


class Harness:
    """The strict harness as a subject string, and the calls that its processes got."""

    def __init__(self, folder: Path) -> None:
        self._log = folder / "calls.txt"
        self.subject = f"stdio:{shlex.join([sys.executable, str(STRICT), str(self._log)])}"

    def calls(self) -> list[str]:
        return self._log.read_text(encoding="utf-8").split()


@pytest.fixture
def harness(tmp_path: Path) -> Harness:
    return Harness(tmp_path)


def run(*arguments: str) -> str:
    """What a command prints; it must not end with a harness fault."""
    result = CliRunner().invoke(main, list(arguments), catch_exceptions=False)
    assert "does not answer" not in result.output
    assert "exited" not in result.output
    return result.output


def stored_failure(folder: Path) -> Path:
    """The folder of a run of the flawed vault, whose stored counterexample asks for nothing that is not offered."""
    found = CliRunner().invoke(main, ["check", FLAW, "--clause", "DEC-4", "--report", str(folder / "run")])
    assert found.exit_code == 1
    return folder / "run"


def check(harness: Harness, folder: Path) -> None:
    assert "DEC-4" in run("check", harness.subject, "--clause", "DEC-4")


def check_of_a_profile(harness: Harness, folder: Path) -> None:
    for profile in PROFILES:
        assert "DEC-4" in run("check", harness.subject, "--clause", "DEC-4", "--profile", profile)


def check_within_bounds(harness: Harness, folder: Path) -> None:
    run("check", harness.subject, "--max-configurations", "3", "--profile", PROFILES[0])


def smoke(harness: Harness, folder: Path) -> None:
    for profile in PROFILES:
        assert "10 of 10" in run("smoke", harness.subject, "--profile", profile)


def spellings(harness: Harness, folder: Path) -> None:
    run("spellings", harness.subject, "--profile", PROFILES[0])


def disagree(harness: Harness, folder: Path) -> None:
    run("disagree", harness.subject, "reference", "--profile", PROFILES[0])


def disagree_without_a_profile(harness: Harness, folder: Path) -> None:
    run("disagree", FLAW, harness.subject, "--profile", PROFILES[1])


def replay(harness: Harness, folder: Path) -> None:
    kept = folder / "kept"
    run("check", FLAW, "--clause", "DEC-4", "--regressions", str(kept))
    run("replay", str(next(kept.glob("*.json"))), harness.subject)


def prune(harness: Harness, folder: Path) -> None:
    known = str(folder / "known.json")
    why = ["--reason", "in work", "--issue", "https://example.org/1", "--expires", "2999-01-01"]
    run("baseline", "add", known, "--from", str(stored_failure(folder)), *why)
    run("baseline", "prune", known, harness.subject)


def vectors(harness: Harness, folder: Path) -> None:
    request = {"plane": "data", "operation": "SecretGet", "source": {"address": "20.1.2.3"}}
    calls = (
        vector_file.VectorCall(method="reset", params={"subnets": []}),
        vector_file.VectorCall(
            method="decide", params={"requests": [request]}, decisions=(vector_file.ExpectedDecision(outcome="allow"),)
        ),
    )
    test = vector_file.Test(tc_id=1, id="one", comment="a new vault is open", flags=(), calls=calls)
    group = vector_file.TestGroup(clause="DEC-1", text="", needs=(), tests=(test,))
    for profile in PROFILES:
        file = vector_file.VectorFile(
            schema="fencepost-vectors-v1",
            generator_version="0",
            catalogue_version="0",
            profile=profile,
            number_of_tests=1,
            header=(),
            notes={},
            test_groups=(group,),
        )
        path = folder / f"{profile}.json"
        path.write_text(json.dumps(msgspec.to_builtins(file)), encoding="utf-8")
        run("vectors", "run", str(path), harness.subject)


def false_alarms(harness: Harness, folder: Path) -> None:
    run("strength", "--correct", harness.subject, "--seeds", "1")


@pytest.mark.parametrize(
    "command",
    [
        check,
        check_of_a_profile,
        check_within_bounds,
        smoke,
        spellings,
        disagree,
        disagree_without_a_profile,
        replay,
        prune,
        vectors,
        pytest.param(false_alarms, marks=pytest.mark.slow),
    ],
    ids=lambda command: str(getattr(command, "__name__", command)),
)
def test_a_command_sends_only_what_the_statement_offers(
    command: Callable[[Harness, Path], None], harness: Harness, tmp_path: Path
) -> None:
    command(harness, tmp_path)
    assert set(harness.calls()) <= OFFERED
    assert harness.calls()[0] == "describe"


@pytest.mark.slow
def test_pytest_sends_only_what_the_statement_offers(pytester: pytest.Pytester, harness: Harness) -> None:
    for profile in PROFILES:
        options = ["--iut", harness.subject, "--iut-profile", profile, "-k", "smoke or DEC_4 or dec_4"]
        pytester.runpytest_subprocess("--pyargs", "fencepost.conformance.suite", *options)
    assert set(harness.calls()) <= OFFERED
    assert harness.calls()[0] == "describe"


@pytest.mark.slow
def test_certifying_and_asking_again_send_only_what_the_statement_offers(harness: Harness, tmp_path: Path) -> None:
    key, bundle = tmp_path / "key", tmp_path / "bundle.zip"
    run("keygen", "--out", str(key))
    run("certify", harness.subject, "--out", str(bundle), "--key", str(key), "--effort", "quick")
    run("verify", str(bundle), "--key", f"{key}.pub", "--re-run", harness.subject)
    assert set(harness.calls()) <= OFFERED
