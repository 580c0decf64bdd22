"""Observes two changes of a vault that follow one another: which kinds, of which rules, under which default action."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import combinations, product
from typing import TypeAlias

from fencepost.adapters.contract import JsonObject
from fencepost.reference import Block, RuleSet, Vault, read_ip_rule

FACTORS = ("kind", "relation", "default action", "between", "next kind", "next relation", "next default action")
"""In what two successive changes can differ; a relation is that of a change's rule to the other rules in force."""

Levels: TypeAlias = tuple[str, ...]
Change: TypeAlias = tuple[str, str, str]
"""The kind, the relation, and the default action before the change."""

_RANGE = ("apart", "beside", "inside", "around")
_RELATIONS: Mapping[str, tuple[str, ...]] = {
    "put": ("the same", "fewer", "more", "others"),
    "update": ("none",),
    "endpoints": ("listed", "not listed"),
    "add a range": ("alone", *_RANGE),
    "remove a range": ("alone", *_RANGE, "not there"),
    "add a subnet": ("alone", "among others"),
    "remove a subnet": ("alone", "among others", "not there"),
    "refused": ("none",),
}
"""Each kind of change, with the relations that its rule may have."""

_TWICE = "there already"
"""A rule that is added twice is left out: what then is in force, and after its removal, is an open point."""

_METHODS = {
    "putRules": "put",
    "updateRules": "update",
    "setServiceEndpoints": "endpoints",
    "addIpRule": "add a range",
    "removeIpRule": "remove a range",
    "addVirtualNetworkRule": "add a subnet",
    "removeVirtualNetworkRule": "remove a subnet",
}


@dataclass(slots=True)
class Changes:
    """The pairs of successive changes that were made, each with what lay between the two."""

    met: set[Levels] = field(default_factory=set)
    _last: Change | None = None
    _is_asked: bool = False

    def note(self, method: str, params: JsonObject, before: Vault, after: Vault, answer: object) -> None:
        """A call was answered; the vaults are the reference's before and after it."""
        if method == "reset":
            self._last = None
        elif method not in _METHODS:
            self._is_asked = True
        else:
            is_refused = isinstance(answer, dict) and answer.get("accepted") is False
            kind = "refused" if is_refused else _METHODS[method]
            now = (kind, _relation(kind, params, before, after.rules), before.rules.default_action.value)
            is_counted = now[1] != _TWICE
            if self._last is not None and is_counted:
                self.met.add((*self._last, "asked" if self._is_asked else "unasked", *now))
            self._last, self._is_asked = (now if is_counted else None), False


def combined(levels: Levels, size: int) -> Iterator[str]:
    """Every so many factors with the values that they have together."""
    named = zip(FACTORS, levels, strict=True)
    return (", ".join(f"{factor}={level}" for factor, level in some) for some in combinations(named, size))


@cache
def possible() -> frozenset[Levels]:
    """Every two changes that can follow one another, as far as the number of rules in force shows."""
    found = set[Levels]()
    for action, (ranges, subnets) in product(("Allow", "Deny"), product(range(3), repeat=2)):
        for kind, relation in _kinds(ranges, subnets):
            actions = ("Allow", "Deny") if kind in ("put", "update") else (action,)
            for count in _counts_after(kind, relation, ranges, subnets):
                for next_kind, next_relation in _kinds(*count):
                    for between, after in product(("asked", "unasked"), actions):
                        found.add((kind, relation, action, between, next_kind, next_relation, after))
    return frozenset(found)


def _relation(kind: str, params: JsonObject, before: Vault, after: RuleSet) -> str:
    rules = before.rules
    match kind:
        case "put":
            old, new = _held(rules), _held(after)
            return "the same" if new == old else "fewer" if new < old else "more" if new > old else "others"
        case "endpoints":
            return "listed" if rules.rule_for_subnet(str(params["subnet"])) is not None else "not listed"
        case "add a range" | "remove a range":
            return _relation_of_range(kind, params["value"], before)
        case "add a subnet" | "remove a subnet":
            is_there = rules.rule_for_subnet(str(params["id"])) is not None
            return _place(kind, is_there=is_there, others=len(rules.virtual_network_rules) - is_there) or "among others"
    return "none"


def _relation_of_range(kind: str, value: object, before: Vault) -> str:
    blocks = read_ip_rule(value, before.profile).blocks
    block = next(iter(blocks)) if len(blocks) == 1 else None
    held = {rule.block for rule in before.rules.ip_rules}
    others = held - {block}
    place = _place(kind, is_there=block in held, others=len(others))
    return place or (_to_others(block, others) if block is not None else "apart")


def _place(kind: str, *, is_there: bool, others: int) -> str | None:
    if kind.startswith("add") and is_there:
        return _TWICE
    if kind.startswith("remove") and not is_there:
        return "not there"
    return None if others else "alone"


def _to_others(block: Block, others: set[Block]) -> str:
    if any(other.holds(block) for other in others):
        return "inside"
    if any(block.holds(other) for other in others):
        return "around"
    is_beside = any(other.last + 1 == block.first or block.last + 1 == other.first for other in others)
    return "beside" if is_beside else "apart"


def _held(rules: RuleSet) -> set[object]:
    return {rule.block for rule in rules.ip_rules} | {rule.key for rule in rules.virtual_network_rules}


def _kinds(ranges: int, subnets: int) -> Iterator[tuple[str, str]]:
    """The changes that can be made with so many rules in force, 2 standing for more."""
    for kind, relations in _RELATIONS.items():
        count = subnets if kind.endswith("subnet") or kind == "endpoints" else ranges
        for relation in relations:
            match relation:
                case "alone":
                    can_be = count == kind.startswith("remove")
                case "apart" | "beside" | "inside" | "around" | "among others":
                    can_be = count > kind.startswith("remove")
                case "listed":
                    can_be = count > 0
                case "fewer" | "others":
                    can_be = ranges + subnets > 0
                case _:
                    can_be = True
            if can_be:
                yield kind, relation


def _counts_after(kind: str, relation: str, ranges: int, subnets: int) -> Iterator[tuple[int, int]]:
    """How many rules may be in force after the change."""
    every = product(range(3), repeat=2)
    match kind, relation:
        case "put", "fewer":
            yield from ((one, other) for one, other in every if one <= ranges and other <= subnets)
        case "put", "more":
            yield from ((one, other) for one, other in every if one >= ranges and other >= subnets and one + other)
        case "put", "others":
            yield from ((one, other) for one, other in every if one + other)
        case _, "not there":
            yield ranges, subnets
        case (("add a range" | "remove a range" | "add a subnet" | "remove a subnet"), _):
            step = 1 if kind.startswith("add") else -1
            count = ranges if kind.endswith("range") else subnets
            for after in {min(2, count + step), *((2,) if count == 2 else ())}:
                yield (after, subnets) if kind.endswith("range") else (ranges, after)
        case _:
            yield ranges, subnets
