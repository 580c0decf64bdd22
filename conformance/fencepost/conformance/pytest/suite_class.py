"""The suite in a vendor's own repository: a class with a test for each clause, made from a factory in two lines."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fencepost.adapters.contract import Timeouts
from fencepost.conformance.bench.effort import EFFORTS, LARGEST_SEED
from fencepost.conformance.catalogue import catalogue
from fencepost.conformance.pytest.session import Options
from fencepost.conformance.pytest.suite_collection import clause_of, suite_tests
from fencepost.conformance.run.opening import Subject
from fencepost.reference import load_profile


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteParameters:
    """The parameters of a suite's class: what it asks, and its options."""

    subject: Subject
    terms: Options


def conformance_suite(
    make_vault: Subject,
    *,
    profile: str | None = None,
    effort: str = "quick",
    seed: int = 0,
    settle_seconds: float | None = None,
    clauses: Sequence[str] = (),
    suite_version: str | None = None,
    timeouts: Timeouts | None = None,
    known: str | Path | None = None,
    regressions: str | Path | None = None,
    report: str | Path | None = None,
) -> type[object]:
    """A test class with a test for each clause; give it a name that pytest collects, such as `TestVault`.

    `make_vault` makes the implementation: a class, or a function without arguments; its methods are the contract's in
    snake_case. It may also be a subject string; `"fixture:NAME"` takes what that fixture returns. `profile` None judges
    by the profile that it claims. `effort` is `quick`, `standard` or `thorough`, in any case. `settle_seconds` is how
    long a change may take to show. `clauses` limits the class to these ids or families (`"VAL"`), `suite_version` to
    the clauses that this version of the suite had. `timeouts` None waits half a minute for the start and ten seconds
    for a call. `known` is a list of known failures, `regressions` a folder of stored cases, and `report` a folder for
    the report, as in `fencepost check`. All tests of a class share one implementation and one run.

    `UnknownProfile`, `UnknownClause`, `UnknownVersion` or `ValueError` if an option names nothing, a path is empty, or
    the seed is negative or too large for a report.

    >>> from fencepost.conformance.peers import StdlibVault
    >>> TestVault = conformance_suite(StdlibVault, clauses=["DEC-4", "CTL"])
    >>> [name[:10] for name in sorted(vars(TestVault)) if name.startswith("test")]
    ['test_ctl_1', 'test_ctl_2', 'test_ctl_3', 'test_ctl_4', 'test_ctl_5', 'test_dec_4']
    """
    if profile is not None:
        load_profile(profile)
    if effort.lower() not in EFFORTS:
        raise ValueError(f"no effort is called {effort!r} (known: {', '.join(EFFORTS)})")
    if not 0 <= seed <= LARGEST_SEED:
        raise ValueError(f"expected a seed from 0 to {LARGEST_SEED}, got {seed}")
    if isinstance(clauses, str):
        clauses = (clauses,)
    wanted = frozenset(clause.id for pattern in clauses for clause in catalogue().matching(pattern))
    terms = Options(
        profile=profile,
        effort=effort.lower(),
        seed=seed,
        settle_seconds=settle_seconds,
        timeouts=timeouts or Timeouts(),
        known=_path(known),
        regressions=_path(regressions),
        report=_path(report),
    )
    there = catalogue().clauses if suite_version is None else catalogue().at(suite_version)
    later = {clause.id for clause in catalogue().clauses} - {clause.id for clause in there}
    tests = {
        name: staticmethod(test)
        for name, test in suite_tests().items()
        if (not wanted or clause_of(test) in wanted) and clause_of(test) not in later
    }
    members = {
        "__doc__": "The clauses of the conformance catalogue, asked of one implementation.",
        "conformance": SuiteParameters(subject=make_vault, terms=terms),
        **tests,
    }
    return type("ConformanceSuite", (), members)


def _path(given: str | Path | None) -> Path | None:
    if given == "":
        raise ValueError("expected a path, got an empty text")
    return Path(given) if given is not None else None
