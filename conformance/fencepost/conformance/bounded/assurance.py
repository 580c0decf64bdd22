"""What a bounded run has achieved: its cost, the score of equal cost on the catalogue, and the rule of three."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files

import msgspec
from fencepost.conformance.bounded.bounds import Bounds
from fencepost.conformance.bounded.exploration import LENGTH
from fencepost.conformance.lockstep.cost import Cost
from fencepost.reports.counted import counted
from fencepost.reports.model import Report
from msgspec import Struct

FILE_NAME = "calibration.json"
CONFIDENCE = 3
"""The rule of three: n decisions without a wrong answer bound the share of wrong ones by 3/n at 95 % confidence."""

_FEW = 8
_NOT_JUDGED = 2
"""The exit status of a run in which a clause ended in error or inconclusive."""

Curve = tuple[tuple[int, float], ...]
"""Costs in rising order, each with the share of the mutants killed within it."""


class Calibration(Struct, frozen=True, kw_only=True, rename="camel"):
    """The share of mutants that bounded runs have killed by each cost, as measured by `fencepost strength`."""

    mutants: int
    configurations: Curve
    decisions: Curve

    def expected(self, *, configurations: int, decisions: int) -> float:
        """The share killed at this cost: by configurations while greedy cover chooses them, by decisions after that."""
        return _at(self.configurations, configurations) if configurations <= LENGTH else _at(self.decisions, decisions)


class Calibrations(Struct, frozen=True, kw_only=True, rename="camel"):
    """The calibrated curves: for subjects that refuse bad writes, and for subjects that only decide."""

    made_by: str
    seeds: int
    whole: Calibration
    decisions_only: Calibration


def _at(curve: Curve, spent: int) -> float:
    place = bisect_right([point for point, _ in curve], spent)
    return curve[place - 1][1] if place else 0.0


@cache
def calibrations() -> Calibrations:
    """The shipped curves."""
    data = (files("fencepost.conformance.bounded") / FILE_NAME).read_bytes()
    return msgspec.json.decode(data, type=Calibrations)


def assurance_lines(
    report: Report, bounds: Bounds, explored: Cost, *, took: float | None, refuses: bool
) -> Iterator[str]:
    """The lines for the report; `took` is None if there was no bound on time."""
    decisions, configurations = explored.decisions, explored.configurations
    spent = f"{counted(configurations, 'configuration')} and {counted(decisions, 'decision')}"
    yield f"bought by {bounds.label}: {spent}" + (f", in {took:.0f} s" if took is not None else "")
    curves = calibrations()
    curve = curves.whole if refuses else curves.decisions_only
    score = curve.expected(configurations=configurations, decisions=decisions)
    which = "the catalogue's" if refuses else "the catalogue's decisions-only"
    right = sum((report.totals.allowed, report.totals.denied))
    if not report.selected and report.exit_status != _NOT_JUDGED:
        # The mutants were put to runs of every clause that came to a verdict.
        yield f"as much kills {score:.1%} of {which} {curve.mutants} mutants (measured by `{curves.made_by}`)"
    has_been_right = report.exit_status in (0, 3)  # a failure of a clause that was not selected ends with 1, too
    if right and has_been_right:
        yield (
            f"no wrong answer in {right:,} decisions: of questions like these it gives a wrong one to fewer than "
            f"{CONFIDENCE}/{right:,} = {CONFIDENCE / right:.2%}, with 95 % confidence"
        )
    yield from _not_asked(report, bounds)
    if took is not None:
        yield "how much a time buys depends on the machine: --max-configurations gives the same run everywhere"


def _not_asked(report: Report, bounds: Bounds) -> Iterator[str]:
    vacuous = [clause.id for clause in report.clauses if clause.verdict == "vacuous"]
    if vacuous:
        more = "a higher --max-configurations" if bounds.configurations is not None else "a longer --budget"
        yield f"not asked, or not often enough to pass: {_listed(vacuous)}; {more} or a whole run asks them"


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_FEW])
    return shown if len(names) <= _FEW else f"{shown} and {len(names) - _FEW} more"
