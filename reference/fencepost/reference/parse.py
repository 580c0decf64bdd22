"""From text to a rule, strictly, with a name for every kind of mistake, and apart from the meaning of rules."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address
from types import MappingProxyType

from fencepost.reference.addresses import PRIVATE, RESERVED, SPECIAL, Block, cidr_from_block, is_clear
from fencepost.reference.open_points import ANSWERS, OPEN_POINTS
from fencepost.reference.profile import Profile

MISTAKES = MappingProxyType(
    {
        "not-text": "VAL-5",
        "empty": "VAL-5",
        "ipv6": "VAL-4",
        "too-few-octets": "VAL-5",
        "too-many-octets": "VAL-5",
        "empty-octet": "VAL-5",
        "other-digits": "VAL-5",
        "not-a-number": "VAL-5",
        "octet-over-255": "VAL-5",
        "two-slashes": "VAL-5",
        "empty-prefix": "VAL-5",
        "negative-prefix": "VAL-5",
        "prefix-over-32": "VAL-5",
        "not-a-mask": "VAL-5",
        "prefix-32": "VAL-2",
        "private": "VAL-3",
        "reserved": "VAL-1",
    }
    | {point.key: point.clauses[0] for point in OPEN_POINTS if point.spellings}
)
"""Every kind of mistake in the value of an IP rule, and the clause by which it is refused."""

TOUCHES_RESERVED = "touches-reserved"
"""A range that only touches reserved or special space; this is not a declarable open point.

