"""Ranges accepted only by this subject's choices: /0 and /1, around private space, reserved, /31."""

from collections.abc import Sequence

from fencepost.adapters.contract.vocabulary import RESERVED_BLOCKS
from fencepost.reference import Block, Profile, block_from_cidr, read_ip_rule, text_from_address

_WIDE = ("0.0.0.0/0", "128.0.0.0/1", "0.0.0.0/1", "128.0.0.0/2", "64.0.0.0/2", "192.0.0.0/2", "8.0.0.0/5")
_NARROW = ("172.0.0.0/8", "192.168.0.0/15", "172.0.0.0/11", "10.0.0.0/7", "31.7.7.6/31", "20.7.7.254/31")
_BESIDE_THE_ENDS = ("0.0.0.1", "255.255.255.254")
"""The addresses beside the first and the last of all."""

_RESERVED_NEIGHBOURS = "224.0.0.0/3"
"""The only two reserved blocks beside each other, as one range."""


def wide(profile: Profile) -> list[Block]:
    """The ranges that cover much of the address space, if the choices surely accept them."""
    return _accepted(_WIDE, profile)


def narrow(profile: Profile) -> list[Block]:
    """The other ranges: around private space, pairs of addresses, and reserved blocks, with their ends and parts."""
    return _accepted([*_NARROW, *_BESIDE_THE_ENDS, _RESERVED_NEIGHBOURS, *_reserved()], profile)


def apart(ranges: Sequence[Block], most: int) -> list[list[Block]]:
    """The ranges in sets of `most` at most, in which none touches another and hides what is wrong at its end."""
    sets = list[list[Block]]()
    for one in ranges:
        for some in sets:
            if len(some) < most and all(one.last + 1 < other.first or other.last + 1 < one.first for other in some):
                some.append(one)
                break
        else:
            sets.append([one])
    return sets


def _reserved() -> list[str]:
    """For each reserved block: the whole, its first quarter, its last four addresses, its first and last address."""
    found = []
    for text in RESERVED_BLOCKS:
        block, length = block_from_cidr(text), int(text.partition("/")[2])
        first, last = text_from_address(block.first), text_from_address(block.last)
        found += [text, f"{first}/{length + 2}", f"{text_from_address(block.last - 3)}/30", first, last]
    return found


def _accepted(texts: Sequence[str], profile: Profile) -> list[Block]:
    readings = (read_ip_rule(text, profile) for text in texts)
    return [next(iter(reading.blocks)) for reading in readings if reading.is_accepted]
