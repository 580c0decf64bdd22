"""Which clauses a right answer exercises: the deciding clause, and the clauses that the request was made for."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

from fencepost.conformance.capabilities import LOOK_ALIKE_OPERATIONS
from fencepost.reference import Block, Decision, DefaultAction, Outcome, Plane, Request, RuleSet

PLAIN_OPERATION = "SecretGet"


@dataclass(frozen=True, slots=True)
class RuleEdges:
    """The places of a rule set that clauses mention: the edges of its ranges, and where rules overlap or touch."""

    edges: frozenset[int]
    shared: tuple[Block, ...]
    _firsts: tuple[int, ...]

    @classmethod
    def of(cls, rules: RuleSet) -> "RuleEdges":
        """The edges of a rule set."""
        blocks = [rule.block for rule in rules.ip_rules]
        edges = frozenset(
            edge for block in blocks for edge in (block.first - 1, block.first, block.last, block.last + 1)
        )
        shared = tuple(_shared(blocks))
        return cls(edges, shared, tuple(block.first for block in shared))

    def is_shared(self, address: int) -> bool:
        """Whether the address concerns more than one rule: it lies in two rules, or where two rules touch."""
        index = bisect_right(self._firsts, address) - 1
        return index >= 0 and address <= self.shared[index].last


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

    Empty if the outcome is open, or if it has two independent causes: a fault in one would be masked by the other.
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
