"""IPv4 addresses as integers, and the special blocks of address space in the model."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

LAST_ADDRESS = 2**32 - 1
"""255.255.255.255 as an integer."""


@dataclass(frozen=True, slots=True, order=True)
class Block:
    """The addresses from `first` to `last`, both included; integers from 0 to 2**32 - 1."""

    first: int
    last: int

    def __contains__(self, address: int) -> bool:
        return self.first <= address <= self.last

    def holds(self, other: "Block") -> bool:
        """Whether every address of the other block is in this one."""
        return self.first <= other.first and other.last <= self.last

    def meets(self, other: "Block") -> bool:
        """Whether the two blocks have an address in common."""
        return self.first <= other.last and other.first <= self.last


def address_from_text(text: str) -> int:
    """The address with this plain dotted text. For constants only; `parse` reads the text of users.

    >>> address_from_text("128.0.0.1")
    2147483649
    """
    a, b, c, d = (int(octet) for octet in text.split("."))
    return a << 24 | b << 16 | c << 8 | d


def text_from_address(address: int) -> str:
    """Dotted decimal text of an address.

    >>> text_from_address(2**31)
    '128.0.0.0'
    """
    return f"{address >> 24}.{address >> 16 & 255}.{address >> 8 & 255}.{address & 255}"


def block_from_cidr(text: str) -> Block:
    """The block with this plain CIDR text; for constants only.

    >>> block_from_cidr("10.0.0.0/8").last == address_from_text("10.255.255.255")
    True
    """
    base, _, prefix = text.partition("/")
    first = address_from_text(base)
    return Block(first, first + 2 ** (32 - int(prefix)) - 1)


def cidr_from_block(block: Block) -> str:
    """The CIDR text of a block, which must be a CIDR block; a single address is written bare.

    >>> cidr_from_block(block_from_cidr("20.0.0.0/7"))
    '20.0.0.0/7'
    """
    size = block.last - block.first + 1
    base = text_from_address(block.first)
    return base if size == 1 else f"{base}/{33 - size.bit_length()}"


def _blocks(*texts: str) -> tuple[Block, ...]:
    return tuple(block_from_cidr(text) for text in texts)


PRIVATE = _blocks("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
"""RFC 1918, the whole of 172.16/12 (MicrosoftDocs/azure-docs issue 15184)."""

RESERVED = _blocks(
    "0.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "192.0.2.0/24",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
)
"""The reserved blocks of the open point `reserved-ranges`; whether the service refuses them is not documented."""

SPECIAL = _blocks(
    "168.63.129.16/32",
    "192.0.0.0/24",
    "192.31.196.0/24",
    "192.52.193.0/24",
    "192.88.99.0/24",
    "192.175.48.0/24",
    "198.18.0.0/15",
)
"""Further special-purpose space (IANA registry; Azure's platform address): nothing is documented about rules there."""


class _Disjoint:
    """A fixed collection of blocks that do not overlap, searched by bisection."""

    __slots__ = ("_blocks", "_firsts")

    def __init__(self, blocks: Iterable[Block]) -> None:
        self._blocks = tuple(sorted(blocks))
        self._firsts = [block.first for block in self._blocks]

    def __contains__(self, address: int) -> bool:
        return self.meets(address, address)

    def meets(self, first: int, last: int) -> bool:
        """Whether one of the blocks has an address from `first` to `last`."""
        index = bisect_right(self._firsts, last) - 1
        return index >= 0 and first <= self._blocks[index].last


_NOT_PUBLIC = _Disjoint((*PRIVATE, *RESERVED, *SPECIAL))
_SPECIAL = _Disjoint(SPECIAL)


def is_public(address: int) -> bool:
    """Whether the address is certainly public: in no private, reserved or special-purpose block.

    >>> is_public(address_from_text("172.32.0.0")), is_public(address_from_text("172.31.255.255"))
    (True, False)
    """
    return address not in _NOT_PUBLIC


def is_special(address: int) -> bool:
    """Whether the address lies in space that some documents call public and others reserved.

    >>> is_special(address_from_text("192.0.0.0")), is_special(address_from_text("192.0.2.0"))
    (True, False)
    """
    return address in _SPECIAL


_RESERVED = tuple(sorted((*RESERVED[:-2], block_from_cidr("224.0.0.0/3"))))
"""The reserved blocks, with the two neighbours 224.0.0.0/4 and 240.0.0.0/4 as one."""


def is_reserved(block: Block) -> bool:
    """Whether the block lies wholly in reserved space.

    >>> is_reserved(block_from_cidr("192.0.2.0/25")), is_reserved(block_from_cidr("192.0.2.0/23"))
    (True, False)
    """
    return any(reserved.holds(block) for reserved in _RESERVED)


def is_clear(block: Block) -> bool:
    """Whether the block has no private, reserved or special-purpose address (VAL-1 is about such ranges).

    >>> is_clear(block_from_cidr("128.0.0.0/3")), is_clear(block_from_cidr("128.0.0.0/2"))
    (True, False)
    """
    return not _NOT_PUBLIC.meets(block.first, block.last)
