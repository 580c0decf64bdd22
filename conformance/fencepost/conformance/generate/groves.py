"""Groves: a few aligned, nested ranges that are added and removed one by one in every order.

A program may keep its rules in a tree, in a table per prefix length, or in counts. Such a program fails where a rule
around others is removed, or where a rule comes back. The writes are those of fencepost.conformance.generate.turns.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import TypeAlias

from fencepost.conformance.generate import blocks
from fencepost.conformance.generate.boundaries import edges
from fencepost.conformance.generate.changes import GeneratorState
from fencepost.conformance.generate.shapes import Shape, far, first_half, other_half
from fencepost.conformance.lockstep.wire import WireRules, wire_rules, wire_rules_in_force
from fencepost.reference import Block, IpRule, Network, is_clear

_FEWEST = 3
_SOME = 2
"""Ranges around a range, and ranges inside one another in a half of it, are counted up to this number."""

Place: TypeAlias = tuple[bool, int, int, int, bool]
"""Whether a range is absent, how many ranges are around it, how deep each half is nested, and whether there is a range
in the block beside it."""

_WITHIN = 1
"""So many addresses in each range are asked after each change, beside its ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grove:
    """The ranges, from the outermost to the innermost."""

    blocks: tuple[Block, ...]

    @classmethod
    def of(cls, shape: Shape, random: Random, wide: Sequence[Block] = ()) -> "Grove":
        """The ranges of a shape without private or reserved space; around ranges far apart also the first of `wide`."""
        found: list[Block] = []
        while len(found) < _FEWEST:
            found = [one for one in shape(random) if is_clear(one)]
        if shape is far:
            around = [one for one in wide if one.holds(found[0])]
            found += around[:1] + random.sample(around[1:], min(len(around[1:]), random.randrange(2)))
        return cls(blocks=_outermost_first(dict.fromkeys(found)))

    def with_one_more(self, one: Block) -> "Grove":
        """The same ranges and this range."""
        return Grove(blocks=_outermost_first((*self.blocks, one)))

    @property
    def ends(self) -> list[int]:
        """The addresses at the ends of every range, and beside them."""
        return list(dict.fromkeys(end for one in self.blocks for end in edges(one)))

    def within(self, random: Random) -> list[int]:
        """Addresses in each range: any, or the first or last of a part that an octet, or one bit more, selects."""
        found = []
        for one in self.blocks * _WITHIN:
            size = one.last - one.first + 1
            parts = [part for part in (2**24, 2**16, 2**8, size // 2, 1) if 0 < part <= size]
            part = random.choice(parts)
            first = one.first + random.randrange(size // part) * part
            found.append(random.choice((first, first + part - 1)))
        return found

    def somewhere(self, random: Random) -> int:
        """Any address in or near any of the ranges."""
        one = random.choice(self.blocks)
        return random.randrange(max(1, 2 * one.first - one.last), min(2**32, 2 * one.last - one.first + 2))


def _outermost_first(found: Iterable[Block]) -> tuple[Block, ...]:
    return tuple(sorted(found, key=lambda one: (one.first - one.last, one.first)))


def _outer_first(found: Sequence[Block], random: Random) -> Block:
    del random
    return found[0]


def _inner_first(found: Sequence[Block], random: Random) -> Block:
    del random
    return found[-1]


def _any_first(found: Sequence[Block], random: Random) -> Block:
    return random.choice(found)


def _lowest_first(found: Sequence[Block], random: Random) -> Block:
    del random
    return min(found, key=lambda one: one.first)


ORDERS = (_outer_first, _inner_first, _any_first, _lowest_first)
"""Which range comes or goes next: of these, the outermost first, and a source of random numbers."""


@dataclass(slots=True)
class Life:
    """The history of one vault: its ranges are added in one order and removed in another, repeatedly.

    While `is_open`, the outermost range stays away: that range would hide a wrong answer about those inside it.
    `ballast` are ranges far from the grove's. They stay while the others come and go, so that the list is long.
    `made` counts the changes of each kind that `rarest` chose.
    """

    state: GeneratorState
    grove: Grove
    ballast: tuple[Block, ...] = ()
    is_filling: bool = True
    is_open: bool = False
    order: Callable[[Sequence[Block], Random], Block] = field(default=_any_first)
    made: Counter[Place] = field(default_factory=Counter)

    @property
    def random(self) -> Random:
        """The life's random numbers."""
        return self.state.random

    @property
    def held(self) -> list[IpRule]:
        """The rules in force, in the order of the list, without the ballast."""
        return [rule for rule in self.state.ip_rules if rule.block not in self.ballast]

    @property
    def ip_rules(self) -> list[IpRule]:
        """The same, the outermost first."""
        return sorted(self.held, key=lambda rule: (rule.block.first - rule.block.last, rule.block.first))

    @property
    def ranges(self) -> tuple[Block, ...]:
        """The ranges that may come, the outermost first."""
        return self.grove.blocks[self.is_open :]

    @property
    def absent_ranges(self) -> list[Block]:
        """Those of them that no rule names."""
        held = {rule.block for rule in self.state.ip_rules}
        return [one for one in self.ranges if one not in held]

    def rarest(self) -> Block | None:
        """A range in whose place few have come or gone, present or absent; None where there is no range.

        A place is how many ranges in force are around it, how deep the ranges in each of its halves are nested (each up
        to two), and whether there is a range in the block beside it: a tree that parts at each bit has another form in
        each of these places.
        """
        held, absent = [rule.block for rule in self.held], self.absent_ranges

        def depth(half: Block, of: Block) -> int:
            inside = [one for one in held if one != of and half.holds(one)]
            return min(len(inside), 1 + any(one != other and one.holds(other) for one in inside for other in inside))

        def kind(block: Block) -> Place:
            around = sum(one != block and one.holds(block) for one in held)
            lower = first_half(block)
            deep = depth(lower, block), depth(other_half(lower), block)
            return block in absent, min(around, _SOME), *deep, any(other_half(block).holds(one) for one in held)

        kinds = {one: kind(one) for one in (*absent, *held) if one in self.ranges}
        if not kinds:
            return None
        fewest = min(self.made[one] for one in kinds.values())
        chosen = self.random.choice([one for one, of_one in kinds.items() if self.made[of_one] == fewest])
        self.made[kinds[chosen]] += 1
        return chosen


def put_in_place(life: Life) -> WireRules:
    """Some of the ranges as a whole set; the subnets and the rule that came last stay."""
    chosen = life.random.sample(life.ranges, life.random.randrange(1, len(life.ranges) + 1))
    return set_of(life, dict.fromkeys((*(rule.block for rule in life.held[-1:]), *chosen)))


def put_one(life: Life) -> WireRules:
    """The outermost range alone, or any other."""
    block = life.random.choice((*life.grove.blocks[:1] * 3, life.random.choice(life.grove.blocks)))
    return wire_rules([blocks.text(block)])


def put_in_new(life: Life, network: Network) -> WireRules:
    """Some of the ranges as the first set of a new vault in this network.

    They are without the rule that came last in the present vault; where there is a range inside that rule, it comes
    first.
    """
    random = life.random
    last = [rule.block for rule in life.state.ip_rules[-1:]]
    others = [one for one in life.grove.blocks if one not in last]
    inside = [one for one in others if any(rule.holds(one) for rule in last)]
    count = random.choice((1, random.randrange(1, len(others) + 1)))
    chosen = list(dict.fromkeys((*random.sample(inside, min(1, len(inside))), *random.sample(others, count))))[:count]
    listed = [one.id for one in network.subnets[: random.randrange(2)]]
    return wire_rules(map(blocks.text, chosen), listed, bypass=random.choice(("None", "AzureServices")))


def set_of(life: Life, chosen: Iterable[Block]) -> WireRules:
    """These ranges, and the ballast before or after them, as a whole set; the subnets stay."""
    acls = wire_rules_in_force(life.state.vault.rules)
    listed = life.random.choice(((*life.ballast, *chosen), (*chosen, *life.ballast)))
    return {**acls, "ipRules": [{"value": blocks.text(one)} for one in listed]}
