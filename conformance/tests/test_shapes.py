"""Shapes of ranges that come and go: each range is one that a rule can name, and a shape has what it is for."""

from collections.abc import Sequence
from itertools import combinations, pairwise
from random import Random

import pytest
from fencepost.conformance.capabilities import Ability, Capabilities
from fencepost.conformance.generate import blocks
from fencepost.conformance.generate.changes import GeneratorState
from fencepost.conformance.generate.groves import Grove, Life, put_in_new, set_of
from fencepost.conformance.generate.shapes import SHAPES, ballast, every_length, fork, other_half, pages, stairs
from fencepost.conformance.generate.turns import elsewhere, exposed
from fencepost.conformance.lockstep.case import WriteStep, apply_write
from fencepost.conformance.lockstep.wire import WireRules, entries_of, wire_rules
from fencepost.conformance.mutants.values import Held, IpRule
from fencepost.conformance.mutants.vault import Vault
from fencepost.reference import Block, Network, block_from_cidr, is_clear, load_profile
from fencepost.reference import Vault as Model
from runs import explored, named


def _is_writable(one: Block) -> bool:
    size = one.last - one.first + 1
    return one.first % size == 0 and size & (size - 1) == 0 and size != 2


@pytest.mark.parametrize("name", SHAPES)
def test_a_shape_has_at_least_three_ranges_that_a_rule_can_name(name: str) -> None:
    for seed in range(30):
        found = Grove.of(SHAPES[name], Random(seed)).blocks
        assert len(set(found)) == len(found) >= 3
        assert all(_is_writable(one) and is_clear(one) for one in found)


def test_stairs_share_an_address_five_ranges_deep() -> None:
    for seed in range(30):
        found = Grove.of(stairs, Random(seed)).blocks
        assert max(sum(one.holds(inner) for one in found) for inner in found) >= 5


def test_a_fork_has_ranges_in_both_halves_of_another() -> None:
    for seed in range(30):
        found = Grove.of(fork, Random(seed)).blocks
        assert any(len(_halves_with_a_range(one, found)) == 2 for one in found)


def _halves_with_a_range(root: Block, found: Sequence[Block]) -> set[bool]:
    middle = (root.first + root.last) // 2
    return {one.first > middle for one in found if root.holds(one) and one != root}


def test_pages_are_as_many_as_asked_each_a_16_of_its_own_with_two_ranges() -> None:
    for seed, count in enumerate((70, 126, 260)):
        found = pages(Random(seed), count)
        assert len({one.first >> 16 for pair in found for one in pair}) == len(found) == count
        assert all(one != other and _is_writable(one) and is_clear(one) for one, other in found)


@pytest.mark.parametrize("count", [0, 1, 40])
def test_ballast_is_as_many_as_asked_clear_and_apart_from_the_grove_and_one_another(count: int) -> None:
    for seed in range(4):
        grove = Grove.of(stairs, Random(seed)).blocks
        found = ballast(Random(seed), count, grove)
        assert len(found) == count
        assert all(_is_writable(one) and is_clear(one) for one in found)
        assert not any(_overlap(one, other) for one in found for other in grove)
        assert not any(_overlap(one, other) for one, other in combinations(found, 2))


def test_the_ranges_of_every_length_are_nested_and_public() -> None:
    for seed in range(20):
        found = every_length(Random(seed))
        assert [blocks.text(one).partition("/")[2] for one in found] == [*map(str, range(3, 31)), ""]
        assert all(one.holds(other) for one, other in pairwise(found))
        assert all(map(is_clear, found))


def test_there_is_no_ballast_where_there_is_no_room() -> None:
    assert ballast(Random(0), 9, [Block(0, 2**32 - 1)]) == ()


def _overlap(one: Block, other: Block) -> bool:
    return one.first <= other.last and other.first <= one.last


class ModelLife:
    """The life of the reference's vault, in which every change is accepted."""

    def __init__(self, seed: int) -> None:
        self.vault = Model(profile=load_profile("keyvault").with_choices({"lost-service-endpoint": "accept"}))
        offer = Capabilities(abilities=frozenset(Ability))
        state = GeneratorState(random=Random(seed), capabilities=offer, now=lambda: self.vault)
        self.life = Life(state=state, grove=Grove.of(stairs, Random(seed)))

    def put(self, acls: WireRules) -> None:
        self.take(WriteStep(method="putRules", params={"networkAcls": acls}))

    def take(self, step: object) -> str:
        assert isinstance(step, WriteStep)
        accepted = apply_write(self.vault, step).accepted
        assert accepted is not None
        self.vault = accepted
        return step.method

    @property
    def blocks(self) -> list[Block]:
        return [rule.block for rule in self.vault.rules.ip_rules]


@pytest.mark.parametrize(("held", "method"), [(1, "addIpRule"), (None, "removeIpRule")])
def test_a_range_changed_under_others_is_exposed_by_their_removal(held: int | None, method: str) -> None:
    for seed in range(10):
        model = ModelLife(seed)
        model.put(wire_rules(map(blocks.text, model.life.grove.blocks[:held])))
        before, changes = model.blocks, exposed(model.life)
        assert model.take(next(changes).step) == method
        (inner,) = set(before) ^ set(model.blocks)
        assert {model.take(change.step) for change in changes} == {"removeIpRule"}
        assert any(one != inner and one.holds(inner) for one in before)
        assert not any(one != inner and one.holds(inner) for one in model.blocks)
        assert (inner in model.blocks) == (method == "addIpRule")


