"""The suite as a class in a vendor's repository: two lines, and every test of a clause is there."""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner
from fencepost.adapters.contract import FactoryCarrier, JsonObject, open_factory
from fencepost.adapters.library import connect_factory
from fencepost.conformance import conformance_suite
from fencepost.conformance.catalogue import UnknownClause, catalogue
from fencepost.conformance.commands import main
from fencepost.conformance.peers import StdlibVault
from fencepost.conformance.pytest.session import Options, SubjectSession
from fencepost.conformance.pytest.suite_collection import clause_of, suite_tests
from fencepost.reference import UnknownProfile
from fencepost.reports.model import report_from_json
from suite_size import SUITE_TESTS

pytest_plugins = ["pytester"]

THE_CARRIER_KEEPS_THE_PROTOCOL: FactoryCarrier = connect_factory

TWO_LINES = """
    from fencepost.conformance import conformance_suite
    from fencepost.conformance.peers import StdlibVault

    TestVault = conformance_suite(StdlibVault{options})
"""


def exercised_clauses(suite: type[object]) -> set[str | None]:
    return {clause_of(test) for name, test in suite_tests().items() if name in vars(suite)}


def test_two_lines_are_enough(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(TWO_LINES.format(options=", clauses=['STA-5', 'DEC-10', 'VAL-4']"))
    result = pytester.runpytest("-v")
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(["*::TestVault::test_sta_5_the_rules_read_back_are_the_rules_in_force PASSED*"])


def test_a_class_holds_every_clause_and_the_ledger_unless_told_otherwise() -> None:
    assert exercised_clauses(conformance_suite(StdlibVault)) == {None, *(clause.id for clause in catalogue().clauses)}


def test_a_class_holds_the_clauses_and_families_that_it_is_told_and_no_others() -> None:
    assert exercised_clauses(conformance_suite(StdlibVault, clauses=["CRED", "dec-4"])) == {
        *("CRED-1", "CRED-2", "CRED-3", "CRED-4"),
        "DEC-4",
    }
    assert exercised_clauses(conformance_suite(StdlibVault, clauses="STA-10")) == {"STA-10"}


def test_the_options_say_what_it_is_judged_by(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(TWO_LINES.format(options=", profile='keyvault-2018-preview', seed=3, clauses=['VAL-8']"))
    result = pytester.runpytest("-rs", "--iut-open-points")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["*VAL-8 does not apply: needs endpoint-check"])


def test_options_that_name_nothing_are_refused_where_they_are_written() -> None:
    with pytest.raises(UnknownProfile, match="did you mean keyvault"):
        conformance_suite(StdlibVault, profile="keyvalt")
    with pytest.raises(UnknownClause, match="did you mean"):
        conformance_suite(StdlibVault, clauses=["DEC-44"])
    with pytest.raises(ValueError, match="no effort is called 'most'"):
        conformance_suite(StdlibVault, effort="most")
    with pytest.raises(ValueError, match="expected a seed from 0 to 9223372036854775807, got -1"):
        conformance_suite(StdlibVault, seed=-1)
    assert conformance_suite(StdlibVault, effort="Quick"), "as on the command line, in any case"


def test_a_subject_string_and_a_function_will_do_and_two_classes_do_not_meet(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        from fencepost.conformance import conformance_suite
        from fencepost.conformance.peers import StdlibVault

        def make_vault():
            return StdlibVault(profile="keyvault-2018-preview")

        TestOurs = conformance_suite(make_vault, clauses=["STA-5"])
        TestTheirs = conformance_suite("mutant:octets-up-to-256", clauses=["STA-5", "VAL-5"])

        class TestNested:
            TestInside = conformance_suite("reference", clauses=["STA-5"])
    """)
    result = pytester.runpytest("-v")
    result.assert_outcomes(passed=3, failed=1)
    result.stdout.fnmatch_lines(["*::TestTheirs::test_val_5_* FAILED*", "*replay *mutant:octets-up-to-256*"])


def test_a_factory_that_fails_is_one_error_and_ends_nothing_else(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        from fencepost.conformance import conformance_suite

        def make_vault():
            raise OSError("the licence has run out")

        TestVault = conformance_suite(make_vault, clauses=["STA-5", "VAL-4"])

        def test_something_else():
            pass
    """)
    result = pytester.runpytest()
    result.assert_outcomes(passed=1, errors=1, deselected=1)
    result.stdout.fnmatch_lines(["*CannotBegin: library:*:make_vault does not answer: *the licence has run out*"])


def test_the_implementation_is_shut_down_with_its_class(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        from fencepost.conformance import conformance_suite
        from fencepost.conformance.peers import StdlibVault

        log = []

        class Vault(StdlibVault):
            def __init__(self):
                super().__init__()
                log.append("made")

            def shutdown(self):
                log.append("shut down")
                return {}

        TestVault = conformance_suite(Vault, clauses=["STA-5", "VAL-4"])

        def test_afterwards():
            assert log == ["made", "shut down"]
    """)
    pytester.runpytest().assert_outcomes(passed=3)


def test_a_factory_is_opened_by_the_library_carrier() -> None:
    connection = open_factory(StdlibVault)
    try:
        assert connection.exclusive is False
        statement = connection.call("describe", {"protocol": 1})
        assert isinstance(statement, dict)
        assert statement["name"] == StdlibVault().describe(protocol=1)["name"]
    finally:
        connection.close()


def test_each_exploration_is_run_once_however_many_clauses_it_serves() -> None:
    resets: list[Sequence[JsonObject]] = []

    class Counting(StdlibVault):
        def reset(self, *, subnets: Sequence[JsonObject], **_: object) -> JsonObject:
            resets.append(subnets)
            return super().reset(subnets=subnets)

    trial = SubjectSession(Counting, Options())
    try:
        assert trial.clause("VAL-4").verdict == "pass"
        after_one = len(resets)
        assert [trial.clause(clause).verdict for clause in ("VAL-4", "VAL-6")] == ["pass", "pass"]
        assert 0 < after_one == len(resets)
    finally:
        trial.close()


def test_a_misspelt_subject_is_one_error_and_the_other_tests_are_counted(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        from fencepost.conformance import conformance_suite

        TestVault = conformance_suite("referense")
    """)
    result = pytester.runpytest("-ra")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.assert_outcomes(errors=1, deselected=SUITE_TESTS - 1)
    result.stdout.fnmatch_lines(["*Did you mean 'reference'?*", f"fencepost: {SUITE_TESTS - 1} tests were not asked *"])
    assert len(result.outlines) < 25
    assert "contextlib.py" not in result.stdout.str()


@pytest.mark.parametrize("given", ["StdlibVault()", "StdlibVault", "'reference'"])
def test_a_fixture_may_be_the_subject(pytester: pytest.Pytester, given: str) -> None:
    pytester.makepyfile(f"""
        import pytest
        from fencepost.conformance import conformance_suite
        from fencepost.conformance.peers import StdlibVault

        @pytest.fixture(scope="class")
        def live_vault():
            return {given}

        TestVault = conformance_suite("fixture:live_vault", clauses=["STA-5", "VAL-4"])
    """)
    pytester.runpytest().assert_outcomes(passed=2)


def test_a_fixture_that_is_missing_is_one_error(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        from fencepost.conformance import conformance_suite

        TestVault = conformance_suite("fixture:live_vault", clauses=["STA-5", "VAL-4"])
    """)
    result = pytester.runpytest()
    result.assert_outcomes(errors=1, deselected=1)
    result.stdout.fnmatch_lines(["*CannotBegin: fixture:live_vault: no fixture has this name*"])


def test_an_expected_failure_does_not_cover_a_missing_module(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        import pytest
        from fencepost.conformance import conformance_suite

        TestVault = pytest.mark.xfail(strict=True)(conformance_suite("library:no_such_module:V", clauses=["STA-5"]))
        TestOther = pytest.mark.xfail(strict=True)(
            conformance_suite("mutant:octets-up-to-256", clauses=["VAL-5"])
        )
    """)
    result = pytester.runpytest()
    result.assert_outcomes(errors=1, xfailed=1)


def _kept(folder: Path) -> Path:
    """A list with the one known failure of a mutant, as `baseline add` makes it."""
    run, known = folder / "run", folder / "known.json"
    done = CliRunner().invoke(
        main, ["check", "mutant:last-address-excluded", "--clause", "DEC-4", "--report", str(run)]
    )
    assert done.exit_code == 1
    found = ["--reason", "fixed in 2.4", "--issue", "https://example.com/7", "--expires", "2999-01-01"]
    done = CliRunner().invoke(main, ["baseline", "add", str(known), "--from", str(run), *found])
    assert done.exit_code == 0, done.output
    return known


@pytest.mark.slow
def test_known_failures_and_the_report_are_as_in_check(pytester: pytest.Pytester) -> None:
    known = _kept(pytester.path)
    pytester.makepyfile(f"""
        from fencepost.conformance import conformance_suite

        TestVault = conformance_suite(
            "mutant:last-address-excluded", clauses=["DEC-4"], known={str(known)!r}, report="out"
        )
        TestFixed = conformance_suite(
            "reference", profile="keyvault-2018-preview", clauses=["DEC-4"], known={str(known)!r}
        )
    """)
    result = pytester.runpytest("-rx")
    result.assert_outcomes(xfailed=1, failed=1)
    found = ["*_ TestFixed.test_dec_4_*", "*unexpected success*", "*XFAIL*known failure DEC-4-*: fixed in 2.4*"]
    result.stdout.fnmatch_lines(found)
    assert (pytester.path / "out" / "report.json").is_file()
    elsewhere = SubjectSession(
        "reference", Options(profile="keyvault-2018-preview", known=known), shared=("VAL-3", "DEC-4")
    )
    with closing(elsewhere):
        elsewhere.clause("VAL-3")
        assert not elsewhere.unreported()  # the worker that asks DEC-4 reports it


def test_a_run_that_harness_faults_end_does_not_pass_though_the_clauses_asked_for_do() -> None:
    class Vault(StdlibVault):
        def put_rules(self, *, network_acls: object, **_: object) -> JsonObject:
            raise KeyError("no engine")

    with closing(SubjectSession(Vault, Options())) as session:
        assert session.clause("DEC-1").verdict == "pass"  # single changes reach it
        (ended,) = session.unreported()
        assert "three harness faults in a row ended the run" in str(ended)
        assert "KeyError: 'no engine'" in str(ended)


@pytest.mark.slow
def test_stored_cases_are_replayed_and_kept_and_what_is_not_judged_is_a_warning(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("""
        from fencepost.conformance import conformance_suite

        TestVault = conformance_suite("mutant:last-address-excluded", clauses=["DEC-4"], regressions="kept")
        TestAgain = conformance_suite("mutant:last-address-excluded", clauses=["VAL-1"], regressions="kept")
        TestOther = conformance_suite("reference", clauses=["DEC-4"], regressions="kept")
    """)
    result = pytester.runpytest("-W", "default")
    result.assert_outcomes(failed=1, passed=2, errors=1, warnings=1)
    result.stdout.fnmatch_lines(
        ["*ERROR*TestAgain*", "*stored cases not judged: DEC-4-*: the case is for the profile *"]
    )
    assert len(list((pytester.path / "kept").glob("DEC-4-*.json"))) == 1
    result = pytester.runpytest("-W", "error::pytest.PytestWarning", "-k", "TestOther")
    result.assert_outcomes(passed=1, errors=1, deselected=2)


def test_a_list_that_cannot_be_read_is_one_error(pytester: pytest.Pytester) -> None:
    pytester.path.joinpath("known.json").write_text('{"format": "something else"}')
    pytester.makepyfile("""
        from fencepost.conformance import conformance_suite

        TestMissing = conformance_suite("reference", clauses=["DEC-4", "DEC-5"], known="missing.json")
        TestOther = conformance_suite("reference", clauses=["DEC-4", "DEC-5"], known="known.json")
    """)
    result = pytester.runpytest()
    result.assert_outcomes(errors=2, deselected=2)
    result.stdout.fnmatch_lines(["*CannotBegin: *missing.json*", "*CannotBegin: known.json: *format*"])


def test_the_report_of_few_clauses_is_of_these_clauses(pytester: pytest.Pytester) -> None:
    arguments = ("--pyargs", "fencepost.conformance.suite", "--iut", "reference", "-k", "STA-5 or VAL-4")
    pytester.runpytest(*arguments, "--iut-report", "out").assert_outcomes(passed=2, deselected=SUITE_TESTS - 2)
    report = report_from_json((pytester.path / "out" / "report.json").read_bytes())
    assert [(clause.id, clause.verdict) for clause in report.clauses] == [("VAL-4", "pass"), ("STA-5", "pass")]
    assert report.exit_status == 0
    assert report.selected == ("VAL-4", "STA-5")
    assert "1970-01-01" not in (pytester.path / "out" / "junit.xml").read_text(encoding="utf-8")  # it has its time


def test_a_folder_that_takes_no_report_is_an_error_before_anything_is_asked(pytester: pytest.Pytester) -> None:
    pytester.path.joinpath("taken").write_text("a file")
    pytester.makepyfile("""
        from fencepost.conformance import conformance_suite

        TestVault = conformance_suite("reference", clauses=["DEC-4", "DEC-5"], report="taken/out")
    """)
    result = pytester.runpytest()
    result.assert_outcomes(errors=1, deselected=1)
    result.stdout.fnmatch_lines(["*CannotBegin: no report can be written into taken/out: Not a directory*"])
    subject = ("--pyargs", "fencepost.conformance.suite", "--iut", "reference", "--iut-clause", "DEC-4")
    result = pytester.runpytest(*subject, "--iut-report", "taken")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert any("no report can be written into taken: File exists" in line for line in result.outlines + result.errlines)


def test_the_replay_line_of_what_check_may_not_find_can_be_run_in_another_shell(pytester: pytest.Pytester) -> None:
    flawed = """
        from fencepost.conformance import conformance_suite
        from fencepost.conformance.mutants import mutant

        class Vault:
            def __new__(cls):
                return mutant("octets-up-to-256")
    """
    pytester.mkdir("src")
    pytester.makepyfile(**{"src/in_src": flawed})
    pytester.makeini("[pytest]\npythonpath = src")
    classes = """
        import in_src

        TestHere = conformance_suite(Vault, clauses=["VAL-5"])
        TestInSrc = conformance_suite(in_src.Vault, clauses=["VAL-5"])
        TestNameless = conformance_suite(lambda: Vault(), clauses=["VAL-5"])
    """
    name = f"{pytester.makepyfile(test_vault=flawed + classes).name}::Test"
    result = pytester.runpytest()
    result.assert_outcomes(failed=3)
    lines = [f"*replay*pytest {name}{one} -k VAL-5" for one in ("Here", "InSrc", "Nameless")]
    result.stdout.fnmatch_lines(lines)
    pytester.runpytest(f"{name}InSrc", "-k", "VAL-5").assert_outcomes(failed=1)
