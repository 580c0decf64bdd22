"""The suite: a test for each clause, and an outcome for each verdict that cannot be taken for another."""

from collections import Counter

import pytest
from fencepost.conformance.catalogue import catalogue
from fencepost.conformance.pytest.suite_collection import clause_of, suite_tests
from suite_size import SUITE_TESTS

pytest_plugins = ["pytester"]

SUITE = "fencepost.conformance.suite"

DOUBTFUL = """
    from fencepost.conformance.peers import StdlibVault

    class Doubtful(StdlibVault):
        def decide(self, *, requests):
            return {"decisions": [{"outcome": "inconclusive", "reason": "moved"} for _ in requests]}

    class Refusing(StdlibVault):
        def put_rules(self, *, network_acls):
            return {"accepted": False}

    class Broken(StdlibVault):
        def get_rules(self):
            raise RuntimeError("boom")

    class Raising(StdlibVault):
        def put_rules(self, *, network_acls):
            raise RuntimeError("boom")

    class Fickle(StdlibVault):
        count = 0

        def get_rules(self):
            Fickle.count += 1
            return super().get_rules() if Fickle.count % 5 else {"networkAcls": {}}
"""


def test_every_clause_has_one_test_in_the_module_of_its_group() -> None:
    found = Counter(clause_of(test) for test in suite_tests().values())
    assert found == Counter([None, None, *(clause.id for clause in catalogue().clauses)])
    for test in suite_tests().values():
        clause = clause_of(test)
        groups = {catalogue()[clause].group} if clause else {"ledger", "sensitivity"}
        assert test.__module__ in {f"{SUITE}.test_{group.replace('-', '_')}" for group in groups}


def test_every_test_is_named_after_its_clause_and_says_it_in_its_words() -> None:
    for name, test in suite_tests().items():
        clause = clause_of(test)
        if clause is not None:
            assert name.startswith(f"test_{clause.lower().replace('-', '_')}_")
            said = (test.__doc__ or "").replace("`", "").removesuffix(".")
            assert said
            assert catalogue()[clause].text.startswith(said)


@pytest.mark.slow
def test_the_reference_passes(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest("--pyargs", SUITE, "--iut", "reference", "--junitxml=out.xml")
    outcomes = result.parseoutcomes()
    assert outcomes.keys() == {"passed", "deselected"}
    assert outcomes["passed"] >= 71
    assert result.ret == 0
    junit = (pytester.path / "out.xml").read_text(encoding="utf-8")
    assert '<property name="clause" value="DEC-4" />' in junit
    assert '<property name="limit found"' in junit


def test_a_broken_clause_fails_with_its_smallest_counterexample(pytester: pytest.Pytester) -> None:
    options = ("--iut-clause", "DEC-2,DEC-4", "-rs")
    result = pytester.runpytest("--pyargs", SUITE, "--iut", "mutant:last-address-excluded", *options)
    result.assert_outcomes(failed=1, skipped=1, deselected=SUITE_TESTS - 2)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [
            "*ClauseFailed: DEC-4 (core): An IP rule for a range MUST cover the first and the last address*",
            '*rules     {"bypass": "None", "defaultAction": "Deny", "ipRules": [[]{"value": "*"}], *',
            "*request   *",
            "*expected  allow",
            "*got       deny*",
            "*why       *",
            '*calls     1 reset {"subnets": []}',
            "*2 putRules *",
            "*3 decide *",
            "*replay    fencepost check mutant:last-address-excluded *--clause DEC-4*",
            "mutant:last-address-excluded: 1 fail, 1 shown under another",
            "  shown under another DEC-2: asked *",
            "SKIPPED *: its wrong answers are shown under DEC-4",
        ]
    )


def test_what_does_not_apply_is_counted_and_its_needs_are_named(pytester: pytest.Pytester) -> None:
    subject = "library:fencepost.conformance.peers:MinimalVault"
    result = pytester.runpytest("--pyargs", SUITE, "--iut", subject, "--iut-clause", "STA-5,CRED-4", "-rs")
    result.assert_outcomes(deselected=SUITE_TESTS)
    result.stdout.fnmatch_lines(["fencepost: 2 clauses do not apply (--iut-open-points shows each)"])
    result.stdout.no_fnmatch_line("SKIPPED*")
    arguments = ("--iut", subject, "--iut-clause", "STA-5,CRED-4", "-rs", "--iut-open-points")
    result = pytester.runpytest("--pyargs", SUITE, *arguments)
    result.assert_outcomes(skipped=2, deselected=SUITE_TESTS - 2)
    result.stdout.fnmatch_lines(
        ["*CRED-4 does not apply: needs caller-credentials, decision-codes", "*STA-5 does not apply: needs read-back"]
    )


