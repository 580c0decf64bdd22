"""Laws of reading an IP rule: choices only decide, a clear block reads as itself, the named blocks are apart."""

from itertools import pairwise

from fencepost.reference import (
    Block,
    Profile,
    address_from_text,
    is_clear,
    is_public,
    load_profile,
    read_ip_rule,
    text_from_address,
)
from fencepost.reference.addresses import PRIVATE, RESERVED, SPECIAL
from fencepost.reference.open_points import ANSWERS
from hypothesis import given, settings
from hypothesis import strategies as st

TODAY, PREVIEW = load_profile("keyvault"), load_profile("keyvault-2018-preview")


def values() -> st.SearchStrategy[str]:
    """Texts that are nearly rules: octets, masks and prefixes in good and bad spellings."""
    octet = st.one_of(st.integers(0, 256).map(str), st.sampled_from(["0", "10", "172", "192", "168", "010", "08", ""]))
    address = st.lists(octet, min_size=3, max_size=5).map(".".join)
    four = st.lists(octet, min_size=4, max_size=4).map(".".join)
    prefix = st.one_of(
        st.integers(0, 33).map(lambda size: f"/{size}"),
        st.sampled_from(["", "", "/024", "/+8", "/", "/-1", "/255.255.0.0", "/0.0.255.255", "/0.0.0.0"]),
    )
    around = st.sampled_from(["", "", "", " ", "\t"])
    return st.tuples(around, st.one_of(four, four, address), prefix, around).map("".join)


POINTS = tuple(point for point in ANSWERS if point not in ("trusted-services", "trusted-scenarios"))


@settings(deadline=None, max_examples=200)
@given(
    value=st.one_of(values(), st.text(max_size=20)),
    profile=st.sampled_from([TODAY, PREVIEW]),
    choices=st.fixed_dictionaries({}, optional={point: st.sampled_from(ANSWERS[point]) for point in POINTS}),
)
def test_choosing_only_decides_what_was_open(value: str, profile: Profile, choices: dict[str, object]) -> None:
    before, after = read_ip_rule(value, profile), read_ip_rule(value, profile.with_choices(choices))
    assert after.blocks <= before.blocks
    assert set(after.mistakes) <= set(before.mistakes)
    assert after.open_points <= before.open_points
    if before.is_accepted or before.is_refused:
        assert (after.blocks, after.is_accepted) == (before.blocks, before.is_accepted)


@settings(deadline=None)
@given(address=st.integers(0, 2**32 - 1), prefix=st.integers(1, 30), profile=st.sampled_from([TODAY, PREVIEW]))
def test_a_clear_block_is_accepted_as_itself(address: int, prefix: int, profile: Profile) -> None:
    size = 2 ** (32 - prefix)
    block = Block(address - address % size, address - address % size + size - 1)
    reading = read_ip_rule(f"{text_from_address(block.first)}/{prefix}", profile)
    assert reading.is_accepted == is_clear(block)
    if is_clear(block):
        assert reading.blocks == {block}


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_an_address_is_public_where_no_named_block_holds_it(address: int) -> None:
    assert is_public(address) == (not any(address in block for block in (*PRIVATE, *RESERVED, *SPECIAL)))
    assert address_from_text(text_from_address(address)) == address


def test_the_named_blocks_do_not_overlap() -> None:
    named = sorted((*PRIVATE, *RESERVED, *SPECIAL))
    assert all(one.last < other.first for one, other in pairwise(named))
