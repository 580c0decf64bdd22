"""Lists filled and emptied one rule at a time, up to their maximum and beyond it (LIM-7, LIM-8)."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from fencepost.conformance.bench.bench import Bench
from fencepost.conformance.explorations.rule_lists import RuleList, ask_every_rule
from fencepost.conformance.generate import blocks, requests
from fencepost.conformance.generate.changes import other_spelling
from fencepost.conformance.generate.networks import ENDPOINTS, NO_ENDPOINTS, other_case
from fencepost.conformance.lockstep.wire import WireRules, wire_rules
from fencepost.reference import Request, address_from_text

_SPARE = 3
_ENDS = (0, -1)
_ADDED, _SUBNETS_ADDED, _REMOVED = 17, 9, 18
"""How many places are filled one by one, and how many emptied in a row: more than a small store of changes holds."""

_REFUSED = {"value": (("10.1.2.3", "VAL-3"), ("20.0.0.0/33", "VAL-5")), "id": (("default", "VAL-7"),)}
"""Rules that are refused for their values, and the clause that says so."""


def _apart(random: Random, values: Sequence[str]) -> str:
    """A range that overlaps none of these rules."""
    taken = {address_from_text(one.partition("/")[0]) >> 16 for one in values}
    while True:
        found = blocks.block(random, 24)
        if taken.isdisjoint((found.first >> 16, (found.first >> 16) - 1, (found.first >> 16) + 1)):
            return blocks.text(found)


def _otherwise_spelled(bench: Bench, random: Random, rule: str) -> str:
    return other_case(random, rule) if rule.startswith("/") else other_spelling(rule, bench.vault.profile)


def _request_under(random: Random, rule: str) -> Request:
    address, _, _ = rule.partition("/")
    if not address:
        return Request(address=requests.private(random), subnet=rule)
    return Request(address=address_from_text(address))


@dataclass(slots=True)
class _Filling:
    """A list that is filled rule by rule: the rules in it, in order, and the rules not in it."""

    bench: Bench
    kind: RuleList
    held: list[str]
    spare: list[str]

    def put(self, count: int, others: WireRules) -> bool:
        """Put so many rules as a whole set, the other list as given."""
        rules = [*self.held, *self.spare]
        self.held, self.spare = rules[:count], rules[count:]
        member = "virtualNetworkRules" if self.kind.member == "id" else "ipRules"
        acls = {**others, member: self.kind.acls(self.held)[member]}
        return self.bench.put(acls, exercises=("LIM-5",), aim="LIM-5")

    def add(self, aim: str) -> None:
        """Add one rule."""
        self.held.append(self.spare.pop(0))
        self._write(self.kind.add, self.held[-1], aim)

    def add_in_vain(self, aim: str) -> None:
        """Add one rule too many, a different rule each time."""
        self.spare.append(self.spare.pop(0))
        self._write(self.kind.add, self.spare[-1], aim)

    def remove(self, place: int, aim: str = "LIM-8") -> None:
        """Remove the rule at this place."""
        self.spare.append(self.held.pop(place))
        self._write(self.kind.remove, self.spare[-1], aim)
        self.bench.read()  # a removal of too much or nothing is no fault of the limit

    def remove_otherwise_spelled(self, random: Random) -> None:
        """Remove any rule by another equal text: a subnet in other letters, a single address with or without /32."""
        texts = {rule: _otherwise_spelled(self.bench, random, rule) for rule in self.held}
        rule = random.choice([one for one in self.held if texts[one] != one] or self.held)
        self.held.remove(rule)
        self.spare.append(rule)
        self._write(self.kind.remove, texts[rule], "STA-2")
        self.bench.read()
        self.bench.ask([_request_under(random, rule)], aim="STA-2")  # a rule that stays is no fault of the limit

    def _write(self, method: str, rule: str, aim: str) -> None:
        self.bench.write(method, {self.kind.member: rule}, exercises=(aim,), aim=aim)


def by_adding(bench: Bench, random: Random, kind: RuleList, others: Sequence[RuleList]) -> None:
    """LIM-7 and LIM-8: the last places filled one by one, by every mix of writes.

    A freed place is free for one rule of the same list, until the whole set is replaced. A refused or absent rule frees
    and takes no place. The other list is full all the time (LIM-5).
    """
    rules = kind.fill(random, kind.maximum + _SPARE + 12)
    if kind.member == "value":  # the first rule removed is a range in any case
        rules[0] = _apart(random, rules)
    one_by_one = {"value": _ADDED, "id": _SUBNETS_ADDED}[kind.member]
    filling = _Filling(bench, kind, rules[: kind.maximum - one_by_one], rules[kind.maximum - one_by_one :])
    beside, filled = wire_rules(()), [other.fill(random, other.maximum + 1) for other in others]
    for other, texts in zip(others, filled, strict=True):
        full = other.acls(texts[:-1])
        beside |= {member: full[member] for member in ("ipRules", "virtualNetworkRules") if full[member]}
    if not filling.put(kind.maximum - one_by_one, beside):
        return
    for _ in range(one_by_one - 1):
        filling.add("LIM-7")
    _add_refused(bench, kind)
    if kind.member == "id":
        _add_without_endpoint(bench, filling.spare[-1])
    filling.add("LIM-7")
    filling.add_in_vain("LIM-7")
    ask_every_rule(bench, random, "LIM-7")
    for turn in range(3):
        if turn < len(_ENDS):
            filling.remove(_ENDS[turn])
        else:
            filling.remove_otherwise_spelled(random)
        if turn == 1:  # an absent rule frees no place, a malformed one takes none
            bench.write(kind.remove, {kind.member: filling.spare[0]})
            _add_refused(bench, kind)
        filling.add("LIM-8")
        filling.add_in_vain("LIM-8")
    for _ in range(_REMOVED if kind.member == "value" else 1):
        filling.remove(random.randrange(len(filling.held)))
    ask_every_rule(bench, random, "LIM-8")
    if kind.member == "value":
        bench.ask([_request_under(random, one) for one in filling.spare], aim="STA-2")
    if filling.put(kind.maximum, beside):  # a place free before a whole set is not free after it
        filling.add_in_vain("LIM-7")
    refused = kind.acls([*filling.held, filling.spare[0]])  # a refused set keeps the count
    stray = [_apart(random, filled[0])] if kind.member == "id" else []  # and leaves what else it names out
    bench.put({**refused, "ipRules": refused["ipRules"] or [{"value": one} for one in stray]}, aim=kind.refused)
    filling.add_in_vain("LIM-7")
    for other, texts in zip(others, filled, strict=True):
        _exchanged(filling, other, texts, [_request_under(random, one) for one in stray])
    filling.remove(-1)
    filling.add("LIM-8")
    if filling.put(kind.maximum - 1, beside):
        filling.add("LIM-7")
        filling.add_in_vain("LIM-7")
    switched, usual = {"defaultAction": "Allow"}, {"defaultAction": "Deny"}
    if not bench.capabilities.default_action:
        switched, usual = {"bypass": "AzureServices"}, {"bypass": "None"}
    bench.write("updateRules", switched)
    bench.write(kind.add, {kind.member: filling.spare[0]}, exercises=("LIM-9", "LIM-7"), aim="LIM-9")
    filling.remove(0, "LIM-9")
    filling.add("LIM-9")
    bench.read()
    filling.add_in_vain("LIM-9")
    bench.write("updateRules", usual)
    bench.read()
    ask_every_rule(bench, random, "LIM-7")
    if bench.profile.choice("duplicates") in ("keep", "collapse"):
        again, *kept = filling.held
        room = kind.maximum if bench.profile.choice("duplicates-count") == "no" else kind.maximum - 1
        bench.put(kind.acls([again, again, *kept[: room - 1]]), aim=kind.accepted)
        for method, rule in ((kind.remove, again), *((kind.add, one) for one in filling.spare[:3])):
            bench.write(method, {kind.member: rule}, exercises=("LIM-8",), aim="LIM-8")  # both places are free again
    bench.reset(bench.vault.network)  # the next vault is not full
    bench.write(kind.add, {kind.member: filling.spare[0]}, exercises=("LIM-7",), aim="LIM-7")


def _add_refused(bench: Bench, kind: RuleList) -> None:
    """Add rules that are refused for their values, not for the limit."""
    for value, clause in _REFUSED[kind.member]:
        bench.write(kind.add, {kind.member: value}, aim=clause)


def _add_without_endpoint(bench: Bench, subnet: str) -> None:
    """Add a rule for a subnet while it has no service endpoint, where the subject refuses such a rule."""
    if bench.capabilities.endpoints and bench.profile.missing_endpoint == "reject":
        bench.endpoints(subnet, NO_ENDPOINTS[0])
        bench.write("addVirtualNetworkRule", {"id": subnet}, aim="VAL-8")
        bench.endpoints(subnet, ENDPOINTS[0])


def _exchanged(filling: _Filling, other: RuleList, texts: Sequence[str], refused: Sequence[Request]) -> None:
    """Both lists full: a place freed in one list is no place in the other. `texts` are the other's, and one more.

    `refused` are callers whom a refused set would admit: the next write that is accepted does not admit them.
    """
    bench = filling.bench
    bench.write(other.remove, {other.member: texts[0]}, exercises=("LIM-8",), aim="LIM-8")
    filling.add_in_vain("LIM-7")
    bench.write(other.add, {other.member: texts[0]}, exercises=("LIM-8",), aim="LIM-8")
    bench.ask(refused, aim="VAL-9")
    filling.remove(0)
    bench.write(other.add, {other.member: texts[-1]}, exercises=("LIM-7",), aim="LIM-7")
    filling.add("LIM-8")
    filling.add_in_vain("LIM-8")
