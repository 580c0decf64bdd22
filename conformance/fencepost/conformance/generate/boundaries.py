"""The boundary addresses of a rule set: those at which a faulty implementation most likely shows its fault.

n rules cut the address space into at most 2n + 1 pieces. Asked are both ends and an inside point of each piece, which
covers both neighbours of each edge; then octet and power-of-two edges near the rules; then fixed landmarks.
"""

from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise, product

from fencepost.reference import Block, RuleSet
from fencepost.reference.addresses import LAST_ADDRESS

LANDMARKS = (
    0,
    1,
    2**31 - 1,  # both sides of 128.0.0.0
    2**31,
    LAST_ADDRESS - 1,
    LAST_ADDRESS,
    20 << 24 | 77 << 16 | 66 << 8 | 55,
    200 << 24 | 1,
    127 << 24 | 1,
    10 << 24 | 5,
    172 << 24 | 16 << 16 | 1,
    192 << 24 | 168 << 16 | 1 << 8 | 1,
    100 << 24 | 64 << 16 | 1,
    169 << 24 | 254 << 16 | 169 << 8 | 254,  # the platform's own addresses, which no rule lists
    168 << 24 | 63 << 16 | 129 << 8 | 16,
    224 << 24 | 1,
    1 << 24 | 1 << 16 | 1 << 8 | 1,  # addresses often left over from tests, the announcement's among them
    1 << 24 | 2 << 16 | 3 << 8 | 4,
    8 << 24 | 8 << 16 | 8 << 8 | 8,
    124 << 24 | 56 << 16 | 78 << 8 | 91,
    191 << 24 | 10 << 16 | 18 << 8 | 7,
    203 << 24 | 113 << 8 | 7,
)
"""Addresses asked of every rule set: the ends of the space and of its halves, special, well known and plain ones."""


def probe_addresses(rules: RuleSet) -> tuple[int, ...]:
    """The complete, deterministic probe set of a rule set, in ascending order, each address once.

    Both ends and an inside point of each piece, octet edges around each rule, powers of two, and the landmarks.
    """
    found = {*LANDMARKS, *(2**bit for bit in range(32)), *(2**bit - 1 for bit in range(32))}
    for first, last in pieces([rule.block for rule in rules.ip_rules]):
        found |= {first, last, (first + last) // 2}
    for rule in rules.ip_rules:
        found |= set(octet_edges(rule.block))
    return tuple(sorted(found))


def pieces(blocks: Iterable[Block]) -> list[tuple[int, int]]:
    """The pieces (first, last) into which the edges of the blocks cut the address space.

    >>> pieces([Block(10, 19)])[:2]
    [(0, 9), (10, 19)]
    """
    cuts = {0, LAST_ADDRESS + 1}
    for block in blocks:
        cuts |= {block.first, block.last + 1}
    ordered = sorted(cuts)
    return [(first, after - 1) for first, after in pairwise(ordered)]


def octet_edges(block: Block) -> Iterable[int]:
    """The ends of the /24, /16 and /8 around both ends of a block, and their neighbours."""
    for end in (block.first, block.last):
        for bits in (8, 16, 24):
            first = end >> bits << bits
            last = first | (1 << bits) - 1
            yield from (address for address in (first - 1, first, last, last + 1) if 0 <= address <= LAST_ADDRESS)


def edges(block: Block) -> tuple[int, ...]:
    """first-1, first, an inside point, last, last+1, as far as they exist."""
    found = (block.first - 1, block.first, (block.first + block.last) // 2, block.last, block.last + 1)
    return tuple(dict.fromkeys(address for address in found if 0 <= address <= LAST_ADDRESS))


def flipped(block: Block) -> tuple[int, ...]:
    """The addresses that differ from the block's first, or its last, in one bit: what a wrong mask confuses."""
    return tuple(dict.fromkeys(end ^ 1 << bit for end in (block.first, block.last) for bit in range(32)))


def _dots_moved(octets: Sequence[int]) -> Iterable[Sequence[int]]:
    """The same digits with one dot moved: 1.23.4.5 for 12.3.4.5."""
    texts = [str(octet) for octet in octets]
    for place in range(3):
        left, right = texts[place], texts[place + 1]
        for cut in (len(left) - 1, len(left) + 1):
            joined = left + right
            one, other = joined[:cut], joined[cut:]
            if one and other and str(int(other)) == other:
                yield [int(text) for text in (*texts[:place], one, other, *texts[place + 2 :])]


def _cut_otherwise(digits: str) -> Iterable[Sequence[int]]:
    """Octets whose hexadecimal digits, without leading zeros, make the same text: 20.17.2.5 for 20.1.18.5."""
    for ends in product((1, 2), repeat=4):
        if sum(ends) == len(digits):
            places = [0, *accumulate(ends)]
            texts = [digits[first:last] for first, last in pairwise(places)]
            if all(f"{int(text, 16):x}" == text for text in texts):
                yield [int(text, 16) for text in texts]


def resembling(block: Block) -> tuple[int, ...]:
    """Addresses similar to the block's first as text or bytes: octets swapped or cut, or a digit more."""
    octets = [block.first >> shift & 255 for shift in (24, 16, 8, 0)]
    a, b, c, d = octets
    found: list[Sequence[int]] = [(d, c, b, a), (b, a, d, c), (a, c, b, d), (a, b, d, c)]
    for place, octet in enumerate(octets):
        others = (*(octet * 10 + digit for digit in (0, 1, 5, 9)), octet // 10, (octet + 100) % 256)
        found += [[*octets[:place], other, *octets[place + 1 :]] for other in others]
    found += _dots_moved(octets)
    found += _cut_otherwise("".join(f"{octet:x}" for octet in octets))
    packed = (one[0] << 24 | one[1] << 16 | one[2] << 8 | one[3] for one in found if max(one) <= 255)
    return tuple(dict.fromkeys(packed))
