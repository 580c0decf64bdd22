"""How strategies draw: lists of rules from a few draws each, and an element by its index."""

from collections.abc import Callable, Iterable, Sequence
from random import Random
from typing import TypeVar

from fencepost.conformance.generate import blocks
from fencepost.conformance.generate import networks as subnet_names
from fencepost.conformance.lockstep.wire import entries_of
from fencepost.reference import Block, Profile, text_from_address
from hypothesis import strategies as st

_T = TypeVar("_T")

_SHORT = 12
_STRIDES = (2, 3, 256, 4096)
_PLAIN = 6


def made(make: Callable[[st.DrawFn], _T]) -> st.SearchStrategy[_T]:
    """Wraps `make`: Hypothesis's repr of the strategy then shows neither its arguments nor the profile."""

    @st.composite
    def values(draw: st.DrawFn) -> _T:
        return make(draw)

    return values()


def one_of(draw: st.DrawFn, values: Sequence[_T]) -> _T:
    """Draw an element by index, so that it shrinks towards the first and the repr stays short."""
    return values[draw(st.integers(0, len(values) - 1))]


def randoms() -> st.SearchStrategy[Random]:
    """The random numbers of the seeded generators, drawn by Hypothesis, so that it can shrink what they make."""
    return st.randoms(use_true_random=False)


def text(found: Block, random: Random, profile: Profile) -> str:
    """A block as the value of a rule; an address sometimes as its /32 if that is accepted."""
    is_long = found.first == found.last and profile.prefix_32 == "accept" and random.randrange(3) == 2
    return f"{blocks.text(found)}/32" if is_long else blocks.text(found)


def ip_values(draw: st.DrawFn, profile: Profile, least: int, most: int) -> list[str]:
    """Usually a few constellations; sometimes a list of any length in one pattern.

    For Hypothesis the value with the fewest draws is the simplest: the plain pattern, in short lists too.
    """
    if most == 0:
        return []
    kinds = [made(lambda draw: _plain_list(draw, least, most)), made(lambda draw: _long_list(draw, least, most))]
    if least <= _SHORT:
        each = made(lambda draw: _constellation(draw, profile))
        constellations = st.lists(each, min_size=1, max_size=_SHORT)
        kinds += [constellations.map(lambda found: _flat(found, least, min(most, _SHORT)))] * 6
    return draw(st.one_of(kinds))


def _constellation(draw: st.DrawFn, profile: Profile) -> list[tuple[Block, str]]:
    random = draw(randoms())
    return [(one, text(one, random, profile)) for one in one_of(draw, blocks.CONSTELLATIONS)(random)]


def _flat(constellations: Iterable[Iterable[tuple[Block, str]]], least: int, most: int) -> list[str]:
    """The values of different blocks, `most` at most; plain addresses if these are fewer than `least`."""
    found: dict[Block, str] = {}
    plain = (Block((20 << 24) + 2 * n, (20 << 24) + 2 * n) for n in range(2 * _SHORT + 1))
    for block, text in (pair for constellation in constellations for pair in constellation):
        found.setdefault(block, text)
    short = dict(list(found.items())[:most])
    for block in plain:
        if len(short) >= least:
            break
        short.setdefault(block, blocks.text(block))
    return list(short.values())


def _plain_list(draw: st.DrawFn, least: int, most: int) -> list[str]:
    """Single addresses at equal distances, from a plain address on."""
    count, stride, start = draw(st.integers(least, most)), one_of(draw, _STRIDES), one_of(draw, blocks.ANCHORS[:_PLAIN])
    return [text_from_address(start + n * stride) for n in range(count)]


def _long_list(draw: st.DrawFn, least: int, most: int) -> list[str]:
    return [blocks.text(one) for one in blocks.many(draw(randoms()), draw(st.integers(least, most)))]


def subnet_ids(draw: st.DrawFn, known: list[str] | None, least: int, most: int) -> list[str]:
    """Different ids: from the known ids, or if none are given, of subnets that resemble each other."""
    if known is not None:
        return _picked(draw, known, least, most)
    count = draw(st.integers(least, min(most, max(least, 3 * _SHORT))))
    if count == 0:
        return []
    names = subnet_names.subnet_ids(draw(randoms()))
    return subnet_names.plain_subnets(count) if count > len(names) else _picked(draw, names, count, count)


def _picked(draw: st.DrawFn, names: Sequence[_T], least: int, most: int) -> list[_T]:
    places = draw(st.lists(st.integers(0, len(names) - 1), min_size=least, max_size=most, unique=True)) if most else []
    return [names[place] for place in places]


def inserted(draw: st.DrawFn, acls: dict[str, object], member: str, entry: object) -> dict[str, object]:
    """The rule set with one more entry, anywhere in its list."""
    entries = entries_of(acls, member)
    place = draw(st.integers(0, len(entries)))
    return {**acls, member: [*entries[:place], entry, *entries[place:]]}