@pytest.mark.parametrize("is_open", [False, True])
def test_an_open_grove_lacks_its_outermost_range_and_one_more_and_keeps_its_ballast(is_open: bool) -> None:
    model = ModelLife(seed=1)
    life = model.life
    life.ballast, life.is_open = ballast(Random(1), 20, life.grove.blocks), is_open
    *kept, absent = life.ranges
    model.put(set_of(life, kept))
    assert life.absent_ranges == [absent]
    held = {*life.grove.blocks[is_open:]} - {absent}
    assert {rule.block for rule in life.held} == held
    assert set(model.blocks) == {*life.ballast, *held}


def test_the_rarest_place_is_taken_until_all_that_the_shape_has_were_taken() -> None:
    model = ModelLife(seed=2)
    outer, middle, inner = (
        Block(20 << 24, (21 << 24) - 1),
        Block(20 << 24, (20 << 24) + 65535),
        Block(20 << 24, 20 << 24),
    )
    model.life.grove = Grove(blocks=(outer, middle, inner))
    for _ in range(3):
        model.put(wire_rules(map(blocks.text, (outer, middle, inner))))
        assert model.life.rarest() is not None
    assert set(model.life.made) == {(False, 0, 2, 0, False), (False, 1, 1, 0, False), (False, 2, 0, 0, False)}
    model.put(wire_rules(map(blocks.text, (outer, inner))))
    assert {model.life.rarest() for _ in range(3)} == {outer, middle, inner}, "each is in a place that is new"
    assert model.life.made[True, 1, 1, 0, False] == 1, "the range between the two is absent"


def test_a_range_between_its_halves_is_in_another_place_than_a_range_around_two_in_one_half() -> None:
    model = ModelLife(seed=2)
    whole, low, high = (Block(20 << 24, (20 << 24) + last) for last in (2**16 - 1, 2**15 - 1, 2**14 - 1))
    model.life.grove = Grove(blocks=(whole,))
    for inside in ((low, other_half(low)), (low, high), (other_half(low),), (other_half(whole),)):
        model.put(wire_rules(map(blocks.text, inside)))
        assert model.life.rarest() == whole
    places = {(True, 0, 1, 1, False), (True, 0, 2, 0, False), (True, 0, 0, 1, False), (True, 0, 0, 0, True)}
    assert set(model.life.made) == places


def test_a_range_under_others_goes_and_its_like_comes_far_from_all() -> None:
    for seed in range(10):
        model = ModelLife(seed)
        grove = model.life.grove.blocks
        model.put(wire_rules(map(blocks.text, grove)))
        for change in elsewhere(model.life):
            model.take(change.step)
        (gone,) = {*grove} - {*model.blocks}
        (come,) = {*model.blocks} - {*grove}
        assert any(one.holds(gone) for one in model.blocks)
        assert not any(one.holds(come) or come.holds(one) for one in grove)
        assert come.last - come.first == gone.last - gone.first
        assert come in model.life.grove.blocks, "it is asked after every later change"


def test_the_first_rule_of_a_new_vault_lies_inside_the_last_rule_of_the_vault_before() -> None:
    for seed in range(20):
        model = ModelLife(seed)
        grove = model.life.grove.blocks
        last = [one for one in grove if any(one != other and one.holds(other) for other in grove)][-1]
        model.put(wire_rules([blocks.text(last)]))
        first = entries_of(put_in_new(model.life, Network()), "ipRules")[0]
        assert isinstance(first, dict)
        value = str(first["value"])
        assert last.holds(block_from_cidr(value if "/" in value else f"{value}/32"))


_HEAPED = 20
"""There are more rules only where every prefix length has a range, and where a list is long on purpose."""


class Watching(Vault):
    """Counts the removals of a range that has ranges around it and inside it, of not many ranges."""

    between = 0

    def without_ip_rule(self, held: Held, rule: IpRule) -> Held:
        others = [Block(one.first, one.last) for one in held.ip_rules if one != rule]
        gone = Block(rule.first, rule.last)
        is_between = any(one.holds(gone) for one in others) and any(gone.holds(one) for one in others)
        type(self).between += rule in held.ip_rules and is_between and len(held.ip_rules) < _HEAPED
        return super().without_ip_rule(held, rule)


@pytest.mark.slow
def test_groves_often_remove_a_range_that_has_others_around_it_and_inside_it() -> None:
    Watching.between = 0
    for seed in range(6):
        explored(lambda: Watching("keyvault"), *named("groves"), seed=seed)
    assert Watching.between >= 65, "in six runs; 52 where each change takes any range"


class Counting(Vault):
    """Counts in each whole set the ranges of four addresses each of which is a rule, too; keeps the greatest count."""

    most = 0

    def check_put(self, held: Held) -> None:
        singles = {rule.first for rule in held.ip_rules if rule.first == rule.last}
        fours = [rule for rule in held.ip_rules if rule.last - rule.first == 3]
        count = sum(singles.issuperset(range(rule.first, rule.last + 1)) for rule in fours)
        type(self).most = max(self.most, count)
        super().check_put(held)


@pytest.mark.slow
def test_a_full_list_has_ranges_around_neighbours_that_are_rules() -> None:
    explored(lambda: Counting("keyvault"), *named("limits"))
    assert Counting.most == 5
