"""Makes the vectors: few witnesses of the mutant catalogue that find all mutants, and tests of edges and limits."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version

from fencepost.adapters.contract import Client, HarnessFault
from fencepost.conformance.catalogue import catalogue
from fencepost.conformance.generate.networks import plain_subnets
from fencepost.conformance.lockstep.case import AskStep, Case, WriteStep
from fencepost.conformance.lockstep.wire import network_from_wire, wire_rules
from fencepost.conformance.mutants import CATALOGUE
from fencepost.conformance.mutants.direct import Direct
from fencepost.conformance.mutants.mutant import Mutant
from fencepost.conformance.regression.expectations import Uncertain, expected_calls, first_wrong
from fencepost.conformance.regression.needs import needs_of
from fencepost.conformance.regression.reading import case_from_calls
from fencepost.conformance.regression.stored_case import case_id
from fencepost.conformance.regression.vector_file import Note, Test, TestGroup, VectorCall, VectorFile
from fencepost.reference import (
    SERVICE_ENDPOINT,
    Block,
    Network,
    Profile,
    Request,
    Subnet,
    load_profile,
    text_from_address,
)
from fencepost.reports.model import Call

EDGE, LIMIT = "EdgeCase", "Limit"
_EFFECTS = {
    "open": "lets through, or accepts, what it must not",
    "closed": "denies, or refuses, what it must not",
    "both": "answers some requests the other way, in either direction, or says the wrong thing about them",
}
_PRIVATE_EDGES = (
    *("9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0"),
    *("172.15.255.255", "172.16.0.0", "172.31.255.255", "172.32.0.0"),
    *("192.167.255.255", "192.168.0.0", "192.168.255.255", "192.169.0.0"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A test that may go into the file: its clause, its calls with the right answers, and its flags."""

    clause: str
    comment: str
    case: Case
    calls: tuple[VectorCall, ...]
    needs: tuple[str, ...]
    flags: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The id, which follows from the content and the file's profile."""
        return case_id(self.clause, "", self.case.calls())

    @property
    def size(self) -> int:
        """The length of the calls as text."""
        return sum(len(repr(call.params)) for call in self.calls)


def vector_file(profile_name: str, *, listener: Callable[[str], None] = lambda _: None) -> VectorFile:
    """The vectors of one edition; each mutant whose witness needs the edition alone is found by one of them.

    A test has one `reset` and calls in sequence, so mutants that need overlapping calls or a second vault have none.
    """
    profile = load_profile(profile_name)
    entries = [one for one in CATALOGUE.values() if profile_name in one.profiles and one.choice is None]
    chosen: list[Candidate] = [*_edges(profile), *_limits(profile)]
    found: dict[str, list[str]] = {one.id: list(one.flags) for one in chosen}
    for group in dict.fromkeys(entry.group for entry in entries):
        listener(group)
        mine = [one for one in entries if one.group == group and not (one.overlapping or one.outlives_reset)]
        witnesses = [one for entry in mine if (one := _witness(entry, profile)) is not None]
        pool = {one.id: one for one in (*witnesses, *chosen)}
        kills = {key: killed(one, mine, profile_name) for key, one in pool.items() if _may_show(one, mine, chosen)}
        sizes = {key: one.size for key, one in pool.items()}
        taken = cover(kills, have=[one.id for one in chosen], size=sizes.__getitem__)
        chosen += [pool[key] for key in taken if key not in found]
        for one in chosen:
            found.setdefault(one.id, list(one.flags)).extend(sorted(kills.get(one.id, ())))
    return _file(profile, chosen, found)


def _may_show(one: Candidate, mine: Iterable[Mutant], chosen: Iterable[Candidate]) -> bool:
    """Whether to try this test on these mutants. A test of another group needs a clause family in common with them."""
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
    for told in (_without_idle_subnets(calls), calls):
        case = case_from_calls(told)
        try:
            expected = expected_calls(case, profile)
        except Uncertain:
            continue
        one = _candidate(entry.clause, entry.story, case, expected)
        if _is_killed(one, entry, profile.name):
            return one
    return None


