"""Ranges of public address space, alone and in constellations that implementations often get wrong.

A generator takes a `random.Random`, or Hypothesis's stand-in for one, and asks it for whole numbers only.
"""

from collections.abc import Callable, Iterator, Sequence
from random import Random

from fencepost.reference import Block, cidr_from_block, is_clear, text_from_address

SHORTEST, LONGEST = 3, 30
"""The shortest prefix of a range without private or reserved space, and the longest that every profile accepts."""

ANCHORS = tuple(
    octet << 24 for octet in (1, 2, 4, 8, 16, 32, 64, 63, 95, 96, 126, 128, 129, 159, 160, 191, 193, 200, 208, 223)
)
"""First addresses of /8 blocks at powers of two, at both ends of public space and on both sides of 128.0.0.0."""

_RETRIES = 40


def block(random: Random, prefix: int) -> Block:
    """A clear block of this prefix: at a power of two, at an octet edge, or anywhere."""
    size = 2 ** (32 - prefix)
    for _ in range(_RETRIES):
        base = _place(random)
        found = Block(base - base % size, base - base % size + size - 1)
        if is_clear(found):
            return found
    # A /3 is clear in three places only.
    return Block(2**31 - 2**31 % size, 2**31 - 2**31 % size + size - 1)


def _place(random: Random) -> int:
    how = random.randrange(4)
    if how == 0:
        return random.choice(ANCHORS) + random.choice((0, 2**24 - 1, 2**16, 2**16 - 1, 255, 256))
    if how == 1:  # at the end of an octet's range
        return random.randrange(1, 224) << 24 | random.choice((0xFFFFFF, 0x00FFFF, 0xFF00FF, 0xFFFF00, 0x7FFFFF))
    return random.randrange(1 << 24, 224 << 24)


def prefix(random: Random) -> int:
    """A prefix length: each from /3 to /30, and 32 for a single address, the long ones more often."""
    how = random.randrange(8)
    if how < 2:
        return 32
    if how < 5:
        return random.randrange(23, 31)
    return random.randrange(8, 25) if how < 7 else random.randrange(SHORTEST, 12)


def neighbours(random: Random) -> list[Block]:
    """Two adjacent ranges, aligned so that they could or could not be merged, or three quarters of a wider one."""
    length = random.choice((32, 24, 24, 16, random.randrange(9, 31))) if random.randrange(3) else 32
    size = 2 ** (32 - length)
    one = block(random, length)
    if length == 32:  # a few single addresses in a row, which begin anywhere, aligned or not
        base = one.first & ~0xFF | random.randrange(2, 248)
        return [Block(base + place, base + place) for place in range(random.randrange(2, 7))]
    wider = Block(one.first - one.first % (2 * size), one.first - one.first % (2 * size) + 2 * size - 1)
    if size >= 8 and random.randrange(2) and is_clear(wider):
        return list(_three_quarters(random, wider))
    after = Block(one.last + 1, one.last + size)
    return [one, after] if is_clear(after) else [one]


