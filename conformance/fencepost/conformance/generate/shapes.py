"""Shapes: few aligned ranges, arranged as a structure that keeps rules may get wrong when they come and go.

Each is a way in which a tree, a table per prefix length, a count per slot or a page can be filled. Every function gives
more ranges than are needed: those with private or reserved space are left out later.
"""

from collections.abc import Callable, Collection, Mapping
from random import Random
from types import MappingProxyType
from typing import TypeAlias

from fencepost.conformance.generate import blocks
from fencepost.reference import Block, is_clear

Shape: TypeAlias = Callable[[Random], list[Block]]

_COUNTS = (3, 4, 5, 8, 9, 15, 16, 17)
"""Numbers of equal ranges: around powers of two, at which slots, pages and small counts are full."""

_SINGLE = 32
_TRIES = 10
_SLOTS = 36
_SMALLEST_WITH_HALVES = 7


def around(address: int, length: int) -> Block:
    """The block of this prefix length that holds the address."""
    size = 2 ** (32 - length)
    return Block(address - address % size, address - address % size + size - 1)


def has_halves(one: Block) -> bool:
    """Whether both halves of the block are ranges of four addresses or more, which every profile accepts."""
    return one.last - one.first >= _SMALLEST_WITH_HALVES


def has_quarters(one: Block) -> bool:
    """Whether the quarters of the block are such ranges, too."""
    return one.last - one.first >= 2 * _SMALLEST_WITH_HALVES


