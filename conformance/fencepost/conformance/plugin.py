"""The pytest plugin: the option `--iut`, the `clause` marker, and the subject that the suite asks.

Every pytest run beside which fencepost is installed loads it: it imports nothing of the kit until a test asks for
it, adds no option but `--iut…`, and leaves tests alone that have no `clause` marker.
"""

from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, TypeAlias

import pytest

if TYPE_CHECKING:
    from fencepost.conformance.pytest.clause_outcome import ChoiceOutcome, ClauseOutcome, SensitivityOutcome
    from fencepost.conformance.pytest.session import SubjectSession
    from xdist.workermanage import WorkerController

_KIT = Path(__file__).resolve().parent
_SUITE = _KIT / "suite"
_SUITE_NAME = "fencepost.conformance.suite"
_WHAT_TO_GIVE = (
    "the conformance suite needs its subject: --iut SUBJECT (stdio:…, http://…, library:MODULE:NAME or a name)"
)
_KINDS = {
    "does not apply": ("clause does not apply", "clauses do not apply"),
    "not asked": ("test was not asked", "tests were not asked"),
    "open point": ("open point has no declared choice", "open points have no declared choice"),
}
_DISTRIBUTED = "fencepost_distributed"
_ASKING = frozenset({"clause_outcome", "choice_outcome", "sensitivity_outcome"})
_JUDGED = frozenset({"subject", "clause", "verdict", "asked", "decisive"})
"""The properties of a test that has judged a clause."""

_FAILURES = pytest.StashKey[dict[str, tuple[str, str]]]()
"""The tests of the suite that have failed in this session, by node id: the phase, and the message."""

