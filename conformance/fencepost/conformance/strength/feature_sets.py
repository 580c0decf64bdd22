"""Correct vaults with few features and many: sets in which any three features are met in every combination."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product
from random import Random
from typing import TypeAlias

from fencepost.adapters.contract import Client, Connection, JsonObject, open_factory, open_subject
from fencepost.adapters.contract.vocabulary import CONTRADICTIONS, FEATURES
from fencepost.conformance.bench.effort import EFFORTS
from fencepost.conformance.peers import NetaddrVault, SqliteVault, StdlibVault, SuspiciousVault, TrieVault
from fencepost.conformance.peers.memory import MemoryVault, State
from fencepost.conformance.peers.peer import Peer, as_object
from fencepost.conformance.peers.structures.vault import StructureVault
from fencepost.conformance.run.campaign import begin
from fencepost.conformance.run.plan import Plan
from fencepost.conformance.strength.false_alarms import FalseAlarmRun, Finding, finding_of
from fencepost.conformance.strength.generated.structures import STRUCTURES

_CANDIDATES = 60
"""How many random sets are compared for each that is taken."""

OFFERED = tuple(name for name in FEATURES if name != "azure-wire")
"""The features that a vault has by itself; `azure-wire` is the adapter's for an endpoint on Azure's wire."""

Features: TypeAlias = tuple[str, ...]
_Cell: TypeAlias = tuple[tuple[str, bool], ...]


def covering_sets(names: Sequence[str] = OFFERED, *, ways: int = 3, seed: int = 0) -> tuple[Features, ...]:
    """Sets of features without contradiction, in which every combination of any `ways` features occurs."""
    random = Random(seed)
    left = {cell for some in combinations(names, ways) for cell in _cells(some) if _is_possible(dict(cell))}
    found = list[Features]()
    while left:
        first = random.choice(sorted(left))
        drawn = (_completed(dict(first), names, random) for _ in range(_CANDIDATES))
        best = max(drawn, key=lambda one: len(left & _covered(one, names, ways)))
        left -= _covered(best, names, ways)
        found.append(tuple(name for name in names if best[name]))
    return tuple(found)


def _cells(names: Sequence[str]) -> Iterator[_Cell]:
    return (tuple(zip(names, values, strict=True)) for values in product((False, True), repeat=len(names)))


def _is_possible(chosen: dict[str, bool]) -> bool:
    return not any(chosen.get(one) and chosen.get(other) for one, other, _ in CONTRADICTIONS)


def _completed(chosen: dict[str, bool], names: Sequence[str], random: Random) -> dict[str, bool]:
    """The choice with the other features at random, as far as nothing contradicts them."""
    for name in random.sample(names, len(names)):
        if name not in chosen:
            is_there = random.random() < 0.5
            chosen[name] = is_there and _is_possible({**chosen, name: True})
    return chosen


def _covered(chosen: dict[str, bool], names: Sequence[str], ways: int) -> set[_Cell]:
    return {tuple((name, chosen[name]) for name in some) for some in combinations(names, ways)}


def _denying(kind: type[MemoryVault[object]]) -> type[MemoryVault[object]]:
    """The vault with the default action Deny from its first moment on, which it does not show."""

    class Denying(kind):  # type: ignore[misc,valid-type]  # a class that is made for the purpose
        first_action = "Deny"
        choices = replace(kind.choices, default_of_default_action="Deny")

        def _spell_rules(self, state: State[object]) -> JsonObject:
            acls = as_object(super()._spell_rules(state)["networkAcls"])
            return {"networkAcls": {name: value for name, value in acls.items() if name != "defaultAction"}}

    return Denying


def _made(kind: str, features: Features, profile: str) -> Peer:
    wanted: type[Peer] = PEERS.get(kind, StructureVault)
    if "always-deny" in features and issubclass(wanted, MemoryVault):
        wanted = _denying(wanted)
    if kind in PEERS:
        return wanted(profile=profile)
    make: Callable[..., Peer] = wanted
    return make(STRUCTURES[kind].module.Structure(), profile=profile)


PEERS: dict[str, type[Peer]] = {
    "stdlib": StdlibVault,
    "netaddr": NetaddrVault,
    "trie": TrieVault,
    "sqlite": SqliteVault,
}
VAULTS = (*PEERS, *(name for name in STRUCTURES if name not in {"scan", "prefix-sets", "intervals", "sql"}))
"""Twelve vaults of different manners: four peers, and eight structures that keep what they have built."""


def vault(kind: str, features: Features, *, profile: str) -> SuspiciousVault:
    """A vault of the kind that offers these features, and raises at a call that it does not offer.

    With `always-deny` a vault that is no value in memory gives way to the plainest.
    """
    inner = "stdlib" if kind == "sqlite" and "always-deny" in features else kind

    class Offering(SuspiciousVault):
        name = f"{kind} with {len(features)} features"

        def __init__(self) -> None:
            self._vault = _made(inner, features, profile)  # type: ignore[assignment]  # any peer is guarded alike
            self._endpoints = None

    Offering.features = features
    return Offering()


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrayRun:
    """One vault with one set of features, in one profile, with one seed; at quick effort."""

    kind: str
    features: Features
    profile: str
    seed: int

    @property
    def label(self) -> str:
        """The run in one line."""
        return f"{self.kind}, {self.profile}, {', '.join(self.features) or 'no feature'}"


def ask_vault(run: ArrayRun) -> Finding:
    """The finding of the suite on a correct vault with these features."""
    connection = open_factory(lambda: vault(run.kind, run.features, profile=run.profile))
    return _asked(connection, run.label, run.seed, ())


@dataclass(frozen=True, slots=True, kw_only=True)
class ClauseRun:
    """The reference, asked for one clause alone."""

    clause: str
    profile: str
    seed: int


def ask_clause(run: ClauseRun) -> Finding:
    """The finding of the suite on the reference, where it asks one clause alone."""
    connection = open_subject(f"reference:{run.profile}")
    return _asked(connection, f"{run.clause}, {run.profile}", run.seed, (run.clause,))


def _asked(connection: Connection, label: str, seed: int, clauses: Features) -> Finding:
    plan = Plan(subject=label, effort=EFFORTS["quick"], seed=seed, clauses=clauses)
    client = Client(connection)
    try:
        campaign = begin(client, plan)
        campaign.run()
        report = campaign.report()
        found = finding_of(FalseAlarmRun(subject=label, effort="quick", seed=seed), report)
        does_apply = any(row.verdict != "not applicable" for row in report.clauses)
        return found if does_apply else replace(found, result="not applicable")
    finally:
        client.close()
