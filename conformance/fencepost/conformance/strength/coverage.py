"""Observes what a run asks: range edges by prefix length, pairs of factors, and changes that follow one another."""

from collections.abc import Container, Iterable

from fencepost.adapters.contract import Connection, JsonObject
from fencepost.adapters.contract.relay import Relay
from fencepost.conformance.lockstep.following import followed
from fencepost.conformance.lockstep.wire import request_from_wire
from fencepost.conformance.selection.factors import Levels, factor_levels, pairs_of, possible_levels
from fencepost.conformance.strength.changes import Changes, combined, possible
from fencepost.conformance.strength.model import Covered
from fencepost.reference import (
    Caller,
    Decision,
    DefaultAction,
    Outcome,
    Plane,
    Profile,
    Request,
    RuleSet,
    Vault,
    load_profile,
)

EDGES = ("the address before", "the first", "the last", "the address after")
PREFIXES = (*range(3, 31), 32)
"""The prefix lengths of ranges that every profile accepts."""


def covered(name: str, cells: Iterable[str], seen: Container[str]) -> Covered:
    """How many of the cells were seen."""
    known = tuple(cells)
    missing = tuple(cell for cell in known if cell not in seen)
    return Covered(name=name, covered=len(known) - len(missing), of=len(known), missing=missing)


class Watch(Relay):
    """A connection that forwards every call, with a reference vault that shows which rules each request meets."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.vault = Vault(profile=load_profile("keyvault"))
        self.edges: set[tuple[int, str]] = set()
        self.met: set[Levels] = set()
        self.changes = Changes()
        self.configurations = 0
        self._places: tuple[RuleSet | None, dict[int, list[tuple[int, str]]]] = (None, {})

    def take_profile(self, profile: Profile) -> None:
        """Use this profile from the next `reset` on."""
        self.vault = Vault(profile=profile)

    def call(self, method: str, params: JsonObject) -> object:
        """Forward the call, then record it."""
        answer = self.inner.call(method, params)
        if method == "decide" and isinstance(requests := params["requests"], list):
            for request in requests:
                self._note(request_from_wire(request))
        before, self.vault = self.vault, followed(self.vault, method, params, answer)
        self.changes.note(method, params, before, self.vault, answer)
        return answer

    def edge_coverage(self, name: str) -> Covered:
        """Each prefix length with each of its four edges, where that rule alone decides the answer."""
        cells = ((prefix, edge) for prefix in PREFIXES for edge in EDGES if prefix != 32 or edge != "the last")
        seen = frozenset(f"/{prefix}: {edge}" for prefix, edge in self.edges)
        return covered(name, (f"/{prefix}: {edge}" for prefix, edge in cells), seen)

    def pair_coverage(self, name: str) -> Covered:
        """Each pair of factors with each pair of their values that can occur together."""
        seen = frozenset(pair for levels in self.met for pair in pairs_of(levels))
        possible = dict.fromkeys(pair for levels in possible_levels() for pair in pairs_of(levels))
        return covered(name, possible, seen)

    def change_coverage(self, name: str, size: int) -> Covered:
        """Of two changes that follow one another each so many factors, with the values that can occur together."""
        seen = frozenset(cell for levels in self.changes.met for cell in combined(levels, size))
        cells = dict.fromkeys(cell for levels in sorted(possible()) for cell in combined(levels, size))
        return covered(name, cells, seen)

    def _note(self, request: Request) -> None:
        vault, places = self.vault, self._edges_now()
        decision = vault.decide(request)
        near = places.get(request.address, ())
        self.met.add(factor_levels(request, vault, is_near=bool(near)))
        is_plain = request.plane is Plane.DATA and request.caller == Caller() and request.subnet is None
        if is_plain and vault.rules.default_action is DefaultAction.DENY:
            self.edges |= {(prefix, edge) for prefix, edge in near if _settles(decision, edge, prefix)}

    def _edges_now(self) -> dict[int, list[tuple[int, str]]]:
        rules = self.vault.rules
        if self._places[0] is not rules:
            found: dict[int, list[tuple[int, str]]] = {}
            for rule in rules.ip_rules:
                first, last = rule.block.first, rule.block.last
                prefix = 33 - (last - first + 1).bit_length()
                for edge, address in zip(EDGES, (first - 1, first, last, last + 1), strict=True):
                    found.setdefault(address, []).append((prefix, edge))
            self._places = (rules, found)
        return self._places[1]


def _settles(decision: Decision, edge: str, prefix: int) -> bool:
    """Whether this range alone decides the answer at this edge."""
    if edge.startswith("the address"):
        return decision.outcome is Outcome.DENY
    rule = decision.rule
    block = getattr(rule, "block", None)
    return (
        decision.outcome is Outcome.ALLOW and block is not None and block.last - block.first + 1 == 2 ** (32 - prefix)
    )
