"""How the suite stands in a pytest run: its tests, the trial behind them, and what their outcomes are."""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from types import FunctionType, MappingProxyType, ModuleType

import pytest
from fencepost.conformance.catalogue import catalogue
from fencepost.conformance.pytest.clause_outcome import (
    ChoiceOutcome,
    ClauseOutcome,
    DecoysUnnoticed,
    FoundBeside,
    SensitivityOutcome,
    raise_unless_judged,
)
from fencepost.conformance.pytest.session import Options, SubjectSession
from fencepost.conformance.run.opening import CannotBegin, Subject

_SUITE = "fencepost.conformance.suite"
_MODULES = ("decisions", "credentials", "control_plane", "limits", "validation", "state", "ledger", "sensitivity")


class SuiteModule(pytest.Module):
    """A module of the suite, imported by the name that it is installed under."""

    def _getobj(self) -> ModuleType:
        return import_module(f"{_SUITE}.{self.path.stem}")


@cache
def suite_tests() -> Mapping[str, FunctionType]:
    """The tests of the suite by name, in the catalogue's order; those of no clause last."""
    modules = (import_module(f"{_SUITE}.test_{name}") for name in _MODULES)
    return MappingProxyType(
        {
            name: test
            for module in modules
            for name, test in vars(module).items()
            if name.startswith("test_") and isinstance(test, FunctionType)
        }
    )


def clause_of(test: FunctionType) -> str | None:
    """The clause that a test of the suite is marked with, if any."""
    marks = getattr(test, "pytestmark", ())
    return next((str(mark.args[0]) for mark in marks if mark.name == "clause"), None)


def on_trial(subject: Subject, terms: Options, *, alone: bool) -> Iterator[SubjectSession]:
    """A trial that is closed at the end; `FoundBeside` then, if it has found what none of its tests has told."""
    __tracebackhide__ = True
    trial = SubjectSession(subject, terms, alone=alone)
    try:
        yield trial
        untold = trial.untold()
    finally:
        trial.close()
    if untold:
        raise FoundBeside(failures=untold)


def outcome_of_clause(request: pytest.FixtureRequest) -> ClauseOutcome:
    """The outcome of the clause that the test is marked with; see the fixture `clause_outcome`."""
    __tracebackhide__ = True
    mark = request.node.get_closest_marker("clause")
    if mark is None or not mark.args:
        raise pytest.UsageError(f"{request.node.nodeid}: which clause? Mark it: @pytest.mark.clause('DEC-4')")
    clause = catalogue()[str(mark.args[0])]
    try:
        row = _trial_of(request).clause(clause.id)
    except CannotBegin as error:
        _give_up(request, error)
        raise
    told = {"clause": row.id, "asked": row.asked, "decisive": row.decisive, "limit found": row.limit_found}
    request.node.user_properties += [(name, value) for name, value in told.items() if value is not None]
    if row.verdict == "not applicable":
        pytest.skip(f"{row.id} does not apply: {row.detail}")
    raise_unless_judged(row)
    return ClauseOutcome(row=row)


def outcome_of_choice(request: pytest.FixtureRequest) -> ChoiceOutcome:
    """The outcome of the open point that the fixture's parameter names; see the fixture `choice_outcome`."""
    __tracebackhide__ = True
    try:
        entry = _trial_of(request).choice(str(request.param))
    except CannotBegin as error:
        _give_up(request, error)
        raise
    request.node.user_properties += [("declared", entry.declared), ("found", entry.found)]
    if entry.declared is None:
        pytest.skip(f"{entry.key}: nothing is declared; found: {entry.found or 'nothing'}")
    return ChoiceOutcome(entry=entry)


def outcome_of_sensitivity(request: pytest.FixtureRequest) -> SensitivityOutcome:
    """What the run has noticed of its decoys; see the fixture `sensitivity_outcome`."""
    __tracebackhide__ = True
    trial = _trial_of(request)
    try:
        decoys = trial.decoys()
    except CannotBegin as error:
        _give_up(request, error)
        raise
    request.node.user_properties += [(f"decoy {one.id}", "noticed" if one.caught else "unnoticed") for one in decoys]
    if unnoticed := tuple(one for one in decoys if not one.caught):
        if trial.has_failed:
            pytest.skip("what a run notices of an implementation that fails says nothing")
        raise DecoysUnnoticed(decoys=unnoticed)
    return SensitivityOutcome(decoys=decoys)


def is_of_a_class(node: pytest.Item) -> bool:
    """Whether the test belongs to a class that `conformance_suite` made."""
    return getattr(getattr(node, "cls", None), "conformance", None) is not None


def _trial_of(request: pytest.FixtureRequest) -> SubjectSession:
    trial = request.getfixturevalue("class_trial" if is_of_a_class(request.node) else "suite_trial")
    if not isinstance(trial, SubjectSession):
        raise TypeError(f"a fixture of fencepost is overridden by {trial!r}: override `iut` instead")
    return trial


def _give_up(request: pytest.FixtureRequest, error: CannotBegin) -> None:
    """End a run that is the suite's own: its subject cannot be asked by any of the other tests either."""
    config = request.config
    if config.getoption("--iut") is not None and not is_of_a_class(request.node) and not hasattr(config, "workerinput"):
        pytest.exit(f"--iut: {error}", returncode=pytest.ExitCode.USAGE_ERROR)