With `:blank` or `:mask` appended, a spelling whose reading is equally undeclarable.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The possible readings of a value: the blocks it is accepted as, its mistakes, and the open points.

    A reading is certain if there is one block and no mistake, or no block. With open points there may be several.
    """

    blocks: frozenset[Block] = frozenset()
    mistakes: tuple[str, ...] = ()
    open_points: frozenset[str] = frozenset()

    @property
    def is_accepted(self) -> bool:
        """Whether the value is accepted, as one block, for every answer to the open points."""
        return len(self.blocks) == 1 and not self.mistakes

    @property
    def is_refused(self) -> bool:
        """Whether the value is refused for every answer to the open points."""
        return not self.blocks


class _Refused(Exception):
    def __init__(self, mistake: str) -> None:
        self.mistake = mistake


class _Undecided(Exception):
    def __init__(self, point: str) -> None:
        self.point = point


_Choose = Callable[[str], str]


def read_ip_rule(value: object, profile: Profile) -> Reading:
    """Read the value of an IP rule in this profile, once for each way in which the open points can be answered.

    >>> from fencepost.reference.profile import load_profile
    >>> read_ip_rule("20.1.2.0/31", load_profile("keyvault-2018-preview")).mistakes
    ('prefix-31',)
    """
    return _read_text(value, profile) if isinstance(value, str) else Reading(mistakes=("not-text",))


@lru_cache(maxsize=1 << 14)  # a write repeats the texts of the writes before it
def _read_text(text: str, profile: Profile) -> Reading:
    return _read_with({}, text, profile)


def _read_with(assumed: dict[str, str], value: str, profile: Profile) -> Reading:
    def choose(point: str) -> str:
        known, _, block = point.partition(":")
        chosen = assumed.get(point) or (
            None if known == TOUCHES_RESERVED else profile.reserved_range(block) if block else profile.choice(known)
        )
        if chosen is None:
            raise _Undecided(point)
        return chosen

    try:
        return Reading(blocks=frozenset({_read(value, profile, choose)}))
    except _Refused as refused:
        return Reading(mistakes=(refused.mistake,))
    except _Undecided as undecided:
        point = undecided.point
        known = point.partition(":")[0]
        answers = ANSWERS.get(known, ("reject", "accept"))
        readings = [_read_with({**assumed, point: answer}, value, profile) for answer in answers]
    return Reading(
        blocks=frozenset().union(*(reading.blocks for reading in readings)),
        mistakes=tuple(dict.fromkeys(mistake for reading in readings for mistake in reading.mistakes)),
        open_points=frozenset({known}).union(*(reading.open_points for reading in readings)),
    )


def _read(value: str, profile: Profile, choose: _Choose) -> Block:
    """The block that a value means, where `choose` answers every open point."""
    text = value.strip()
    if not text:
        raise _Refused("empty")
    if text != value:
        if choose("surrounding-blanks") == "reject":
            raise _Refused("surrounding-blanks")
        if value.strip(" ") != text:  # No document says which other characters are blanks.
            _accept_or_refuse(choose(f"{TOUCHES_RESERVED}:blank"), "surrounding-blanks")
    address_text, *prefixes = text.split("/")
    if len(prefixes) > 1:
        raise _Refused("two-slashes")
    address = _address(address_text, choose)
    if not prefixes:
        return _placed(Block(address, address), profile, choose)
    prefix = _prefix(prefixes[0], choose)
    _check_prefix(prefix, profile, choose)
    size = 2 ** (32 - prefix)
    if address % size and choose("host-bits") == "reject":
        raise _Refused("host-bits")
    first = address - address % size
    block = Block(first, first + size - 1)
    return block if prefix == 0 else _placed(block, profile, choose)


def _accept_or_refuse(answer: str, mistake: str) -> None:
    if answer == "reject":
        raise _Refused(mistake)


def _address(text: str, choose: _Choose) -> int:
    if ":" in text and _is_ipv6(text):
        raise _Refused("ipv6")
    octets = text.split(".")
    if len(octets) != 4:
        raise _Refused(_not_four(octets))
    address = 0
    for octet in octets:
        address = address << 8 | _octet(octet, choose)
    return address


def _is_ipv6(text: str) -> bool:
    try:
        IPv6Address(text.strip("[]").partition("%")[0])
    except ValueError:
        return False
    return True


def _not_four(octets: list[str]) -> str:
    if not all(_is_decimal(octet) for octet in octets if octet):
        return "not-a-number"
    return "too-few-octets" if len(octets) < 4 else "too-many-octets"


def _is_decimal(text: str) -> bool:
    return text.isascii() and text.isdecimal()


_PLAIN_OCTETS = MappingProxyType({str(number): number for number in range(256)})


def _octet(text: str, choose: _Choose) -> int:
    if text in _PLAIN_OCTETS:
        return _PLAIN_OCTETS[text]
    if not text:
        raise _Refused("empty-octet")
    if not _is_decimal(text):
        raise _Refused("other-digits" if text.isdecimal() else "not-a-number")
    base = 10
    if len(text) > 1 and text[0] == "0":
        how = choose("leading-zeros")
        if how == "reject" or (how == "octal" and set(text) & {"8", "9"}):
            raise _Refused("leading-zeros")
        base = 8 if how == "octal" else 10
    significant = text.lstrip("0") or "0"
    if len(significant) > 4 or int(significant, base) > 255:
        raise _Refused("octet-over-255")
    return int(significant, base)


def _prefix(text: str, choose: _Choose) -> int:
    if not text:
        raise _Refused("empty-prefix")
    if "." in text:
        return _prefix_from_mask(text, choose)
    if re.fullmatch("-[0-9]+", text):
        raise _Refused("negative-prefix")
    plain = text.removeprefix("+")
    if not _is_decimal(plain):
        raise _Refused("other-digits" if plain.isdecimal() else "not-a-number")
    significant = plain.lstrip("0") or "0"
    if len(significant) > 2 or int(significant) > 32:
        raise _Refused("prefix-over-32")
    if text != significant and choose("prefix-spelling") == "reject":
        raise _Refused("prefix-spelling")
    return int(significant)


def _prefix_from_mask(text: str, choose: _Choose) -> int:
    octets = text.split(".")
    if len(octets) != 4 or not all(_is_decimal(octet) for octet in octets):
        raise _Refused("not-a-mask")
    mask = 0
    for octet in octets:
        mask = mask << 8 | _octet(octet, choose)
    forms = {"netmask-form": (mask ^ 0xFFFFFFFF) + 1, "hostmask-form": mask + 1}
    sizes = {form: size for form, size in forms.items() if size & (size - 1) == 0}
    if not sizes:
        raise _Refused("not-a-mask")
    accepted = [form for form in sizes if choose(form) == "accept"]
    if not accepted:
        raise _Refused(next(iter(sizes)))
    # /0.0.0.0 is both a netmask and a hostmask, and no document says which it is here.
    if len(accepted) == 2 and choose(f"{TOUCHES_RESERVED}:mask") == "reject":
        accepted.reverse()
    return 33 - sizes[accepted[0]].bit_length()


def _check_prefix(prefix: int, profile: Profile, choose: _Choose) -> None:
    if prefix == 0:  # /0 is its own open point; it covers private space too, whose answers may contradict it.
        _accept_or_refuse(choose("prefix-0"), "prefix-0")
        superset = profile.choice("private-superset") if profile.choice("prefix-0") else choose("private-superset")
        if superset == "reject":
            _accept_or_refuse(choose(TOUCHES_RESERVED), "private-superset")
    if prefix == 31:
        _accept_or_refuse(choose("prefix-31") if profile.prefix_31 == "open" else profile.prefix_31, "prefix-31")
    if prefix == 32:
        _accept_or_refuse(profile.prefix_32, "prefix-32")


def _placed(block: Block, profile: Profile, choose: _Choose) -> Block:
    """The block, if rules may lie at its place in the address space.

    A range that covers private space depends on `private-superset` alone, unless reserved space is refused.
    """
    if is_clear(block):
        return block
    if any(private.holds(block) for private in PRIVATE):
        raise _Refused("private")
    if any(private.meets(block) for private in PRIVATE):
        _accept_or_refuse(choose("private-superset"), "private-superset")
        if profile.choice("private-superset") and not _may_be_refused_for_reserved_space(block, profile):
            return block
    for reserved in RESERVED:
        if reserved.holds(block):
            _accept_or_refuse(choose(f"reserved-ranges:{cidr_from_block(reserved)}"), "reserved")
        elif reserved.meets(block) and choose(f"reserved-ranges:{cidr_from_block(reserved)}") == "reject":
            # A range inside the block is refused; no document says whether a range that only touches it is refused.
            _accept_or_refuse(choose(TOUCHES_RESERVED), "reserved")
    if any(special.meets(block) for special in SPECIAL):
        _accept_or_refuse(choose(TOUCHES_RESERVED), "reserved")
    return block


def _may_be_refused_for_reserved_space(block: Block, profile: Profile) -> bool:
    """Whether somebody has chosen for reserved space, and not to accept all of it that the block touches.

    Whoever refuses reserved space may take special-purpose space for a part of it.
    """
    chosen = profile.choices["reserved-ranges"]
    touched: list[object] = [
        profile.reserved_range(cidr_from_block(reserved)) for reserved in RESERVED if reserved.meets(block)
    ]
    if any(special.meets(block) for special in SPECIAL):
        touched.append(chosen)
    return chosen is not None and any(answer != "accept" for answer in touched)


_SUBNET_ID = re.compile(
    r"/subscriptions/([^/]+)/resourceGroups/([^/]+)/providers/Microsoft\.Network"
    r"/virtualNetworks/([^/]+)/subnets/([^/]+)",
    re.IGNORECASE | re.ASCII,
)


def is_subnet_id(value: object) -> bool:
    """Whether the value is a subnet's resource id: five pairs in order (VAL-7); names are not checked further.

    >>> is_subnet_id("/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/a")
    True
    """
    return isinstance(value, str) and _SUBNET_ID.fullmatch(value) is not None
