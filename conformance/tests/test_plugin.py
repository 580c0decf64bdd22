"""The pytest plugin: what it asks for, what it selects, and that it leaves other projects' runs alone."""

import shlex
import subprocess
import sys

import pytest
from fencepost.conformance.catalogue import catalogue
from suite_size import SUITE_TESTS

pytest_plugins = ["pytester"]

SUITE = "fencepost.conformance.suite"

pytestmark = pytest.mark.xdist_group("plugin")


def test_without_a_subject_the_suite_says_what_to_give_and_does_not_pass(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest("--pyargs", SUITE)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: the conformance suite needs its subject: --iut SUBJECT *"])
    assert "passed" not in result.stdout.str()


def test_a_subject_that_names_nothing_ends_the_run_with_the_near_misses(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest("--pyargs", SUITE, "--iut", "referense")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--iut: referense: no carrier*Did you mean 'reference'?*"])
    result = pytester.runpytest("--pyargs", SUITE, "--iut", "fixture:live_vault", "--iut-clause", "STA-5")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stdout.fnmatch_lines(["*--iut: fixture:live_vault: no fixture has this name*"])


def test_a_subject_that_does_not_answer_ends_the_run_and_says_why(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        my_vault="class Vault:\n    def describe(self, *, protocol):\n        raise OSError('no route')"
    )
    result = pytester.runpytest_subprocess("--pyargs", SUITE, "--iut", "library:my_vault:Vault")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stdout.fnmatch_lines(["*library:my_vault:Vault does not answer: describe: *OSError: no route*"])


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("--iut-effort=quik", "*no effort is called 'quik' (known: quick, standard, thorough)*"),
        ("--iut-profile=keyvalut", "*no profile is called 'keyvalut'; did you mean keyvault*"),
        ("--iut-clause=DEC-44", "*no clause is called 'DEC-44'; did you mean DEC-4*"),
        ("--iut-settle=-1", "*expected a number of seconds, 0 or more, got '-1'*"),
        ("--iut-seed=few", "*expected a number from 0 to 9223372036854775807, got 'few'*"),
        ("--iut-seed=-1", "*expected a number from 0 to 9223372036854775807, got '-1'*"),
        ("--iut-report=", "*expected a path, got an empty text*"),
    ],
)
def test_an_option_that_names_nothing_is_bad_usage(pytester: pytest.Pytester, option: str, message: str) -> None:
    result = pytester.runpytest("--pyargs", SUITE, "--iut", "reference", option)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([message])


