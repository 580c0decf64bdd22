"""Which clauses a right answer exercises: the deciding clause, and the clauses that the request was made for."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from fencepost.conformance.capabilities import LOOK_ALIKE_OPERATIONS
from fencepost.reference import Block, Decision, DefaultAction, IpRule, Outcome, Plane, Request, RuleSet

PLAIN_OPERATION = "SecretGet"


@dataclass(frozen=True, slots=True)
class RuleEdges:
    """The places of a rule set that clauses mention: the edges of its ranges, and where rules overlap or touch."""

    edges: frozenset[int]
    shared: tuple[Block, ...]
    _firsts: tuple[int, ...]
    _relations: Mapping[int, str]

    @classmethod
    def of(cls, rules: RuleSet) -> "RuleEdges":
        """The edges of a rule set."""
        blocks = [rule.block for rule in rules.ip_rules]
        edges = frozenset(
            edge for block in blocks for edge in (block.first - 1, block.first, block.last, block.last + 1)
        )
        shared = tuple(_shared(blocks))
        return cls(edges, shared, tuple(block.first for block in shared), dict(_relations(blocks)))

    def relation(self, address: int, rule: object) -> str:
        """Where the address stands to the rules, and how wide the rule is; `rule` is the rule that covers it."""
        at_an_edge = self._relations.get(address)
        if isinstance(rule, IpRule) and self.is_shared(address):
            return "shared"
        if at_an_edge is not None:
            return at_an_edge
        return f"inside {_width(rule.block)}" if isinstance(rule, IpRule) else "outside"

    def is_shared(self, address: int) -> bool:
        """Whether the address concerns more than one rule: it lies in two rules, or where two rules touch."""
        index = bisect_right(self._firsts, address) - 1
        return index >= 0 and address <= self.shared[index].last


def _relations(blocks: Iterable[Block]) -> Iterator[tuple[int, str]]:
    """The addresses at the edges of ranges, each with its place; of several places the last counts."""
    outer, inner = [], []
    for block in blocks:
        width = _width(block)
        outer += [(block.first - 1, f"before {width}"), (block.last + 1, f"after {width}")]
        inner += [(block.last, f"last {width}"), (block.first, f"first {width}")]
    return iter((*outer, *inner))


def _width(block: Block) -> str:
    """The class of the prefix of the range that holds as many addresses, by octets; `/32` is a single address."""
    prefix = 33 - (block.last - block.first + 1).bit_length()
    return "/32" if prefix == 32 else f"/{prefix // 8 * 8}"


def _shared(blocks: Iterable[Block]) -> Iterable[Block]:
    """The outermost blocks inside another rule, and the two addresses where adjacent rules touch; disjoint."""
    found: list[Block] = []
    last = -1
    for block in sorted(blocks, key=lambda block: (block.first, -block.last)):
        if block.last <= last:
            found.append(block)
        elif block.first == last + 1 and last >= 0:
            found.append(Block(last, block.first))
        last = max(last, block.last)
    reached = -1
    for block in sorted(found, key=lambda block: (block.first, -block.last)):
        if block.first > reached:
            yield block
            reached = block.last


def exercised_clauses(request: Request, expected: Decision, rules: RuleSet, landmarks: RuleEdges) -> tuple[str, ...]:
    """The clauses that a right answer to this request exercises, the deciding clause first.

    Empty if the outcome is open, or if it has two independent causes: a fault in one cause is masked by the other.
    """
    if expected.outcome is Outcome.OPEN:
        return ()
    clause = expected.clause
    if request.plane is Plane.CONTROL:
        return (clause,)
    has_credentials = request.caller.authenticated and request.caller.authorized
    if not has_credentials and not clause.startswith("CRED"):
        return ()
    found = [clause]
    if clause in ("DEC-2", "DEC-3"):
        if request.address in landmarks.edges:
            found.append("DEC-4")
        if clause == "DEC-2" and landmarks.is_shared(request.address):
            found.append("DEC-5")
    if request.operation != PLAIN_OPERATION:
        found.append("DEC-16")
        if expected.outcome is Outcome.DENY and has_credentials and request.operation in LOOK_ALIKE_OPERATIONS:
            found.append("CTL-3")
    if expected.outcome is Outcome.ALLOW and rules.default_action is DefaultAction.DENY:
        criteria = bool(rules.ip_rules) + bool(rules.virtual_network_rules) + (request.caller.service is not None)
        if criteria >= 2:
            found.append("DEC-14")
    return tuple(found)
