"""How careless parsers may read a text: every set of addresses that a spelling may be taken for."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from fencepost.reference import Block, Profile, address_from_text, cidr_from_block, read_ip_rule, text_from_address
from fencepost.reference.addresses import LAST_ADDRESS
from fencepost.reference.open_points import ANSWERS

EVERYTHING = Block(0, LAST_ADDRESS)

_NUMBER = r"[0-9]+"
_DOTTED = re.compile(rf"{_NUMBER}(?:\.{_NUMBER}){{0,7}}")
_HEXADECIMAL = re.compile(r"0[xX]([0-9a-fA-F]+)")
_LONGEST = 80


@dataclass(frozen=True, slots=True)
class Meaning:
    """A set of addresses that a spelling may be taken for, and its name in a table."""

    text: str
    blocks: tuple[Block, ...]

    def __contains__(self, address: int) -> bool:
        """Whether the address is in the set."""
        return any(address in block for block in self.blocks)


def meanings(value: object, profile: Profile) -> tuple[Meaning, ...]:
    """What the value may be taken for, the likeliest first; everything and nothing come last.

    The readings that are open points come first. Then octets are read as octal or hexadecimal, wrapped at 256, or
    filled up to four. Prefixes are wrapped, cut or ignored, and of several addresses the first or last is read.
    """
    found = dict.fromkeys(_plain(block) for text in _texts(value) for block in _blocks(text, profile))
    addresses = [block for one in found for block in one.blocks if block.first == block.last][:4]
    spans = [_span(one, other) for one in addresses for other in addresses if one.first < other.first]
    several = [Meaning(" and ".join(text_from_address(one.first) for one in addresses[:2]), tuple(addresses[:2]))]
    some = (*found, *spans, *(several if len(addresses) > 1 else ()))
    return (
        *(one for one in some if one.blocks != (EVERYTHING,)),
        Meaning("every address", (EVERYTHING,)),
        Meaning("none of the addresses that it might mean", ()),
    )


def _plain(block: Block) -> Meaning:
    return Meaning(cidr_from_block(block), (block,))


def _span(one: Block, other: Block) -> Meaning:
    text = f"{text_from_address(one.first)}-{text_from_address(other.first)}"
    return Meaning(text, (Block(one.first, other.first),))


def _texts(value: object) -> Iterator[str]:
    """The texts in a value; numbers as their digits."""
    match value:
        case str():
            yield value[:_LONGEST]
        case bool() | None:
            return
        case int() | float():
            yield str(value)
        case Mapping():
            yield from (text for inner in value.values() for text in _texts(inner))
        case list():
            yield from (text for inner in value for text in _texts(inner))


def _blocks(text: str, profile: Profile) -> Iterator[Block]:
    open_profile = profile.with_choices(dict.fromkeys(set(ANSWERS) - {"trusted-services"}))
    yield from sorted(read_ip_rule(text, open_profile).blocks)
    ascii_text = _ascii(text)
    if ascii_text != text:
        yield from sorted(read_ip_rule(ascii_text, open_profile).blocks)
    before, _, after = ascii_text.partition("/")
    firsts = list(dict.fromkeys([*_addresses(before), *_addresses(after)]))
    lengths = list(dict.fromkeys(_prefixes(after)))
    for address in firsts:
        for length in lengths:
            size = 2 ** (32 - length)
            first = address - address % size
            yield Block(first, first + size - 1)


def _ascii(text: str) -> str:
    """The text with other scripts' digits and dots in ASCII, and without unprintable characters."""
    plain = unicodedata.normalize("NFKC", text).replace("。", ".")
    return "".join(str(unicodedata.decimal(one, one)) for one in plain if one.isprintable() or one.isspace())


def _addresses(text: str) -> Iterator[int]:
    """Every address that the numbers in a text may be taken for."""
    for found in _HEXADECIMAL.finditer(text):
        yield int(found[1], 16) & LAST_ADDRESS
        rest = re.findall(_NUMBER, text[found.end() :])
        if len(rest) >= 3:
            yield _packed([int(found[1], 16), *(int(one) for one in rest[:3])])
    squeezed = text.replace(" ", "").replace("\n", "").replace(",", ".").replace("_", "")
    filled = text.strip(".") if ".." not in text else text.replace("..", ".0.")
    for spelled in dict.fromkeys((text, squeezed, filled)):
        for match in _DOTTED.finditer(spelled):
            yield from _dotted(match[0].split("."))


def _dotted(parts: list[str]) -> Iterator[int]:
    if any(len(part) > _LONGEST for part in parts):
        return
    numbers = [int(part) for part in parts]
    if len(numbers) == 1:
        yield numbers[0] & LAST_ADDRESS
        yield numbers[0] % 256 << 24
        return
    if len(numbers) < 4:  # as `inet_aton` reads it, then filled up with zeros
        *leading, last = numbers
        head = sum(number % 256 << 24 - 8 * place for place, number in enumerate(leading))
        yield head | last & (1 << 32 - 8 * len(leading)) - 1
        yield _packed([*numbers, 0, 0, 0])
    else:
        yield _packed(numbers)
        yield _packed(numbers[-4:])
    if any(part.startswith("0") and len(part) > 1 for part in parts) and not set("".join(parts)) & {"8", "9"}:
        yield _packed([*(int(part, 8) for part in parts), 0, 0, 0])


def _packed(numbers: Iterable[int]) -> int:
    a, b, c, d = list(numbers)[:4]
    return (a & 255) << 24 | (b & 255) << 16 | (c & 255) << 8 | d & 255


def _prefixes(text: str) -> Iterator[int]:
    """Every prefix length that the text after the slash may be taken for, including a single address and everything."""
    yield 32
    for match in re.finditer(_NUMBER, text):
        number = int(match[0][:_LONGEST])
        yield from (one for one in (number, number % 32, number % 256, int(str(number)[:2])) if one <= 32)
    for digits in _HEXADECIMAL.findall(text):
        yield from (one for one in (int(digits, 16),) if one <= 32)
    if re.fullmatch(r"[0-9]+(\.[0-9]+){3}", text):
        mask = address_from_text(text) & LAST_ADDRESS
        yield mask.bit_count()
        yield 32 - mask.bit_count()
    yield from (8, 16, 24) if not text else ()