Subject: TypeAlias = str | Callable[[], object]
_Wrapper: TypeAlias = Generator[None, pytest.TestReport, pytest.TestReport]


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of the suite, all called `--iut…`."""
    from fencepost.conformance.pytest import option_types as types

    group = parser.getgroup("fencepost", "conformance of a network firewall (fencepost)")
    group.addoption(
        "--iut",
        metavar="SUBJECT",
        action="append",
        help="The implementation under test: stdio:…, http://…, library:…, NAME; repeatable: each is judged.",
    )
    group.addoption(
        "--iut-profile", metavar="P", type=types.profile, help="Judge by this profile, not by the claimed one."
    )
    group.addoption(
        "--iut-effort", metavar="E", type=types.effort, default=None, help="quick (the default), standard or thorough."
    )
    group.addoption(
        "--iut-seed", metavar="N", type=types.seed, default=0, help="The same seed asks the same questions."
    )
    group.addoption("--iut-settle", metavar="SECONDS", type=types.seconds, help="How long a change may take to show.")
    group.addoption(
        "--iut-call-timeout", metavar="SECONDS", type=types.waiting, default=10.0, help="Seconds for one call (10)."
    )
    group.addoption(
        "--iut-start-timeout", metavar="SECONDS", type=types.waiting, default=30.0, help="Seconds for the start (30)."
    )
    group.addoption(
        "--iut-clause",
        metavar="ID",
        action="append",
        type=types.clauses,
        help="Run only the tests of this clause or family (VAL); repeatable, or ID,ID.",
    )
    group.addoption(
        "--iut-suite-version", metavar="VERSION", type=types.suite_version, help="Leave out clauses that came later."
    )
    group.addoption(
        "--iut-known", metavar="FILE", type=types.path, help="Tolerate the failures on this list, and no others."
    )
    group.addoption(
        "--iut-regressions",
        metavar="DIR",
        type=types.path,
        help="Replay the cases stored here first, and store new ones.",
    )
    group.addoption(
        "--iut-report", metavar="DIR", type=types.path, help="Write the report in every form into this folder."
    )
    group.addoption(
        "--iut-open-points",
        action="store_true",
        help="Show each open point and each clause that does not apply as a skipped test, not as one line of counts.",
    )


def pytest_itemcollected(item: pytest.Item) -> None:
    """Let `-k DEC-4` select the tests of that clause."""
    marks = list(item.iter_markers("clause"))
    if marks:
        from fencepost.conformance.pytest.suite_collection import ClauseId

        item.extra_keyword_matches.update(ClauseId(one) for mark in marks for one in mark.args)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Where several subjects are named, put each test of the suite to each of them."""
    subjects = _subjects(metafunc.config)
    is_of_the_suite = not _ASKING.isdisjoint(metafunc.fixturenames) and not hasattr(metafunc.cls, "conformance")
    if len(subjects) > 1 and is_of_the_suite:
        metafunc.fixturenames.append("iut_subject")  # the fixtures of the suite ask for it when they are set up
        metafunc.parametrize("iut_subject", subjects, indirect=True, ids=subjects, scope="session")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """A test of the suite that has failed is not asked again: a rerun in the same session gets the same answer."""
    known = item.config.stash[_FAILURES].get(item.nodeid)
    if known is not None:
        pytest.fail(f"it has failed in this session, and a rerun does not ask again:\n{known[1]}", pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> _Wrapper:
    """Keep an error an error: if nothing was judged, an expected failure cannot have occurred."""
    report = yield
    if report.failed and _asks(item):
        message = str(call.excinfo.value) if call.excinfo is not None else ""
        phase, _ = item.config.stash[_FAILURES].setdefault(item.nodeid, (call.when, message))
        if call.when == "setup" and phase == "call":  # of a rerun: a failure stays a failure, and becomes no error
            report.when = "call"
    if call.excinfo is not None and hasattr(report, "wasxfail") and _asks(item):
        from fencepost.conformance.pytest.suite_collection import is_not_excused

        if is_not_excused(call.excinfo.value):
            del report.wasxfail
            report.outcome, report.longrepr = "failed", item.repr_failure(call.excinfo)
    return report


def pytest_report_teststatus(report: pytest.TestReport, config: pytest.Config) -> tuple[str, str, str] | None:
    """Count skipped tests of the suite as deselected, and show no line for them."""
    is_left_out = report.skipped and _left_out(report) and not config.getoption("--iut-open-points")
    return ("deselected", "", "") if is_left_out else None


def _left_out(report: object) -> str:
    properties = getattr(report, "user_properties", ())
    return next((str(value) for name, value in properties if name == "left out"), "")


def pytest_terminal_summary(terminalreporter: "pytest.TerminalReporter") -> None:
    """For each subject the verdicts of its clauses, and one line of counts for what was left out."""
    reports = [one for those in terminalreporter.stats.values() for one in those]
    properties = [dict(getattr(one, "user_properties", ())) for one in reports]
    judged = [one for one in properties if one.keys() >= _JUDGED]
    if judged:
        from fencepost.conformance.pytest.clause_summary import clause_summary

        terminalreporter.section("clauses")
        for line in clause_summary(judged):
            terminalreporter.write_line(line)
    counts = Counter(filter(None, map(_left_out, terminalreporter.stats.get("deselected", ()))))
    if counts:
        counted = ", ".join(f"{count} {_KINDS[kind][count != 1]}" for kind, count in sorted(counts.items()))
        terminalreporter.write_line(f"fencepost: {counted} (--iut-open-points shows each)")


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.stash[_FAILURES] = {}
    config.addinivalue_line("markers", "clause(id): the clause of the conformance catalogue that the test asks")


def _worker_input(config: pytest.Config) -> dict[str, object]:
    """The data that pytest-xdist's controller has sent this worker; empty in any other process."""
    data: dict[str, object] = getattr(config, "workerinput", {})
    return data


def _subjects(config: pytest.Config) -> tuple[str, ...]:
    """The subjects that `--iut` names, each once."""
    return tuple(dict.fromkeys(config.getoption("--iut") or ()))


def _is_for_the_suite(config: pytest.Config) -> bool:
    asked_for = any(argument.startswith(_SUITE_NAME) for argument in config.invocation_params.args)
    return asked_for or bool(_subjects(config))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: "WorkerController") -> None:
    """Tell each worker of pytest-xdist how the tests are distributed."""
    config: pytest.Config = node.config
    node.workerinput[_DISTRIBUTED] = "by clause" if _is_by_clause(config) else config.getoption("dist")


