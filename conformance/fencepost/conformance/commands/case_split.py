"""The decision on a request where points of the specification are open: one result, or one for each choice."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from fencepost.reference import Decision, Network, Outcome, Profile, Request, RuleSet, Violation, decide, validate
from fencepost.reference.open_points import ANSWERS

_DEEPEST = 5
_DEFAULTS = (("bypass", "default-of-bypass"), ("defaultAction", "default-of-default-action"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The rules are refused, for these violations."""

    violations: tuple[Violation, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """The rules are accepted, and the request is decided."""

    rules: RuleSet
    decision: Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """No choice decides the result; `points` are the open points."""

    points: tuple[str, ...]


Ending: TypeAlias = Refused | Decided | Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """One result, and the choices that lead to it; no choices if it does not depend on them."""

    choices: tuple[tuple[str, str], ...]
    ending: Ending


def split_cases(network_acls: object, request: Request, *, network: Network, profile: Profile) -> tuple[Branch, ...]:
    """Every result that the open points allow. A point whose answers make no difference is left out."""
    return tuple(_branches(network_acls, request, network, profile, ()))


def _branches(
    acls: object, request: Request, network: Network, profile: Profile, choices: tuple[tuple[str, str], ...]
) -> list[Branch]:
    assessment = validate(acls, profile=profile, network=network)
    if any(violation.is_certain for violation in assessment.violations):
        return [Branch(choices=choices, ending=Refused(violations=assessment.violations))]
    open_points = {point for violation in assessment.violations for point in violation.open_points}
    if not open_points and assessment.rules is not None:
        decision = decide(request, rules=assessment.rules, network=network, profile=profile)
        if decision.outcome is not Outcome.OPEN:
            return [Branch(choices=choices, ending=Decided(rules=assessment.rules, decision=decision))]
        open_points = {decision.open_point} if decision.open_point else set()
    elif not open_points:
        open_points = set(_absent_defaults(acls, profile))
    answerable = sorted(point for point in open_points if point in ANSWERS and point not in dict(choices))
    if not answerable or len(choices) >= _DEEPEST:
        return [Branch(choices=choices, ending=Unknown(points=tuple(sorted(open_points))))]
    return _split(answerable[0], acls, request, network, profile, choices)


def _split(
    point: str,
    acls: object,
    request: Request,
    network: Network,
    profile: Profile,
    choices: tuple[tuple[str, str], ...],
) -> list[Branch]:
    by_answer = [
        _branches(acls, request, network, profile.with_choices({point: answer}), (*choices, (point, answer)))
        for answer in ANSWERS[point]
    ]
    endings = [[_shown_part(branch, point) for branch in branches] for branches in by_answer]
    if all(one == endings[0] for one in endings):
        return [_without(branch, point) for branch in by_answer[0]]
    return [branch for branches in by_answer for branch in branches]


def _shown_part(branch: Branch, point: str) -> object:
    """The part of a branch that matters to the reader: its other choices, and the outcome with its reasons."""
    ending = branch.ending
    return _without(branch, point).choices, ending.decision if isinstance(ending, Decided) else ending


def _without(branch: Branch, point: str) -> Branch:
    return Branch(choices=tuple(pair for pair in branch.choices if pair[0] != point), ending=branch.ending)


def _absent_defaults(acls: object, profile: Profile) -> Iterable[str]:
    if isinstance(acls, Mapping):
        for member, point in _DEFAULTS:
            if acls.get(member) is None and profile.choice(point) is None:
                yield point