def _candidate(
    clause: str, comment: str, case: Case, calls: tuple[VectorCall, ...], flags: tuple[str, ...] = ()
) -> Candidate:
    needs = list(needs_of(case))
    if any(call.accepted is False for call in calls):
        needs.append("refused-writes")
    if clause == "CRED-4":
        needs.append("decision-codes")
    return Candidate(clause=clause, comment=comment, case=case, calls=calls, needs=tuple(needs), flags=flags)


def _without_idle_subnets(calls: tuple[Call, ...]) -> tuple[Call, ...]:
    """The calls in a network of only those subnets that they name."""
    reset, *others = calls
    told = repr([call.params for call in others]).lower()
    subnets = reset.params["subnets"]
    assert isinstance(subnets, list)
    named = [subnet for subnet in subnets if f"'{subnet['id'].lower()}'" in told]
    return (Call(method="reset", params={"subnets": named}), *others)


# -- edges and limits, always there ------------------------------------------------------------------------------------


def _edges(profile: Profile) -> Iterator[Candidate]:
    for bits in (1, 8, 12, 16, 20, 23, 24, 28, 30):
        size = 2 ** (32 - bits)
        first = (80 << 24) // size * size
        block = Block(first, first + size - 1)
        acls = wire_rules([f"{text_from_address(first)}/{bits}"])
        asked = [address for address in (first - 1, first, block.last, block.last + 1) if 0 < address < 2**32 - 1]
        requests = tuple(Request(address=address) for address in asked)
        steps = (WriteStep(method="putRules", params={"networkAcls": acls}), AskStep(requests=requests))
        yield from _certain("DEC-4", f"both ends of a /{bits} and their neighbours", steps, profile, EDGE)
    for value in _PRIVATE_EDGES:
        steps_of = (WriteStep(method="putRules", params={"networkAcls": wire_rules([value])}),)
        yield from _certain("VAL-3", f"{value} at an edge of private space", steps_of, profile, EDGE)


def _limits(profile: Profile) -> Iterator[Candidate]:
    singles = [f"20.{1 + index // 250}.{index % 250}.1" for index in range(profile.max_ip_rules + 1)]
    subnets = plain_subnets(profile.max_virtual_network_rules + 1)
    network = Network(subnets=tuple(Subnet(id=one, service_endpoints=(SERVICE_ENDPOINT,)) for one in subnets))
    for clause, count in (("LIM-1", profile.max_ip_rules), ("LIM-2", profile.max_ip_rules + 1)):
        acls = wire_rules(singles[:count])
        yield from _certain(clause, f"{count} IP rules", (_put(acls),), profile, LIMIT)
    for clause, count in (
        ("LIM-3", profile.max_virtual_network_rules),
        ("LIM-4", profile.max_virtual_network_rules + 1),
    ):
        acls = wire_rules((), subnets[:count])
        yield from _certain(clause, f"{count} virtual network rules", (_put(acls),), profile, LIMIT, network)
    both = wire_rules(singles[:-1], subnets[:-1])
    yield from _certain("LIM-5", "both maxima at once", (_put(both),), profile, LIMIT, network)


def _put(acls: Mapping[str, object]) -> WriteStep:
    return WriteStep(method="putRules", params={"networkAcls": acls})


def _certain(
    clause: str,
    comment: str,
    steps: tuple[WriteStep | AskStep, ...],
    profile: Profile,
    flag: str,
    network: Network = network_from_wire(()),  # noqa: B008 - a value
) -> Iterator[Candidate]:
    case = Case(network=network, steps=steps)
    try:
        yield _candidate(clause, comment, case, expected_calls(case, profile), (flag,))
    except Uncertain:
        return


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
        ),
        notes={flag: _note(flag) for flag in sorted(flags)},
        test_groups=tuple(
            TestGroup(clause=clause, text=known[clause].text, needs=needs, tests=tuple(tests))
            for (clause, needs), tests in groups.items()
        ),
    )


def _note(flag: str) -> Note:
    if flag == EDGE:
        return Note(
            bug_type="EDGE_CASE", description="An end of a range, or of a block of addresses.", effect="none known"
        )
    if flag == LIMIT:
        return Note(bug_type="LIMIT", description="As many rules as there may be, or one more.", effect="none known")
    entry = CATALOGUE[flag]
    return Note(
        bug_type=entry.group.upper().replace("-", "_"),
        description=entry.story,
        effect=_EFFECTS[entry.direction],
        origin=entry.origin,
    )
