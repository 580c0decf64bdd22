"""The suite in a pytest run: its tests, their subject's session, and their outcomes."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from sysconfig import get_paths
from types import FunctionType, MappingProxyType, ModuleType
from typing import NoReturn, TypeVar

import pytest
from fencepost.conformance.catalogue import catalogue
from fencepost.conformance.pytest.clause_outcome import (
    SHOWN_UNDER_ANOTHER,
    ChoiceOutcome,
    ClauseOutcome,
    ClauseUnjudged,
    DecoysUnnoticed,
    FoundBeside,
    SensitivityOutcome,
    raise_unless_judged,
    verdict_of,
)
from fencepost.conformance.pytest.session import FIXTURE, OneWorkerOnly, Options, SubjectSession
from fencepost.conformance.run.opening import CannotBegin, Subject

_T = TypeVar("_T")
_SUITE = "fencepost.conformance.suite"
_MODULES = (
    "decisions",
    "credentials",
    "control_plane",
    "limits",
    "validation",
    "state",
    "wire",
    "ledger",
    "sensitivity",
)

LEFT_OUT = "left out"
"""The property of a skipped test, with one of the three kinds below."""
NOT_APPLICABLE, OPEN_POINT, UNASKED = "does not apply", "open point", "not asked"


class ClauseId(str):
    """A clause id as a keyword of a test: `-k DEC-1` selects this clause, and not DEC-10."""

    __slots__ = ()

    def lower(self) -> "ClauseId":
        """The id in lower case, for pytest's comparison."""
        return ClauseId(super().lower())

    def __contains__(self, part: object) -> bool:
        """Whether the part is the whole id; a plain text would accept any part."""
        return self == part


class SuiteModule(pytest.Module):
    """A module of the suite, imported by the name that it is installed under."""

    def _getobj(self) -> ModuleType:
        return import_module(f"{_SUITE}.{self.path.stem}")


@cache
def suite_tests() -> Mapping[str, FunctionType]:
    """The tests of the suite by name, in the catalogue's order; tests without a clause last."""
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
    """The clause in a test's mark, if any."""
    marks = getattr(test, "pytestmark", ())
    return next((str(mark.args[0]) for mark in marks if mark.name == "clause"), None)


def on_trial(
    request: pytest.FixtureRequest, subject: Subject, terms: Options, *, alone: bool
) -> Iterator[SubjectSession]:
    """A session, closed at the end; then `FoundBeside` if it has found failures that none of its tests has reported.

    A warning names the stored cases that could not be judged.

    A subject `fixture:NAME` is that fixture's value: a subject string, a factory, or the implementation itself.
    """
    __tracebackhide__ = True
    name, unusable = None, None
    if isinstance(subject, str) and subject.startswith(FIXTURE):
        named = subject
        try:
            given = request.getfixturevalue(named.removeprefix(FIXTURE))
        except pytest.FixtureLookupError as error:
            missing = f"{FIXTURE}{error.argname}"
            unusable = CannotBegin(reasons=(f"{missing}: no fixture has this name; pytest --fixtures lists them",))
        except (Exception, pytest.fail.Exception) as error:  # reported once, not by every test
            unusable = CannotBegin(reasons=(f"{named}: {type(error).__name__}: {error}",))
        else:
            subject = subject_of(given)
            name = None if subject is given else named
    if terms.report is not None and not alone and (worker := getattr(request.config, "workerinput", None)):
        terms = replace(terms, report=terms.report / worker["workerid"])  # each worker has asked some of the clauses
    unusable = unusable or _unwritable(terms.report)
    again = f"pytest {request.node.nodeid if request.scope == 'class' else f'--pyargs {_SUITE}'}"
    trial = SubjectSession(
        subject,
        terms,
        alone=alone,
        name=name,
        shared=tuple(_shared(request)),
        again=again,
        needs_pytest=needs_pytest(subject, request),
    )
    if unusable is not None:
        trial.give_up(unusable)
    try:
        yield trial
        unreported = trial.unreported()
        try:
            trial.keep()
        except OSError as error:
            pytest.fail(f"what the run found cannot be written: {error}", pytrace=False)
    finally:
        trial.close()
    try:
        if trial.not_judged:
            request.node.warn(pytest.PytestWarning(f"stored cases not judged: {'; '.join(trial.not_judged)}"))
    finally:  # the warning is an exception if the project makes warnings errors
        if unreported:
            raise FoundBeside(failures=unreported)


def subject_of(given: object) -> Subject:
    """A subject string or a factory as it is; of an implementation, a factory that gives it each time."""
    if isinstance(given, str | type) or (callable(given) and not hasattr(given, "decide")):
        return given
    return lambda: given


def needs_pytest(subject: Subject, request: pytest.FixtureRequest) -> bool:
    """Whether another command may not find the subject's module from the directory where pytest was started.

    It is a module of tests, or a module of the project that is neither there nor among the installed modules.
    """
    name = str(getattr(subject, "__module__", ""))
    file = getattr(sys.modules.get(name), "__file__", None)
    if file is None:
        return False
    path = Path(file)
    if path in {item.path for item in request.session.items}:
        return True
    depth = name.count(".") + (path.stem == "__init__")
    top = path.parents[min(depth, len(path.parents) - 1)]
    found = {request.config.invocation_params.dir, *(Path(one) for one in get_paths().values())}
    return top.is_relative_to(request.config.rootpath) and top not in found