def test_clauses_and_families_are_selected_by_their_ids(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest(
        "--pyargs", SUITE, "--iut", "reference", "--iut-clause", "sta-5,DEC-10", "--iut-clause", "VAL", "--co", "-q"
    )
    collected = [line.partition("::")[2] for line in result.outlines if "::" in line]
    assert [name[: len("test_dec_10")] for name in collected[:1]] == ["test_dec_10"]
    assert len(collected) == 11
    assert {name.split("_")[1] for name in collected} == {"dec", "sta", "val"}


def test_the_marker_selects_the_clauses_and_leaves_the_ledger_out(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest(
        "--pyargs", SUITE, "--iut", "reference", "-m", "clause", "--co", "-q", "--strict-markers"
    )
    assert result.ret == 0
    collected = [line for line in result.outlines if "::" in line]
    assert len(collected) == len(catalogue().clauses)
    assert not any("test_ledger" in line for line in collected)


@pytest.mark.parametrize(
    ("expression", "selected"),
    [("DEC-1", {"dec_1"}), ("dec-4 or VAL-3", {"dec_4", "val_3"}), ("STA and not STA-10", None)],
)
def test_k_selects_clauses_by_their_whole_ids(
    pytester: pytest.Pytester, expression: str, selected: set[str] | None
) -> None:
    result = pytester.runpytest("--pyargs", SUITE, "--iut", "reference", "-k", expression, "--co", "-q")
    names = [line.partition("::test_")[2] for line in result.outlines if "::test_" in line]
    found = {"_".join(name.split("_")[:2]) for name in names}
    assert found == selected if selected is not None else {"sta_1", "sta_9"} <= found and "sta_10" not in found


def test_the_header_says_what_is_judged(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest("--pyargs", SUITE, "--iut", "reference", "--iut-seed", "7", "--co")
    result.stdout.fnmatch_lines(["iut: reference, its own profile, effort quick, seed 7"])


def test_no_secret_of_a_subject_is_shown(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARNESS_TOKEN", "planted-in-the-environment")
    subject = "http://me:planted-in-the-url@127.0.0.1:9/?sig=planted-in-the-query"
    result = pytester.runpytest("--pyargs", SUITE, "--iut", subject, "--junitxml", "junit.xml")
    result.stdout.fnmatch_lines(["iut: http://[*][*][*]@127.0.0.1:9/?sig=[*][*][*], *"])
    harness = "import os, sys; print('token', os.environ['HARNESS_TOKEN'], file=sys.stderr)"
    result = pytester.runpytest("--pyargs", SUITE, "--iut", f"stdio:{sys.executable} -c {shlex.quote(harness)}")
    output = "\n".join(result.outlines + result.errlines)
    assert "token ***" in output
    assert "planted" not in output + pytester.path.joinpath("junit.xml").read_text()


def test_the_profile_and_the_seed_are_passed_on(pytester: pytest.Pytester) -> None:
    arguments = (
        "--iut",
        "reference",
        "--iut-profile",
        "keyvault-2018-preview",
        "--iut-clause",
        "VAL-2,VAL-8",
        "-rs",
        "--iut-open-points",
    )
    result = pytester.runpytest("--pyargs", SUITE, *arguments)
    result.assert_outcomes(passed=1, skipped=1)  # the reference is opened as this profile: VAL-2 would fail otherwise
    result.stdout.fnmatch_lines(["*VAL-8 does not apply: needs endpoint-check*"])


@pytest.mark.parametrize("returned", ["'reference'", "StdlibVault", "lambda: StdlibVault()"])
def test_a_project_may_give_the_subject_by_a_fixture(pytester: pytest.Pytester, returned: str) -> None:
    pytester.makeconftest(f"""
        import pytest
        from fencepost.conformance.peers import StdlibVault

        @pytest.fixture(scope="session")
        def iut():
            return {returned}
    """)
    pytester.runpytest("--pyargs", SUITE, "--iut-clause", "STA-5").assert_outcomes(passed=1, deselected=SUITE_TESTS - 1)


def test_a_project_may_write_its_own_test_of_a_clause(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import pytest

        @pytest.mark.clause("STA-5")
        def test_what_we_promise(clause_outcome):
            clause_outcome.must_pass()

        def test_of_nothing_that_the_kit_knows(clause_outcome):
            clause_outcome.must_pass()
    """)
    result = pytester.runpytest_subprocess("--iut", "reference")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*which clause? Mark it: @pytest.mark.clause('DEC-4')*"])


def test_a_run_that_has_nothing_to_do_with_it_is_left_alone(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\naddopts = --strict-markers\nfilterwarnings = error\n")
    pytester.makepyfile(
        reports="WHOSE = 'ours'",
        test_ours="""
        import pytest
        import reports

        @pytest.fixture
        def iut():
            return "our own"

        def test_our_names_are_ours(iut):
            assert (iut, reports.WHOSE) == ("our own", "ours")
        """,
    )
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("iut:*")


def test_the_suite_puts_no_folder_of_the_kit_on_the_path_of_modules(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("""
        import sys

        def pytest_sessionfinish():
            assert not {"conformance", "conformance.suite"} & set(sys.modules)
            assert not any(path.endswith("fencepost") for path in sys.path)
    """)
    result = pytester.runpytest_subprocess("--pyargs", SUITE, "--iut", "reference", "--iut-clause", "STA-5")
    result.assert_outcomes(passed=1, deselected=SUITE_TESTS - 1)
    assert result.ret == 0


def test_loading_the_plugin_loads_nothing_else_of_the_kit() -> None:
    program = (
        "import sys, fencepost.conformance.plugin as plugin;"
        "print(*sorted(name for name in sys.modules if name.split('.')[0] in ('fencepost', 'hypothesis', 'msgspec')))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["fencepost", "fencepost.conformance", "fencepost.conformance.plugin"]