@pytest.mark.parametrize(
    ("vault", "clause", "message"),
    [
        ("Broken", "STA-5", "*HarnessBroken: STA-5: error: *RuntimeError: boom*"),
        ("Doubtful", "DEC-9", "*Inconclusive: DEC-9: inconclusive: * requests could not be put as asked*"),
        ("Refusing", "DEC-10", "*Vacuous: DEC-10: vacuous: decisive 0 times of the 20 that a pass takes*"),
    ],
)
def test_a_clause_that_cannot_be_judged_is_an_error_and_no_failure(
    pytester: pytest.Pytester, vault: str, clause: str, message: str
) -> None:
    pytester.makepyfile(unjudged=DOUBTFUL)
    result = pytester.runpytest("--pyargs", SUITE, "--iut", f"library:unjudged:{vault}", "--iut-clause", clause)
    outcomes = result.parseoutcomes()
    assert "passed" not in outcomes
    assert "failed" not in outcomes
    assert outcomes["errors" if outcomes.get("errors") else "error"] >= 1
    result.stdout.fnmatch_lines([message])


def test_a_harness_that_raises_is_shown_once_with_the_call_and_the_traceback(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(unjudged=DOUBTFUL)
    result = pytester.runpytest("--pyargs", SUITE, "--iut", "library:unjudged:Raising", "--iut-clause", "DEC-2,DEC-9")
    shown = result.stdout.str()
    assert shown.count("HarnessBroken: ") >= 2
    errors, _, _ = shown.partition("short test summary info")  # which repeats whole messages where CI is set
    assert errors.count("the harness raised an exception at: ") == 1
    assert "RuntimeError: boom" in shown.partition("the harness raised an exception at: ")[2]


def test_a_wrong_answer_that_does_not_come_again_fails_its_test(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(unjudged=DOUBTFUL)
    result = pytester.runpytest("--pyargs", SUITE, "--iut", "library:unjudged:Fickle", "--iut-clause", "STA-5")
    assert result.parseoutcomes()["failed"] == 1
    result.stdout.fnmatch_lines(["*ClauseFailed: STA-5*", "*not every time*"])


def test_a_failure_that_no_test_tells_is_told_at_the_end(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest("--pyargs", SUITE, "--iut", "mutant:octets-up-to-256", "--iut-clause", "VAL-4")
    result.assert_outcomes(passed=1, errors=1, deselected=SUITE_TESTS - 1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*FoundBeside: also found, and shown by no other test:", "*VAL-5 (core): *"])


def test_a_broken_choice_fails_the_test_of_its_open_point(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        liar="""
        from fencepost.conformance.peers import StdlibVault

        class Liar(StdlibVault):
            def describe(self, *, protocol):
                said = super().describe(protocol=protocol)
                other = {"reject": "mask", "mask": "reject"}[said["choices"]["host-bits"]]
                return {**said, "choices": {**said["choices"], "host-bits": other}}
        """
    )
    selected = "test_a_declared_choice_is_held_to[host-bits]"
    result = pytester.runpytest("--pyargs", f"{SUITE}.test_ledger::{selected}", "--iut", "library:liar:Liar")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*ChoiceBroken: host-bits: declared *, found *"])


def test_faults_that_a_run_would_not_notice_are_an_error_and_named(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(unjudged=DOUBTFUL)
    result = pytester.runpytest("--pyargs", f"{SUITE}.test_sensitivity", "--iut", "library:unjudged:Doubtful")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*DecoysUnnoticed: the run would not notice an implementation that *(DEC-4)*"])


def test_a_harness_has_the_time_that_it_is_given(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        slow="""
        import threading
        from fencepost.conformance.peers import StdlibVault

        class Slow(StdlibVault):
            def put_rules(self, *, network_acls):
                threading.Event().wait(60)
        """
    )
    arguments = ["--iut", "library:slow:Slow", "--iut-clause", "VAL-1", "--iut-call-timeout", "0.2"]
    result = pytester.runpytest("--pyargs", SUITE, *arguments)
    result.assert_outcomes(errors=1, deselected=SUITE_TESTS - 1)
    result.stdout.fnmatch_lines(["*HarnessBroken: VAL-1: error: *0.2*"])