def _unwritable(folder: Path | None) -> CannotBegin | None:
    """Why no report can be written into the folder, which is made if it does not exist."""
    if folder is None:
        return None
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        return CannotBegin(reasons=(f"no report can be written into {folder}: {error.strerror}",))
    if not os.access(folder, os.W_OK):
        return CannotBegin(reasons=(f"no report can be written into {folder}: it is not writable",))
    return None


def _shared(request: pytest.FixtureRequest) -> Iterator[str]:
    """What the tests of the session ask, if pytest-xdist has given some of them to other workers."""
    if getattr(request.config, "workerinput", {}).get("workercount", 1) == 1:
        return
    owner = request.cls if request.scope == "class" else None
    for item in request.session.items:
        its_class = getattr(item, "cls", None)
        if its_class is owner or (owner is None and not is_of_a_class(item)):
            mark = item.get_closest_marker("clause")
            called = getattr(item, "callspec", None)
            asked = mark.args if mark is not None else called.params.values() if called is not None else ()
            yield from (one for one in asked if isinstance(one, str))


def outcome_of_clause(request: pytest.FixtureRequest) -> ClauseOutcome:
    """The outcome of the clause in the test's mark; see the fixture `clause_outcome`."""
    __tracebackhide__ = True
    mark = request.node.get_closest_marker("clause")
    if mark is None or not mark.args:
        raise pytest.UsageError(f"{request.node.nodeid}: which clause? Mark it: @pytest.mark.clause('DEC-4')")
    clause = catalogue()[str(mark.args[0])]
    trial = _trial_of(request)
    row = _given_up_once(request, trial, lambda: trial.clause(clause.id))
    properties = {
        "subject": trial.shown_name,
        "clause": row.id,
        "verdict": "known failure" if row.known else verdict_of(row),
        "asked": row.asked,
        "decisive": row.decisive,
        "limit found": row.limit_found,
    }
    request.node.user_properties += [(name, value) for name, value in properties.items() if value is not None]
    if row.verdict == "not applicable":
        leave_out(request, NOT_APPLICABLE, f"{row.id} does not apply: {row.detail}")
    if row.known:
        pytest.xfail(row.detail)
    if verdict_of(row) == SHOWN_UNDER_ANOTHER:
        pytest.skip(f"its wrong answers are shown under {', '.join(row.shown_under)}")
    raise_unless_judged(row, log=trial.log_once() if row.verdict == "error" else "")
    return ClauseOutcome(row=row, wrong_entries=trial.wrong_entries(row.id))


def outcome_of_choice(request: pytest.FixtureRequest) -> ChoiceOutcome:
    """The outcome of the open point that the fixture's parameter names; see the fixture `choice_outcome`."""
    __tracebackhide__ = True
    trial = _trial_of(request)
    entry = _given_up_once(request, trial, lambda: trial.choice(str(request.param)))
    request.node.user_properties += [("declared", entry.declared), ("found", entry.found)]
    if entry.declared is None:
        leave_out(request, OPEN_POINT, f"{entry.key}: nothing is declared; found: {entry.found or 'nothing'}")
    return ChoiceOutcome(entry=entry)


def outcome_of_sensitivity(request: pytest.FixtureRequest) -> SensitivityOutcome:
    """The decoys that the run has noticed; see the fixture `sensitivity_outcome`."""
    __tracebackhide__ = True
    trial = _trial_of(request)
    decoys = _given_up_once(request, trial, trial.decoys)
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


def _given_up_once(request: pytest.FixtureRequest, trial: SubjectSession, ask: Callable[[], _T]) -> _T:
    """The answer; a subject that cannot be asked is an error of one test without a traceback, and skips the others."""
    __tracebackhide__ = True
    try:
        return ask()
    except (CannotBegin, OneWorkerOnly) as error:
        if trial.is_given_up:
            leave_out(request, UNASKED, "not asked: the subject cannot be asked, as the first test says")
        trial.is_given_up = True
        if isinstance(error, CannotBegin):
            _give_up(request, error)
            if not _is_first_worker_with(request, str(error)):
                leave_out(request, UNASKED, "not asked: the subject cannot be asked, as another worker says")
        raise replace(error) from None  # the copy is without the traceback of the original


def _is_first_worker_with(request: pytest.FixtureRequest, problem: str) -> bool:
    """Whether no other worker of the run has reported the problem: each worker of pytest-xdist has a subject."""
    worker = getattr(request.config, "workerinput", None)
    if worker is None:
        return True
    folder: Path = request.getfixturevalue("tmp_path_factory").getbasetemp().parent  # shared by all workers
    try:
        (folder / f"unasked-{worker['testrunuid']}-{sha256(problem.encode()).hexdigest()}").touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def leave_out(request: pytest.FixtureRequest, kind: str, reason: str) -> NoReturn:
    """Skip the test; the plugin counts it by its kind in one line."""
    request.node.user_properties.append((LEFT_OUT, kind))
    pytest.skip(reason)


def is_not_excused(error: BaseException) -> bool:
    """Whether an expected failure (`xfail`) does not cover the error: nothing was judged."""
    return isinstance(error, CannotBegin | OneWorkerOnly | ClauseUnjudged)


def _give_up(request: pytest.FixtureRequest, error: CannotBegin) -> None:
    """End a run of the suite alone: no other test can ask its subject either."""
    config = request.config
    if (
        len(set(config.getoption("--iut") or ())) == 1
        and not is_of_a_class(request.node)
        and not hasattr(config, "workerinput")
    ):
        pytest.exit(f"--iut: {error}", returncode=pytest.ExitCode.USAGE_ERROR)
