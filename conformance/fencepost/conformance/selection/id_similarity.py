"""Similarities of two subnets' ids that a program may take for equality when it compares only a part."""

import re
from collections.abc import Iterator
from functools import lru_cache

_CUTS = (48, 24, 16, 8)
_NAMES = (2, 4, 8, 10)


@lru_cache(maxsize=8_192)
def kinship(one: str, other: str) -> frozenset[str]:
    """The similarities of two different ids in lower case; empty if they hardly resemble each other.

    >>> sorted(kinship("/a/s/b/g/c/p/d/n/e/app-1", "/a/s/b/g/c/p/d/n/e/app-01"))
    ['numbers alike']
    """
    return frozenset(_likenesses(one, other))


def _likenesses(one: str, other: str) -> Iterator[str]:
    mine, others = (
        [text.split("/")[place] for place in _NAMES if place < text.count("/") + 1] for text in (one, other)
    )
    for mark in ("-", ""):
        if mark.join(mine) == mark.join(others):
            yield f"joined by {mark!r}"
    apart = [place for place, pair in enumerate(zip(mine, others, strict=True)) if pair[0] != pair[1]]
    if len(apart) != 1:
        return
    (place,) = apart
    if _without_zeros(mine[place]) == _without_zeros(others[place]):
        yield "numbers alike"
    alike = next(
        (count for count, pair in enumerate(zip(mine[place], others[place], strict=False)) if pair[0] != pair[1]), 0
    )
    yield from (f"name {place} alike up to {cut}" for cut in _CUTS if alike >= cut)


def _without_zeros(text: str) -> str:
    return re.sub(r"\d+", lambda digits: digits[0].lstrip("0"), text)
