"""Shapes of ranges that come and go: each range is one that a rule can name, and a shape has what it is for."""

from collections.abc import Sequence
from random import Random

import pytest
from fencepost.conformance.generate.groves import Grove
from fencepost.conformance.generate.shapes import SHAPES, fork, pages, stairs
from fencepost.reference import Block, is_clear


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
