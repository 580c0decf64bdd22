"""How a vault parses what is written to it: addresses, ranges, subnet ids and the two switches."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from fencepost.conformance.mutants.values import IpRule, Profile, Refused, SubnetRule

Rule = TypeVar("Rule", IpRule, SubnetRule)

_ALL = 0xFFFFFFFF
_SUBNET_WORDS = {1: "subscriptions", 3: "resourcegroups", 5: "providers", 6: "microsoft.network"} | {
    7: "virtualnetworks",
    9: "subnets",
}


class Reading:
    """The overridable methods of parsing and validation; each raises `Refused` for what it does not accept."""

    profile: Profile

    def parse_value(self, value: object) -> IpRule:
        """One IP rule from its text."""
        if not isinstance(value, str):
            raise Refused(f"{value!r} is no text")
        dotted, slash, length = self.split_value(value)
        network = self.parse_address(dotted)
        prefix = self.parse_prefix(length) if slash else 32
        if slash and not self.prefix_allowed(prefix):
            raise Refused(f"{value}: ranges of this size are not supported")
        rule = self.rule_of(network, prefix)
        if self.has_host_bits(rule):
            raise Refused(f"{value} has host bits set")
        if self.is_private(rule):
            raise Refused(f"{value} belongs to a private range")
        return rule

    def split_value(self, value: str) -> tuple[str, str, str]:
        """The address, the slash if there is one, and the prefix length."""
        return value.partition("/")

    def rule_of(self, network: int, prefix: int) -> IpRule:
        """The rule for this network and prefix."""
        first, last = self.bounds(network, prefix)
        suffix = f"/{prefix}" if prefix < 32 else self.profile.single_suffix
        return IpRule(first, last, network, prefix, self.dotted(network) + suffix)

    def bounds(self, network: int, prefix: int) -> tuple[int, int]:
        """The first and the last address of a range, as numbers."""
        mask = self.mask(prefix)
        return network & mask, network | (_ALL ^ mask)

    def mask(self, prefix: int) -> int:
        """The network mask of a prefix length."""
        return _ALL << (32 - prefix) & _ALL

    def has_host_bits(self, rule: IpRule) -> bool:
        """Whether the address of the rule is not the first of its range."""
        return rule.network & (_ALL >> rule.prefix) != 0

    def parse_address(self, dotted: str) -> int:
        """An IPv4 address: four decimal numbers."""
        octets = self.split_address(dotted)
        if len(octets) != 4:
            raise Refused(f"{dotted}: an IPv4 address has four octets")
        address = 0
        for octet in octets:
            address = address << 8 | self.parse_octet(octet)
        return address

    def split_address(self, dotted: str) -> list[str]:
        """The octets of an address, as text."""
        return dotted.split(".")

    def parse_octet(self, octet: str) -> int:
        """A number from 0 to 255 in ASCII digits, without leading zeros."""
        if not (octet.isascii() and octet.isdigit() and len(octet) <= 3):
            raise Refused(f"{octet[:20]!r} is no octet")
        if len(octet) > 1 and octet[0] == "0":
            raise Refused(f"{octet!r} has leading zeros")
        if int(octet) > 255:
            raise Refused(f"{octet} is larger than 255")
        return int(octet)

    def parse_prefix(self, length: str) -> int:
        """A number from 0 to 32 in ASCII digits, without leading zeros."""
        if not (length.isascii() and length.isdigit() and len(length) <= 2):
            raise Refused(f"{length[:20]!r} is no prefix length")
        if len(length) > 1 and length[0] == "0":
            raise Refused(f"/{length} has leading zeros")
        if int(length) > 32:
            raise Refused(f"/{length} is longer than an address")
        return int(length)

    def prefix_allowed(self, prefix: int) -> bool:
        """Whether the profile accepts ranges of this prefix length."""
        return prefix not in self.profile.refused_prefixes

    def private_blocks(self) -> tuple[tuple[int, int], ...]:
        """First and last address of each RFC 1918 block."""
        return (0x0A000000, 0x0AFFFFFF), (0xAC100000, 0xAC1FFFFF), (0xC0A80000, 0xC0A8FFFF)

    def is_private(self, rule: IpRule) -> bool:
        """Whether the rule lies inside a private block; a range larger than the block does not."""
        size = _ALL >> rule.prefix
        return any(first <= rule.network and rule.network + size <= last for first, last in self.private_blocks())

    def dotted(self, address: int) -> str:
        """An address as four decimal numbers."""
        return f"{address >> 24}.{address >> 16 & 255}.{address >> 8 & 255}.{address & 255}"

    def parse_subnet_id(self, value: object) -> str:
        """A subnet id in lower case."""
        if not isinstance(value, str):
            raise Refused(f"{value!r} is no text")
        parts = value.split("/")
        if not self.is_subnet_path(parts):
            raise Refused(f"{value[:200]!r} is not the id of a subnet")
        return self.fold(value)

    def is_subnet_path(self, parts: list[str]) -> bool:
        """Whether these are the parts of a subnet id: a leading slash, five pairs, no empty name."""
        if len(parts) != 11 or parts[0] != "" or not all(parts[1:]):
            return False
        return all(parts[index].lower() == word for index, word in _SUBNET_WORDS.items())

    def fold(self, subnet: str) -> str:
        """The form in which two spellings of one subnet id are equal."""
        return subnet.lower()

    def read_subnet_rule(self, subnet: object, ignores_missing: object) -> SubnetRule:
        """One virtual network rule."""
        return SubnetRule(self.parse_subnet_id(subnet), str(subnet), ignores_missing is True)

    def read_bypass(self, word: object) -> str:
        """The bypass: `AzureServices` or `None`."""
        return self.read_word(word, ("AzureServices", "None"))

    def read_default_action(self, word: object) -> str:
        """The default action: `Allow` or `Deny`."""
        return self.read_word(word, ("Allow", "Deny"))

    def read_word(self, word: object, known: tuple[str, str]) -> str:
        """One of two words, compared exactly."""
        if not isinstance(word, str) or word not in known:
            raise Refused(f"{word!r} is neither {known[0]} nor {known[1]}")
        return word


def if_read(read: Callable[[Sequence[object]], tuple[Rule, ...]], entry: object) -> tuple[Rule, ...]:
    """The entry of a list read alone; nothing if it is refused."""
    try:
        return read([entry])
    except Refused:
        return ()
