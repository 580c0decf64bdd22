"""Makes the vectors: few witnesses that find all mutants of the catalogue, tests of edges and limits, long lives."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from importlib.metadata import version

import msgspec
from fencepost.adapters.contract import Client, HarnessFault
from fencepost.conformance.catalogue import catalogue
from fencepost.conformance.lockstep.case import case_from_calls
from fencepost.conformance.mutants import CATALOGUE
from fencepost.conformance.mutants.direct import Direct
from fencepost.conformance.mutants.mutant import Mutant
from fencepost.conformance.regression.expectations import Uncertain, first_wrong
from fencepost.conformance.regression.vector_candidate import Candidate, candidate
from fencepost.conformance.regression.vector_edges import EDGE, LIMIT, edges, limits
from fencepost.conformance.regression.vector_file import (
    ExpectedDecision,
    Note,
    Test,
    TestGroup,
    VectorCall,
    VectorFile,
)
from fencepost.conformance.regression.vector_lives import Life, lives
from fencepost.conformance.regression.vector_strength import strength_of
from fencepost.reference import Profile, load_profile
from fencepost.reports.counted import counted
from fencepost.reports.model import Call

LIFE = "Life"
"""The flag of a longer life."""

_KINDS = {
    EDGE: ("EDGE_CASE", "An end of a range, or of a block of addresses."),
    LIFE: ("LONG_LIFE", "What a vault remembers of rules and answers of the past, after many writes and questions."),
    LIMIT: ("LIMIT", "As many rules as there may be, or one more."),
}
"""The flags that name no mutant, each with the type of its note and the words."""

_EFFECTS = {
    "open": "lets through, or accepts, what it must not",
    "closed": "denies, or refuses, what it must not",
    "both": "answers some requests the other way, in either direction, or says the wrong thing about them",
}


def vector_file(profile_name: str, *, on_progress: Callable[[str, int, int], None] = lambda *_: None) -> VectorFile:
    """The vectors of one edition; each mutant whose witness needs the edition alone is found by one of them.

    `on_progress` is told the part at hand, how many of its steps are done, and of how many. A test has one `reset` and
    calls in sequence, so mutants that need overlapping calls or a second vault have none.
    """
    profile = load_profile(profile_name)
    entries = [one for one in CATALOGUE.values() if profile_name in one.profiles and one.choice is None]
    chosen: list[Candidate] = [*edges(profile), *limits(profile)]
    found: dict[str, list[str]] = {one.id: list(one.flags) for one in chosen}
    for group in dict.fromkeys(entry.group for entry in entries):
        mine = [one for one in entries if one.group == group and not (one.overlapping or one.outlives_reset)]
        witnesses = [one for entry in mine if (one := _witness(entry, profile)) is not None]
        pool = {one.id: one for one in (*witnesses, *chosen)}
        tried = {key: one for key, one in pool.items() if _may_show(one, mine, chosen)}
        kills: dict[str, frozenset[str]] = {}
        for number, (key, one) in enumerate(tried.items(), start=1):
            kills[key] = killed(one, mine, profile_name)
            on_progress(f"{group}, tests tried on {counted(len(mine), 'mutant')}", number, len(tried))
        sizes = {key: one.size for key, one in pool.items()}
        taken = cover(kills, have=[one.id for one in chosen], size=sizes.__getitem__)
        chosen += [pool[key] for key in taken if key not in found]
        for one in chosen:
            found.setdefault(one.id, list(one.flags)).extend(sorted(kills.get(one.id, ())))
    for life in lives(profile, on_progress=partial(on_progress, "long lives")):
        one = _as_test(life, profile)
        found[one.id] = list(one.flags)
        chosen.append(one)
    return _file(profile, chosen, found)


def _as_test(life: Life, profile: Profile) -> Candidate:
    """A life as a test, without the codes of its many denials: other tests ask for every code."""
    test = candidate(life.clause, life.comment, life.case, profile, LIFE, choices=life.choices)
    return replace(test, calls=tuple(map(_without_codes, test.calls)))


def _without_codes(call: VectorCall) -> VectorCall:
    if call.decisions is None:
        return call
    plain = tuple(ExpectedDecision(outcome=one.outcome) for one in call.decisions)
    return msgspec.structs.replace(call, decisions=plain)


def _may_show(one: Candidate, mine: Iterable[Mutant], chosen: Iterable[Candidate]) -> bool:
    """Whether to try this test on these mutants. A test of another group needs a clause family in common with them."""
    if any("=" in need for need in one.needs):
        return False  # a mutant has made other choices
    if one not in chosen:
        return True
    families = {clause.partition("-")[0] for entry in mine for clause in (entry.clause, *entry.also)}
    return one.clause.partition("-")[0] in families


def cover(kills: Mapping[str, frozenset[str]], *, have: Iterable[str], size: Callable[[str], int]) -> tuple[str, ...]:
    """Greedy set cover: keys that, with those in `have`, kill all that any key kills; ties go to the smaller size.

    >>> cover({"a": frozenset("xy"), "b": frozenset("y"), "c": frozenset("z")}, have=(), size=len)
    ('a', 'c')
    """
    left = frozenset[str]().union(*kills.values()) if kills else frozenset[str]()
    for key in have:
        left -= kills.get(key, frozenset())
    taken: list[str] = []
    while left:
        best = min(kills, key=lambda key: (-len(kills[key] & left), size(key), key))
        taken.append(best)
        left -= kills[best]
    return tuple(taken)


def killed(one: Candidate, mutants: Iterable[Mutant], profile: str) -> frozenset[str]:
    """The mutants that answer a call of the candidate wrongly."""
    return frozenset(entry.id for entry in mutants if _is_killed(one, entry, profile))


def _is_killed(one: Candidate, entry: Mutant, profile: str) -> bool:
    try:
        return first_wrong(one.calls, Client(Direct(entry.id, profile=profile)), with_codes=True) is not None
    except HarnessFault:
        return True


def _witness(entry: Mutant, profile: Profile) -> Candidate | None:
    calls = tuple(Call(method=method, params=dict(params)) for method, params in entry.calls(profile.name))
    for history in (_without_idle_subnets(calls), calls):
        case = case_from_calls(history)
        try:
            one = candidate(entry.clause, entry.story, case, profile)
        except Uncertain:
            continue
        if _is_killed(one, entry, profile.name):
            return one
    return None


def _without_idle_subnets(calls: tuple[Call, ...]) -> tuple[Call, ...]:
    """The calls in a network of only those subnets that they name."""
    reset, *others = calls
    text = repr([call.params for call in others]).lower()
    subnets = reset.params["subnets"]
    assert isinstance(subnets, list)
    named = [subnet for subnet in subnets if f"'{subnet['id'].lower()}'" in text]
    return (Call(method="reset", params={"subnets": named}), *others)


# -- the file ----------------------------------------------------------------------------------------------------------


def _file(profile: Profile, chosen: Iterable[Candidate], found: Mapping[str, list[str]]) -> VectorFile:
    known = catalogue()
    order = {clause.id: place for place, clause in enumerate(known.clauses)}
    ordered = sorted(chosen, key=lambda one: (order[one.clause], one.needs, one.size, one.id))
    groups: dict[tuple[str, tuple[str, ...]], list[Test]] = {}
    for number, one in enumerate(ordered, start=1):
        test = Test(
            tc_id=number, id=one.id, comment=one.comment, flags=tuple(dict.fromkeys(found[one.id])), calls=one.calls
        )
        groups.setdefault((one.clause, one.needs), []).append(test)
    flags = {flag for group in groups.values() for test in group for flag in test.flags}
    return VectorFile(
        schema="fencepost-vectors-v1",
        generator_version=version("fencepost"),
        catalogue_version=known.version,
        profile=profile.name,
        number_of_tests=len(ordered),
        header=(
            f"Test vectors for network firewalls of the Azure Key Vault kind, edition {profile.name}.",
            "Each test is a sequence of calls of the adapter contract, from a reset on; every stated answer must come.",
            "A flag names a bug that the test finds; the notes explain each flag.",
            "They cannot find: calls that overlap, a change that holds only after a while, what one vault leaves to",
            "the next, what is done where the documents leave a point open, and a fault of few addresses elsewhere.",
        ),
        strength=strength_of(profile.name, (one.id for one in ordered)),
        notes={flag: _note(flag) for flag in sorted(flags)},
        test_groups=tuple(
            TestGroup(clause=clause, text=known[clause].text, needs=needs, tests=tuple(tests))
            for (clause, needs), tests in groups.items()
        ),
    )


def _note(flag: str) -> Note:
    if flag in _KINDS:
        bug_type, description = _KINDS[flag]
        return Note(bug_type=bug_type, description=description, effect="none known")
    entry = CATALOGUE[flag]
    return Note(
        bug_type=entry.group.upper().replace("-", "_"),
        description=entry.story,
        effect=_EFFECTS[entry.direction],
        origin=entry.origin,
    )