def first_half(one: Block) -> Block:
    """The lower half of a block, which begins with the same address."""
    return Block(one.first, (one.first + one.last) // 2)


def other_half(one: Block) -> Block:
    """The block beside this one in the block of twice its size."""
    size = one.last - one.first + 1
    return Block(one.first ^ size, (one.first ^ size) + size - 1)


def cut(one: Block, count: int) -> list[Block]:
    """The block in so many equal parts."""
    size = (one.last - one.first + 1) // count
    return [Block(first, first + size - 1) for first in range(one.first, one.last + 1, size)]


def _length(one: Block) -> int:
    return 33 - (one.last - one.first + 1).bit_length()


def _inside(one: Block, length: int, random: Random) -> Block:
    """A block of this length in another: at its beginning, from its middle on, at its end, or anywhere."""
    length = min(length, blocks.LONGEST) if length < _SINGLE else _SINGLE
    length = max(length, _length(one))
    size = 2 ** (32 - length)
    count = (one.last - one.first + 1) // size
    return around(one.first + random.choice((0, count // 2, count - 1, random.randrange(count))) * size, length)


def _parent(one: Block) -> Block:
    return Block(min(one.first, other_half(one).first), max(one.last, other_half(one).last))


def chain(random: Random) -> list[Block]:
    """Three to six ranges, each inside the one before; the other halves of some; and addresses with a gap of one."""
    found = [blocks.block(random, random.randrange(6, 15))]
    for _ in range(random.randrange(2, 6)):
        found.append(_inside(found[-1], _length(found[-1]) + random.randrange(1, 6), random))
    single = _inside(found[-1], _SINGLE, random)
    over_a_gap = Block(single.first ^ 2, single.last ^ 2)
    return [*found, *(other_half(one) for one in random.sample(found, 3)), single, other_half(single), over_a_gap]


def stairs(random: Random) -> list[Block]:
    """Ranges of successive prefix lengths that share an address: the first of all, the last, or one inside."""
    shortest = random.choice((blocks.SHORTEST, 5, 9, 9, 17, 17, random.randrange(8, 23)))
    outer = blocks.block(random, shortest)
    deep = random.choice((outer.first, outer.first, outer.last, random.randrange(outer.first, outer.last + 1)))
    longest = min(blocks.LONGEST, shortest + random.randrange(5, 9))
    found = [around(deep, length) for length in range(shortest, longest + 1)]
    return [*found, around(deep, _SINGLE), other_half(random.choice(found[1:]))]


def fork(random: Random) -> list[Block]:
    """A range, both its halves and what parts again in each half, with and without the range at which it parts."""
    root = blocks.block(random, random.randrange(6, 23))
    found = [root, around(root.first, _length(root) - random.randrange(1, 4))]
    low = around(root.first, _length(root) + 1)
    for half in (low, other_half(low)):
        node = random.choice((half, _inside(half, _length(half) + random.randrange(1, 3), random)))
        left = around(node.first, min(blocks.LONGEST, _length(node) + 1))
        right = _inside(other_half(left), _length(left) + random.randrange(3), random)
        found += [left, right, *((node,) if random.randrange(2) else ())]
    return [*found, *((low, other_half(low)) if random.randrange(2) else ()), _inside(root, _SINGLE, random)]


def fan(random: Random) -> list[Block]:
    """Equal ranges in a row, as many as fill a range and one less or more; that range, and the half of it."""
    count = random.choice(_COUNTS)
    bits = (count - 1).bit_length()
    length = random.choice((_SINGLE, random.randrange(8 + bits, 31), 8 + bits, 16 + bits, 24, 16))
    if length - bits < 8 or length - bits > blocks.LONGEST:
        length = 24
    home = blocks.block(random, length - bits)
    size = 2 ** (32 - length)
    row = [Block(home.first + n * size, home.first + (n + 1) * size - 1) for n in range(count)]
    return [*row, home, around(home.first, _length(home) + 1)] if _length(home) < blocks.LONGEST else [*row, home]


def far(random: Random) -> list[Block]:
    """Wide ranges around one another, and long ones inside, far from where the wide begin, and outside of them."""
    short = blocks.block(random, random.randrange(blocks.SHORTEST, 9))
    wide = [around(short.first, length) for length in range(blocks.SHORTEST, _length(short))]
    found = [short, *random.sample(wide, min(random.randrange(1, 4), len(wide)))]
    for length in (random.randrange(9, 17), random.randrange(17, 25), random.randrange(25, 31), _SINGLE):
        inner = around(random.randrange(short.first, short.last + 1), length)
        found.append(inner)
    return [*found, other_half(found[-2]), blocks.block(random, random.randrange(12, 25)), other_half(short)]


def grid(random: Random) -> list[Block]:
    """The same places in several pages: addresses that differ in one octet only, at a few places in each."""
    shift = random.choice((8, 8, 16, 16, 24))
    length = max(random.choice((_SINGLE, _SINGLE, 30, 28, 24, 17)), 32 - shift)
    base = blocks.block(random, 24).first
    size = 2 ** (32 - length)
    room = max(1, 2**shift // size)
    places = random.sample(range(room), min(room, 3))
    pages = random.sample(range(256), 4)
    first = base & ~(255 << shift) & ~(2**shift - 1)
    found = [first | page << shift | place * size for page in pages for place in places]
    return [Block(one, one + size - 1) for one in found]


def nest(random: Random) -> list[Block]:
    """Three ranges, each inside the one before."""
    found = [blocks.block(random, random.randrange(7, 20))]
    for _ in range(2):
        found.append(_inside(found[-1], _length(found[-1]) + random.randrange(1, 5), random))
    return found


def every_length(random: Random) -> list[Block]:
    """A range of every prefix length that every profile takes, each inside the one before, and an address in all."""
    while True:
        found = [blocks.block(random, blocks.SHORTEST)]
        deep = random.randrange(found[0].first, found[0].last + 1)
        found = [around(deep, length) for length in (*range(blocks.SHORTEST, blocks.LONGEST + 1), _SINGLE)]
        if all(map(is_clear, found)):
            return found


def filled(random: Random, length: int) -> list[Block]:
    """A page of this prefix length, then what fills it: a half and quarters, or smaller parts."""
    page = blocks.block(random, length)
    parts = [page]
    for _ in range(random.randrange(1, 4)):
        split = parts.pop(random.randrange(len(parts)))
        half = around(split.first, _length(split) + 1)
        parts += [half, other_half(half)]
    return [page, *parts]


def slots(random: Random) -> list[Block]:
    """Equal ranges in one page, more of them than five bits count."""
    page = blocks.block(random, random.choice((16, 16, 24)))
    size = random.choice((1, 4, (page.last - page.first + 1) // 256))
    room = (page.last - page.first + 1) // size
    return [Block(page.first + n * size, page.first + n * size + size - 1) for n in random.sample(range(room), _SLOTS)]


SHAPES: Mapping[str, Shape] = MappingProxyType(
    {shape.__name__: shape for shape in (chain, stairs, fork, fan, far, grid)}
)
"""Every shape of a long life by its name."""


def pages(random: Random, count: int) -> list[list[Block]]:
    """So many /16, each with two small ranges of a /24, at the same places in each."""
    length = random.choice((28, 30, _SINGLE))
    home = blocks.block(random, 16 - (count - 1).bit_length()).first + random.randrange(256) * 256
    size = 2 ** (32 - length)
    places = random.sample(range(256 // size), 2)
    return [[around(home + n * 65536 + place * size, length) for place in places] for n in range(count)]


def ballast(random: Random, count: int, apart_from: Collection[Block]) -> tuple[Block, ...]:
    """So many small ranges and addresses apart from these, some in the same /16 or /8; fewer where there is no room."""
    found: dict[Block, None] = {}
    homes = [one.first for one in apart_from]
    for _ in range(_TRIES * count):
        home = random.choice(homes) if random.randrange(2) else blocks.block(random, 16).first
        one = around(home ^ random.randrange(2 ** random.choice((8, 16, 24))), random.choice((24, 28, 30, _SINGLE)))
        if is_clear(one) and not any(one.holds(other) or other.holds(one) for other in (*apart_from, *found)):
            found[one] = None
        if len(found) == count:
            break
    return tuple(found)


def beside(random: Random, ranges: Collection[Block]) -> Block:
    """A range over four first octets, apart from these."""
    while True:
        found = blocks.block(random, 6)
        if not any(found.holds(one) or one.holds(found) for one in ranges):
            return found