def _is_by_clause(config: pytest.Config) -> bool:
    return config.getoption("dist") in ("load", "loadgroup") and _is_for_the_suite(config)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Of the suite, keep an exploration's clauses on one worker; all clauses where the subject is one place."""
    if not _is_by_clause(config):
        return None
    from fencepost.conformance.pytest.distribution import ClauseScheduling

    scheduling = ClauseScheduling(config, log)
    subjects = _subjects(config)
    is_whole = config.getoption("--iut-report") is not None  # one report is of one run
    scheduling.is_one_place = not subjects or is_whole or any(map(_is_one_place, subjects))
    return scheduling


def _is_one_place(subject: str) -> bool:
    from fencepost.conformance.pytest.session import is_one_place
    from fencepost.conformance.run.opening import CannotBegin

    try:
        return is_one_place(subject)
    except CannotBegin as error:
        raise pytest.UsageError(f"--iut: {error}") from None


def pytest_report_header(config: pytest.Config) -> str | None:
    """What is judged, and how."""
    subjects = _subjects(config)
    if not subjects:
        return None
    from fencepost.reports.secrets import Mask
    from fencepost.reports.visible import visible

    shown = visible(Mask.of_here().apply(" and ".join(subjects)))
    profile = config.getoption("--iut-profile") or "its own profile"
    return f"iut: {shown}, {profile}, effort {_effort_of(config)}, seed {config.getoption('--iut-seed')}"


def _effort_of(config: pytest.Config) -> str:
    effort = config.getoption("--iut-effort")
    return effort if isinstance(effort, str) else "quick"


