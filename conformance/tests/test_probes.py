"""The probe set: where a rule set is asked, and that no edge of it is left out."""

from itertools import pairwise

from fencepost.conformance.generate.boundaries import (
    LANDMARKS,
    edges,
    flipped,
    octet_edges,
    pieces,
    probe_addresses,
    resembling,
)
from fencepost.reference import Block, IpRule, RuleSet, address_from_text, block_from_cidr, cidr_from_block
from fencepost.reference.addresses import LAST_ADDRESS
from hypothesis import given, settings
from hypothesis import strategies as st

unhurried = settings(deadline=None)


def any_block(prefix: int, address: int) -> Block:
    size = 2 ** (32 - prefix)
    return Block(address - address % size, address - address % size + size - 1)


blocks = st.builds(any_block, st.integers(0, 32), st.integers(0, LAST_ADDRESS))


def of(*found: Block) -> RuleSet:
    return RuleSet(ip_rules=tuple(IpRule(text=cidr_from_block(block), block=block) for block in found))


@unhurried
@given(st.lists(blocks, max_size=8))
def test_the_pieces_cover_the_address_space_without_gap_or_overlap(found: list[Block]) -> None:
    stretches = pieces(found)
    assert stretches[0][0] == 0
    assert stretches[-1][1] == LAST_ADDRESS
    assert all(first <= last for first, last in stretches)
    assert all(before[1] + 1 == after[0] for before, after in pairwise(stretches))


@unhurried
@given(st.lists(blocks, max_size=8))
def test_n_rules_cut_the_address_space_into_at_most_2n_plus_1_pieces(found: list[Block]) -> None:
    assert len(pieces(found)) <= 2 * len(found) + 1


@unhurried
@given(st.lists(blocks, max_size=8), st.integers(0, LAST_ADDRESS))
def test_an_address_and_the_ends_of_its_piece_lie_in_the_same_rules(found: list[Block], address: int) -> None:
    (piece,) = [one for one in pieces(found) if one[0] <= address <= one[1]]
    assert all((address in block) == (piece[0] in block) == (piece[1] in block) for block in found)


@unhurried
@given(st.lists(blocks, max_size=8))
def test_the_probe_set_is_in_order_each_address_once_and_in_the_address_space(found: list[Block]) -> None:
    probes = probe_addresses(of(*found))
    assert list(probes) == sorted(set(probes))
    assert probes[0] == 0
    assert probes[-1] == LAST_ADDRESS


@unhurried
@given(st.lists(blocks, max_size=5))
def test_the_probe_set_holds_each_rules_ends_and_both_neighbours(found: list[Block]) -> None:
    probes = set(probe_addresses(of(*found)))
    for block in found:
        beside = {block.first - 1, block.first, block.last, block.last + 1}
        assert {address for address in beside if 0 <= address <= LAST_ADDRESS} <= probes


def test_the_probe_set_does_not_depend_on_the_order_or_the_repetition_of_rules() -> None:
    one, other = block_from_cidr("20.0.0.0/8"), block_from_cidr("20.1.2.3/32")
    assert probe_addresses(of(one, other)) == probe_addresses(of(other, one, other))


def test_both_sides_of_the_middle_and_the_ends_of_the_space_are_always_asked() -> None:
    named = ("0.0.0.0", "127.255.255.255", "128.0.0.0", "255.255.255.255", "64.0.0.0", "63.255.255.255")
    assert {address_from_text(text) for text in named} <= set(probe_addresses(RuleSet()))
    assert set(LANDMARKS) <= set(probe_addresses(RuleSet()))


def test_the_edges_of_the_first_and_the_last_block_stay_in_the_address_space() -> None:
    assert edges(Block(0, 0)) == (0, 1)
    assert edges(Block(LAST_ADDRESS, LAST_ADDRESS)) == (LAST_ADDRESS - 1, LAST_ADDRESS)
    assert edges(Block(8, 11)) == (7, 8, 9, 11, 12)


@unhurried
@given(blocks)
def test_every_bit_of_both_ends_is_flipped_once(block: Block) -> None:
    found = flipped(block)
    assert {address ^ block.first for address in found} >= {1 << bit for bit in range(32)}
    assert {address ^ block.last for address in found} >= {1 << bit for bit in range(32)}
    assert all(0 <= address <= LAST_ADDRESS for address in found)


@unhurried
@given(blocks)
def test_the_octet_edges_lie_at_the_ends_of_octets(block: Block) -> None:
    for address in octet_edges(block):
        assert 0 <= address <= LAST_ADDRESS
        assert address & 255 in (0, 255)


def test_what_resembles_an_address_has_its_octets_swapped_cut_or_longer() -> None:
    found = {address_from_text(text) for text in ("9.3.2.20", "2.20.9.3", "2.2.3.9", "20.2.30.9", "20.2.3.95")}
    assert found <= set(resembling(Block(address_from_text("20.2.3.9"), address_from_text("20.2.3.9"))))


@unhurried
@given(blocks)
def test_what_resembles_a_block_is_an_address(block: Block) -> None:
    assert all(0 <= address <= LAST_ADDRESS for address in resembling(block))
