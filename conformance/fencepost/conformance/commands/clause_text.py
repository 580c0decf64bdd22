"""All that the kit says about a clause, as labelled texts: for `fencepost explain CLAUSE` and the clause's page."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.catalogue import Clause
from fencepost.conformance.mutants import CATALOGUE, Mutant
from fencepost.conformance.mutants.direct import snake_case
from fencepost.conformance.mutants.witness import Call
from fencepost.conformance.run.order import EXPLORATIONS
from fencepost.conformance.strength import kills
from fencepost.reference.open_points import OPEN_POINTS
from fencepost.reports.visible import abridged, as_json

_BASES = {
    "documented": "a public page says it",
    "recorded": "the service did it, as a recording shows",
    "follows": "it follows from what a rule is",
    "inferred": "it could be otherwise",
}

SHOWN = 5
"""So many mistakes of a clause are shown, of those that the catalogue of mutants has."""

SEEN = 3
"""So many public sources of such mistakes are shown."""


def clause_rows(clause: Clause) -> Iterator[tuple[str, str]]:
    """Label and text: the promise, how sure it is and by which sources, who asks it, and what breaks it.

    `alone` are the mutants that fail this clause and no other, of those that were measured. `open point` is what
    the documents leave open beside the clause: its answers are recorded, not judged. `seen in` is a public source of a
    mistake, elsewhere; most mistakes have none. The example is that of the mistake that takes the fewest calls to show:
    with it, the last answer is wrong. Its network has no subnet that the example does not need.
    """
    yield "says", f"{clause.text}."
    if clause.note:
        yield "note", clause.note
    yield "level", clause.level
    yield "since", f"version {clause.since} of the suite"
    if clause.needs:
        yield "needs", ", ".join(clause.needs)
    yield "basis", f"{clause.basis}: {_BASES[clause.basis]}"
    for citation in clause.citations:
        yield "source", str(citation)
    for point in OPEN_POINTS:
        if clause.id in point.clauses:
            yield "open point", f"{point.key}: {point.question}; {point.known}"
    asking = [one.name for one in EXPLORATIONS if clause.id in one.serves]
    yield "asked by", ", ".join(asking)
    breaking = [one for one in CATALOGUE.values() if one.clause == clause.id and one.choice is None]
    for one in breaking[:SHOWN]:
        yield "mistake", f"{one.story} (mutant:{one.id})"
    if breaking:
        yield "mutants", f"{len(breaking)} of this clause"
        yield from _killed_alone(clause, breaking)
    yield from (("seen in", text) for text in islice(_seen(breaking), SEEN))
    if breaking:
        first, calls = _smallest(breaking)
        yield "example", f"of mutant:{first.id}, whose last answer is wrong"
        for number, (method, params) in enumerate(calls, start=1):
            yield "", f"{number} {method} {as_json(abridged(params))}"


def _killed_alone(clause: Clause, breaking: Iterable[Mutant]) -> Iterator[tuple[str, str]]:
    """The mutants that fail this clause and no other, as a whole run of each was measured."""
    alone, measured = kills.alone(clause.id), kills.stored()
    yield "alone", f"killed by no other clause: {', '.join(alone) or 'none that was measured'}"
    own = sum(one.id in measured for one in breaking)
    days = sorted(kill.measured for kill in measured.values())
    versions = sorted({kill.suite for kill in measured.values()})
    stamp = f"{' to '.join(dict.fromkeys((days[0], days[-1])))}, version {', '.join(versions)} of the suite"
    yield "measured", f"{own} of these mutants and {len(measured)} of all {len(CATALOGUE)}, in quick runs; {stamp}"


def _seen(breaking: Iterable[Mutant]) -> Iterator[str]:
    """The public sources of these flaws, each with what went wrong there or, where that is not noted, with the flaw."""
    for one in breaking:
        if one.origin:
            flaw = "" if ": " in one.origin else f": {one.story.rstrip('.')}"
            yield f"{one.origin} (mutant:{one.id}{flaw})"


def _smallest(breaking: Sequence[Mutant]) -> tuple[Mutant, tuple[Call, ...]]:
    shown = [(one, _with_named_subnets(one.calls(one.profiles[0]))) for one in breaking]
    first, calls = min(shown, key=lambda pair: (len(pair[1]), len(str(pair[1])), pair[0].id))
    whole = first.calls(first.profiles[0])
    is_the_same = not first.overlapping and _answers(first, calls) == _answers(first, whole)
    return first, calls if is_the_same else whole


def _with_named_subnets(calls: Sequence[Call]) -> tuple[Call, ...]:
    """The calls with networks of those subnets alone that another call names, in whatever letter case."""
    named = str([params for method, params in calls if method != "reset"]).lower()

    def of_named(params: JsonObject) -> JsonObject:
        subnets: Any = params["subnets"]
        return {"subnets": [one for one in subnets if str(one["id"]).lower() in named]}

    return tuple((method, of_named(params) if method == "reset" else params) for method, params in calls)


def _answers(one: Mutant, calls: Sequence[Call]) -> list[list[JsonObject]]:
    """The answers of the vault without the flaw, and those of the mutant."""
    profile = one.profiles[0]
    return [
        [
            getattr(vault, snake_case(method))(**{snake_case(key): value for key, value in params.items()})
            for method, params in calls
        ]
        for vault in (one.sound(profile), one.flaw(profile))
    ]