def pytest_collect_directory(path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Keep pytest from importing the kit's own folders as packages by another name."""
    return pytest.Dir.from_parent(parent, path=path) if path in (_KIT, _SUITE) else None


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Module | None:
    """Collect the modules of the suite by their own names: pytest does not know their namespace."""
    if module_path.parent != _SUITE:
        return None
    from fencepost.conformance.pytest.suite_collection import SuiteModule

    module: pytest.Module = SuiteModule.from_parent(parent, path=module_path)
    return module


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Select by `--iut-clause` and `--iut-suite-version`, and demand a subject if the suite has none."""
    if (wanted := config.getoption("--iut-clause")) is not None:
        named = {clause for clauses in wanted for clause in clauses}
        _select(config, items, lambda asked: not named.isdisjoint(asked))
    if (earlier := config.getoption("--iut-suite-version")) is not None:
        _select(config, items, earlier.issuperset)
    asking = [item for item in items if _asks(item)]
    if config.option.collectonly or _worker_input(config):
        return
    if any(_lacks_a_subject(item) for item in asking):
        raise pytest.UsageError(_WHAT_TO_GIVE)
    for subject in _subjects(config) if asking else ():
        _is_one_place(subject)  # report a name that means nothing before any fixture is set up


def _lacks_a_subject(item: pytest.Item) -> bool:
    """Whether the test would ask the subject of `--iut`, there is none, and no `conftest.py` has another `iut`."""
    if _subjects(item.config) or hasattr(getattr(item, "cls", None), "conformance"):
        return False
    plugins = item.config.pluginmanager.get_plugins()
    return not any("iut" in vars(one) for one in plugins if isinstance(one, ModuleType) and one.__name__ != __name__)


def _asks(item: pytest.Item) -> bool:
    names: Sequence[str] = getattr(item, "fixturenames", ())
    return not _ASKING.isdisjoint(names)


def _select(config: pytest.Config, items: list[pytest.Item], keeps: Callable[[list[str]], bool]) -> None:
    kept = [item for item in items if keeps([one for mark in item.iter_markers("clause") for one in mark.args])]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept


@pytest.fixture(scope="session")
def iut_subject(request: pytest.FixtureRequest, pytestconfig: pytest.Config) -> str | None:
    """The subject string that `--iut` names: the only one, or each in turn; None where it names nothing."""
    first = next(iter(_subjects(pytestconfig)), None)
    subject: str | None = getattr(request, "param", first)
    return subject


@pytest.fixture(scope="session")
def iut(request: pytest.FixtureRequest, iut_subject: str | None) -> Subject:
    """The implementation under test: what `--iut` names.

    Override it, with this scope, in a `conftest.py` at a project's root: return a subject string, or a factory of an
    implementation in Python.
    """
    if iut_subject is None:
        pytest.fail(_WHAT_TO_GIVE, pytrace=False)
    if iut_subject.startswith("fixture:"):
        found: Subject = request.getfixturevalue(iut_subject.removeprefix("fixture:"))
        return found
    return iut_subject


@pytest.fixture(scope="session")
def suite_trial(
    request: pytest.FixtureRequest, pytestconfig: pytest.Config, iut_subject: str | None
) -> Iterator["SubjectSession"]:
    """The subject of the suite on trial; each worker of pytest-xdist has its own."""
    __tracebackhide__ = True
    from fencepost.adapters.contract import Timeouts
    from fencepost.conformance.pytest.session import Options
    from fencepost.conformance.pytest.suite_collection import on_trial

    terms = Options(
        profile=pytestconfig.getoption("--iut-profile"),
        effort=_effort_of(pytestconfig),
        seed=pytestconfig.getoption("--iut-seed"),
        settle_seconds=pytestconfig.getoption("--iut-settle"),
        timeouts=Timeouts(
            start=pytestconfig.getoption("--iut-start-timeout"), call=pytestconfig.getoption("--iut-call-timeout")
        ),
        known=pytestconfig.getoption("--iut-known"),
        regressions=pytestconfig.getoption("--iut-regressions"),
        report=_report_folder(pytestconfig, iut_subject),
    )
    yield from on_trial(request, "fixture:iut", terms, alone=_is_alone(pytestconfig))


def _report_folder(config: pytest.Config, subject: str | None) -> Path | None:
    """Where the report of this subject goes: a folder of its own, by its number, where there are several."""
    folder: Path | None = config.getoption("--iut-report")
    subjects = _subjects(config)
    return folder / str(subjects.index(subject) + 1) if folder and subject and len(subjects) > 1 else folder


def _is_alone(config: pytest.Config, *modes: str) -> bool:
    """Whether no other worker of pytest-xdist asks the same subject, by the mode of distribution."""
    data = _worker_input(config)
    return data.get("workercount", 1) == 1 or data.get(_DISTRIBUTED) in ("by clause", *modes)


@pytest.fixture(scope="class")
def class_trial(request: pytest.FixtureRequest) -> Iterator["SubjectSession"]:
    """The session of the subject of a class that `conformance_suite` made."""
    __tracebackhide__ = True
    from fencepost.conformance.pytest.suite_collection import on_trial

    vendor = request.cls.conformance
    yield from on_trial(request, vendor.subject, vendor.terms, alone=_is_alone(request.config, "loadscope", "loadfile"))


@pytest.fixture
def clause_outcome(request: pytest.FixtureRequest) -> "ClauseOutcome":
    """The result of the clause in the test's mark; skips if it does not apply, or errs only as other clauses show.

    `HarnessBroken`, `Inconclusive` or `Vacuous` if the clause could not be judged: an error, not a failure.
    """
    __tracebackhide__ = True
    from fencepost.conformance.pytest.suite_collection import outcome_of_clause

    return outcome_of_clause(request)


@pytest.fixture
def choice_outcome(request: pytest.FixtureRequest) -> "ChoiceOutcome":
    """The result of the open point in its parameter (`indirect=True`); skips if nothing is declared."""
    __tracebackhide__ = True
    from fencepost.conformance.pytest.suite_collection import outcome_of_choice

    return outcome_of_choice(request)


@pytest.fixture
def sensitivity_outcome(request: pytest.FixtureRequest) -> "SensitivityOutcome":
    """The faults, injected into the subject's own answers, that the run notices; the subject's state stays."""
    __tracebackhide__ = True
    from fencepost.conformance.pytest.suite_collection import outcome_of_sensitivity

    return outcome_of_sensitivity(request)