def _three_quarters(random: Random, wider: Block) -> Iterator[Block]:
    """A half of a block, and the quarter beside it: whoever joins what touches, joins them to the block."""
    middle, half = (wider.first + wider.last + 1) // 2, (wider.last - wider.first + 1) // 2
    if random.randrange(2):
        yield from (Block(wider.first, middle - 1), Block(middle, middle + half // 2 - 1))
    else:
        yield from (Block(middle - half // 2, middle - 1), Block(middle, wider.last))


def near_neighbours(random: Random) -> list[Block]:
    """Two ranges or addresses with exactly one address, or one block, between them."""
    if random.randrange(2):
        base = block(random, 24).first + random.randrange(4, 250)
        return [Block(base - 1, base - 1), Block(base + 1, base + 1)]
    length = random.randrange(12, 31)
    size = 2 ** (32 - length)
    one = block(random, length)
    other = Block(one.first + 2 * size, one.last + 2 * size)
    return [one, other] if is_clear(other) else [one]


def nested(random: Random) -> list[Block]:
    """A range and ranges inside it: at its start, in its middle, at its end, some nested deeper."""
    length = random.randrange(SHORTEST + 3, 27)
    outer = block(random, length)
    found = [outer]
    inner = outer
    for _ in range(random.randrange(1, 5)):
        length = random.randrange(length + 1, 31)
        if length >= LONGEST:
            break
        size = 2 ** (32 - length)
        count = (inner.last - inner.first + 1) // size
        index = random.choice((0, count - 1, count // 2, random.randrange(count)))
        inner = Block(inner.first + index * size, inner.first + (index + 1) * size - 1)
        found.append(inner)
    if random.randrange(3) == 0:  # a range and both its halves
        middle = (outer.first + outer.last) // 2
        found += [Block(outer.first, middle), Block(middle + 1, outer.last)]
    if random.randrange(2):
        found.append(Block(inner.first, inner.first))
    return found


def same_start(random: Random) -> list[Block]:
    """Ranges of several lengths that begin at the same address, and the bare address itself."""
    length = random.randrange(8, 25)
    outer = block(random, length)
    lengths = sorted({length, *(random.randrange(length, 31) for _ in range(2))})
    found = [Block(outer.first, outer.first + 2 ** (32 - one) - 1) for one in lengths]
    return [*found, Block(outer.first, outer.first)]


def look_alikes(random: Random) -> list[Block]:
    """Addresses and ranges with similar text or bytes: 1.2.3.4, 1.2.3.40, 12.3.4.0/24, 4.3.2.1 and so on."""
    a, b, c = random.randrange(11, 99), random.randrange(1, 25), random.randrange(1, 25)
    d = random.randrange(1, 25)
    candidates = [
        (a << 24 | b << 16 | c << 8 | d, 32),
        (a << 24 | b << 16 | c << 8, 24),
        (a << 24 | c << 16 | b << 8 | d, 32),
        (a << 24 | b << 16 | (c * 10) << 8, 24),
        (a << 24 | (b * 10) << 16, 16),
    ]
    blocks = [Block(first, first + 2 ** (32 - length) - 1) for first, length in candidates]
    count = random.randrange(2, len(blocks) + 1)
    return [one for one in random.sample(blocks, count) if is_clear(one)]


def crowd(random: Random) -> list[Block]:
    """Several single addresses and small ranges in one /24 or one /16."""
    home = block(random, random.choice((16, 24)))
    room = home.last - home.first + 1
    found = []
    for _ in range(random.randrange(3, 7)):
        length = random.choice((32, 32, 30, 29, 28))
        size = 2 ** (32 - length)
        first = home.first + random.randrange(room // size) * size
        found.append(Block(first, first + size - 1))
    return found


def single(random: Random) -> list[Block]:
    """One range of any prefix, or one address."""
    return [block(random, prefix(random))]


def engulfed(random: Random, count: int) -> list[Block]:
    """A wide range with `count` small ones in its first half: a search back from an address meets them all first."""
    outer = block(random, random.randrange(8, 13))
    stride = (outer.last - outer.first + 1) // 2 // count & ~3
    inside = (Block(outer.first + n * stride, outer.first + n * stride + random.choice((0, 3))) for n in range(count))
    return [outer, *inside]


_PLACES, _ROOM = (1, 2, 4, 6, 8, 9, 10), 16
"""Which of so many equal ranges in a row are rules, where there are holes between rules."""


def with_holes(random: Random) -> list[Block]:
    """Equal ranges of several sizes: two in a row that make no range, holes as large as a range, three of four."""
    found = []
    for size in dict.fromkeys((1, 16, 2**8, 2**16, 2 ** random.randrange(2, 16))):
        home = block(random, 33 - (_ROOM * size).bit_length()).first
        found += [Block(home + place * size, home + (place + 1) * size - 1) for place in _PLACES]
    return found


CONSTELLATIONS: Sequence[Callable[[Random], list[Block]]] = (
    single,
    neighbours,
    nested,
    near_neighbours,
    same_start,
    look_alikes,
    crowd,
)
"""Every way of placing a few ranges, the plainest first."""


def narrowed(found: Block) -> Block:
    """The block's first quarter, if it can be written."""
    size = found.last - found.first + 1
    return Block(found.first, found.first + size // 4 - 1) if size >= 16 else found


def moved(random: Random, found: Block) -> Block:
    """A block with the same later octets under another first octet."""
    rest, size = found.first & 0xFFFFFF, found.last - found.first
    others = (Block(at << 24 | rest, (at << 24 | rest) + size) for at in random.sample(range(20, 90), 20))
    return next((one for one in others if one != found and is_clear(one)), found)


def text(found: Block, random: Random | None = None, *, slash_32: bool = False) -> str:
    """A block as the value of a rule; a single address sometimes as its /32 if that is accepted."""
    if slash_32 and random is not None and found.first == found.last and random.randrange(3) == 0:
        return f"{text_from_address(found.first)}/32"
    return cidr_from_block(found)


def longest(count: int) -> list[Block]:
    """`count` different ranges whose text is as long as a rule's can be: `200.100.100.100/30` and so on."""
    found = []
    for n in range(count):
        first = 200 << 24 | (100 + n // 156) << 16 | (100 + n % 156) << 8 | 100 + 4 * (n % 39)
        found.append(Block(first, first + 3))
    return found


def many(random: Random, count: int) -> list[Block]:
    """`count` different ranges from a few draws, none mergeable with another: for lists at a limit."""
    stride = random.choice((2, 3, 5, 256, 300, 4096, 65536))
    length = random.choice((32, 32, 32, 30, 28)) if stride > 256 else 32
    size = 2 ** (32 - length)
    start = block(random, 9).first
    found = [Block(start + n * stride, start + n * stride + size - 1) for n in range(count)]
    if length < 32:
        found = [Block(one.first - one.first % size, one.first - one.first % size + size - 1) for one in found]
    if len({*found}) < count or not all(is_clear(one) for one in found):
        start = 32 << 24
        found = [Block(start + 2 * n, start + 2 * n) for n in range(count)]
    return found
