"""The fault classes of a request under the rules in force: the faults that its answer would show."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from fencepost.conformance.generate.boundaries import LANDMARKS, flipped, octet_edges, resembling
from fencepost.conformance.selection.cover import FaultClass
from fencepost.conformance.selection.factors import factor_levels, pairs_of
from fencepost.conformance.selection.id_similarity import kinship
from fencepost.conformance.selection.rule_faults import engulfing, prefix_class, prefix_of
from fencepost.reference import (
    Block,
    Caller,
    Decision,
    DefaultAction,
    Outcome,
    Plane,
    Request,
    Vault,
)

WEIGHTS = {
    "edge": 3.0,
    "edge of the half": 1.5,
    "place": 3.0,
    "bit": 1.0,
    "octet": 1.0,
    "resembles": 1.0,
    "landmark": 1.0,
    "operation": 1.0,
    "service": 2.0,
    "trust": 3.0,
    "subnet": 2.0,
    "moved": 3.0,
    "pair": 0.5,
    "clause": 1.0,
    "kin": 6.0,
}
"""The worth of the first time, by kind."""

_EDGES = ("before", "first", "inside", "last", "after")
_ENDS, _SUBNETS, _FEW = 4, 48, 8


@dataclass(slots=True)
class RuleView:
    """A vault's rules prepared for many requests; `was` gives the answer under the set before, where it was asked."""

    vault: Vault
    was: Mapping[Request, Decision] = field(default_factory=dict)
    _near: dict[int, list[tuple[int, Block, str]]] = field(init=False, default_factory=dict)
    _alike: dict[int, list[FaultClass]] = field(init=False, default_factory=dict)
    _subnets: dict[str, int] = field(init=False, default_factory=dict)
    _plain: frozenset[str] = field(init=False, default=frozenset())
    _engulfing: Block | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        """Compute the edges of the rules, and the addresses similar to the first few rules."""
        rules = self.vault.rules.ip_rules
        for place, rule in enumerate(rules):
            block = rule.block
            at = (block.first - 1, block.first, (block.first + block.last) // 2, block.last, block.last + 1)
            for edge, address in zip(_EDGES, at, strict=True):
                self._near.setdefault(address, []).append((place, block, edge))
        for rule in rules[:_ENDS]:
            self._note_alike(rule.block)
        self._plain = frozenset(subnet.id for subnet in self.vault.network.subnets)
        self._engulfing = engulfing(rules)
        for subnet_place, subnet in enumerate(self.vault.network.subnets):
            self._subnets[subnet.id.lower()] = subnet_place

    def _note_alike(self, block: Block) -> None:
        kind = prefix_class(prefix_of(block))
        for place, address in enumerate(flipped(block)):
            self._alike.setdefault(address, []).append(("bit", place % 32, kind))
        for place, address in enumerate(octet_edges(block)):
            self._alike.setdefault(address, []).append(("octet", place, kind))
        for place, address in enumerate(resembling(block)):
            self._alike.setdefault(address, []).append(("resembles", place))

    @property
    def alike(self) -> list[int]:
        """The addresses that a faulty program may confuse with the first few rules'."""
        return list(self._alike)

    def classes(self, request: Request) -> frozenset[FaultClass]:
        """The fault classes that this request shows."""
        return frozenset(self._classes(request, self.vault.decide(request)))

    def _classes(self, request: Request, decision: Decision) -> Iterator[FaultClass]:
        if decision.outcome is Outcome.OPEN:
            return
        rules, caller = self.vault.rules, request.caller
        yield ("clause", decision.clause, decision.outcome, len(self._near) > 0)
        near = self._near.get(request.address, ())
        yield from (("pair", one) for one in pairs_of(factor_levels(request, self.vault, is_near=bool(near))))
        yield ("operation", request.plane, request.operation, decision.outcome)
        if caller.service is not None:
            yield ("service", caller.service, caller.trusted, rules.bypass, decision.outcome)
            if caller.authenticated and caller.authorized:  # a denial of any other caller is not due to missing trust
                yield ("trust", caller.trusted, rules.bypass, decision.outcome)
        if request.subnet is not None:
            place = self._subnets.get(request.subnet.lower(), -1)
            yield ("subnet", min(place, _SUBNETS), decision.outcome, bool(rules.ip_rules))
            yield from self._kin(request.subnet, is_spelled=self._is_in_other_letters(request.subnet, place))
            yield ("subnet", "in other letters", self._is_in_other_letters(request.subnet, place), decision.outcome)
            if decision.clause == "DEC-6":
                yield ("place", "virtual network rules", self._subnet_place(request.subnet))
        before = self.was.get(request)
        if before is not None:
            yield ("moved", before.outcome, decision.outcome, before.clause, decision.clause)
        is_plain = request.plane is Plane.DATA and caller == Caller() and request.subnet is None
        if is_plain and rules.default_action is DefaultAction.DENY:
            yield from self._of_address(request.address, decision)

    def _kin(self, subnet: str, *, is_spelled: bool) -> Iterator[FaultClass]:
        """How a caller's unlisted subnet resembles the listed ones, and whether either is in other letters."""
        listed = self.vault.rules.virtual_network_rules
        if len(listed) > _FEW or self.vault.rules.rule_for_subnet(subnet) is not None:
            return
        yield from {("kin", how) for rule in listed for how in kinship(rule.key, subnet.lower())}
        if is_spelled and any(rule.id not in self._plain for rule in listed):
            yield ("kin", "both in other letters")

    def _is_in_other_letters(self, subnet: str, place: int) -> bool:
        return place >= 0 and self.vault.network.subnets[place].id != subnet

    def _subnet_place(self, subnet: str) -> str:
        ids = [rule.key for rule in self.vault.rules.virtual_network_rules]
        return place_class(ids.index(subnet.lower()), len(ids))

    def _of_address(self, address: int, decision: Decision) -> Iterator[FaultClass]:
        count = len(self.vault.rules.ip_rules)
        for place, block, edge in self._near.get(address, ()):
            is_outside = edge in ("before", "after")
            if is_outside is not (decision.outcome is Outcome.DENY):
                continue
            if not is_outside and getattr(decision.rule, "block", None) != block:
                continue
            prefix = prefix_of(block)
            yield ("edge", prefix, edge)
            yield ("edge of the half", prefix_class(prefix), edge, block.first >> 31)
            yield ("place", "IP rules", place_class(place, count), is_outside)
        yield from ((*one, decision.outcome) for one in self._alike.get(address, ()))
        if self._engulfing is not None and address == self._engulfing.last:
            yield ("place", "behind many")
        if address in LANDMARKS:
            yield ("landmark", address, decision.outcome)


def place_class(place: int, count: int) -> str:
    """The class of a rule's place in a list, as programs distinguish places: ends, middle, beside round numbers."""
    if place in (0, 1):
        return ("first", "second")[place]
    if place >= count - 2:
        return ("last", "last but one")[count - 1 - place]
    for size in (256, 250, 200, 128, 100, 64, 50, 32, 20, 16, 10, 8):
        if place >= size and place % size in (0, size - 1):
            return f"{place} of many" if place % size == 0 else f"before {place + 1} of many"
    return f"among the first {1 << max(place, 1).bit_length()}"


def distinct_places(count: int) -> list[int]:
    """The places of a list of this length that are each in a different class, ends first."""
    found: dict[str, int] = {}
    for place in (*range(min(count, 1)), *range(count - 1, -1, -1)):
        found.setdefault(place_class(place, count), place)
    return list(found.values())
