"""A vault that keeps its rules as bit strings and matches them in a binary trie."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.peers.choices import Choices, RejectOrAccept
from fencepost.conformance.peers.memory import MemoryVault, State
from fencepost.conformance.peers.peer import Refused, Verdict
from fencepost.conformance.peers.profiles import PRIVATE_BLOCKS, RESERVED_BLOCKS

_RESERVED: dict[str, RejectOrAccept] = {
    "0.0.0.0/8": "reject",
    "100.64.0.0/10": "accept",
    "127.0.0.0/8": "accept",
    "169.254.0.0/16": "reject",
    "192.0.2.0/24": "accept",
    "198.51.100.0/24": "accept",
    "203.0.113.0/24": "accept",
    "224.0.0.0/4": "reject",
}


@dataclass(slots=True)
class _Node:
    children: dict[str, "_Node"] = field(default_factory=dict)
    ends: bool = False


class Trie:
    """A set of bit strings that finds whether a member is a prefix of given bits.

    >>> trie = Trie(["10"])
    >>> trie.holds_beginning_of("1011"), trie.holds_beginning_of("1"), trie.holds_beginning_of("11")
    (True, False, False)
    """

    def __init__(self, members: Iterable[str]) -> None:
        self._root = _Node()
        for bits in members:
            node = self._root
            for bit in bits:
                node = node.children.setdefault(bit, _Node())
            node.ends = True

    def holds_beginning_of(self, bits: str) -> bool:
        """Whether a member is a prefix of the bits, or all of them."""
        node: _Node | None = self._root
        for bit in bits:
            if node is None or node.ends:
                break
            node = node.children.get(bit)
        return node is not None and node.ends


class Scanner:
    """Reads one rule from left to right, one character at a time; `Refused` at the first unexpected character."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def done(self) -> bool:
        """Whether the whole text is read."""
        return self._at == len(self._text)

    def take(self, wanted: str) -> bool:
        """Whether this character comes next; if so, it is read."""
        found = self._text.startswith(wanted, self._at)
        self._at += len(wanted) if found else 0
        return found

    def number(self, *, most: int) -> int:
        """One to three decimal digits up to `most`; leading zeros are allowed and decimal."""
        value, start = 0, self._at
        while self._at < len(self._text) and "0" <= self._text[self._at] <= "9" and self._at - start < 3:
            value = 10 * value + ord(self._text[self._at]) - ord("0")
            self._at += 1
        if self._at == start or value > most:
            raise Refused(f"expected a number up to {most} at character {start}")
        return value

    def address(self, *, begun: int | None = None) -> str:
        """Four octets as 32 bits; `begun` is the first octet if it is already read."""
        octets = [self.number(most=255) if begun is None else begun]
        while len(octets) < 4:
            if not self.take("."):
                raise Refused(f"expected a dot at character {self._at}")
            octets.append(self.number(most=255))
        return "".join(f"{octet:08b}" for octet in octets)

    def size(self) -> int:
        """A prefix length, which may have a plus sign, or a host mask: zeros, then ones."""
        signed = self.take("+")
        value = self.number(most=255)
        if not signed and not self.done():
            mask = self.address(begun=value)
            if "10" in mask:
                raise Refused("not a host mask")
            return mask.count("0")
        if value > 32:
            raise Refused("a prefix is at most 32")
        return value


def bits_of(block: str) -> str:
    """The leading bits that the addresses of a block have in common.

    >>> bits_of("172.16.0.0/12")
    '101011000001'
    """
    scanner = Scanner(block)
    bits = scanner.address()
    return bits[: scanner.size()] if scanner.take("/") else bits


_FORBIDDEN = Trie(
    map(bits_of, (*PRIVATE_BLOCKS, *(block for block, answer in _RESERVED.items() if answer == "reject")))
)
_NEVER_MATCHED = Trie(map(bits_of, (*PRIVATE_BLOCKS, *RESERVED_BLOCKS)))
_RESERVED_SPACE = Trie(map(bits_of, (*RESERVED_BLOCKS, "224.0.0.0/3")))


class TrieVault(MemoryVault[str]):
    """Accepts ranges around private space but admits no private caller by them; refuses duplicates; leaves 240/4 open.

    It reads ids back in upper case, leaves empty lists out, declares an unknown feature, and sends extra members.
    """

    name = "peer-trie"
    features = (*MemoryVault.features, "private-endpoints")
    choices = Choices(
        private_superset="accept",
        superset_matches_private="no",
        reserved_ranges=_RESERVED,
        duplicates="reject",
        duplicates_count="no",
        prefix_31="accept",
        lost_service_endpoint="accept",
        leading_zeros="decimal",
        prefix_spelling="accept",
        hostmask_form="accept",
        remove_unknown="ignore",
        null_members="as-absent",
        default_of_default_action="Deny",
        unauthenticated_and_blocked="403",
        trusted_scenarios="scenario",
    )

    def describe(self, *, protocol: int, **_: object) -> JsonObject:
        """The statement with every optional member and an unknown one."""
        return {
            **super().describe(protocol=protocol),
            "settleSeconds": 0.0,
            "homepage": "https://example.org/trie",
            "contact": "nobody",
            "x-motto": "bit by bit",
        }

    def _read_rule(self, value: object) -> str:
        if not isinstance(value, str):
            raise Refused("an IP rule is text")
        scanner = Scanner(value)
        bits, size = scanner.address(), 32
        if scanner.take("/"):
            size = scanner.size()
            if size == 0 or (size == 31 and not self.profile.takes_prefix_31):
                raise Refused(f"/{size} is not supported")
            if size == 32 and not self.profile.takes_prefix_32:
                raise Refused("/32 is not supported")
        if not scanner.done():
            raise Refused("there is more than a rule")
        if "1" in bits[size:]:
            raise Refused("host bits are set")
        if _FORBIDDEN.holds_beginning_of(bits[:size]):
            raise Refused("not public")
        return bits[:size]

    def _spell_rule(self, rule: str) -> str:
        bits = rule.ljust(32, "0")
        address = ".".join(str(int(bits[at : at + 8], 2)) for at in range(0, 32, 8))
        return address if len(rule) == 32 else f"{address}/{len(rule)}"

    def _matcher(self, rules: tuple[str, ...]) -> Callable[[str], bool]:
        trie = Trie(rules)
        reserved = Trie(rule for rule in rules if _RESERVED_SPACE.holds_beginning_of(rule))

        def covers(address: str) -> bool:
            bits = bits_of(address)
            if reserved.holds_beginning_of(bits):
                return True
            return trie.holds_beginning_of(bits) and not _NEVER_MATCHED.holds_beginning_of(bits)

        return covers

    def _spell_decision(self, request: JsonObject, verdict: Verdict) -> JsonObject | str:
        extra: dict[str, object] = {"rule": {"why": verdict.reason, "asked": request}, "elapsedNanoseconds": 1}
        if verdict.allowed:
            return {"outcome": "allow", "status": 204, "code": "OK", **extra}
        return {"outcome": "deny", "status": verdict.status, "code": verdict.code, **extra}

    def _spell_refusal(self, refusal: Refused) -> JsonObject:
        return {"accepted": False, "status": "Bad Request", "code": 4711, "message": {"text": [str(refusal), None]}}

    def _spell_rules(self, state: State[str]) -> JsonObject:
        acls: dict[str, object] = {"bypass": state.bypass, "defaultAction": state.default_action}
        if state.ip_rules:
            acls["ipRules"] = [{"value": self._spell_rule(rule)} for rule in state.ip_rules]
        if state.subnet_rules:
            acls["virtualNetworkRules"] = [{"id": rule.id.upper()} for rule in state.subnet_rules]
        return {"networkAcls": acls}


class TrieVaultUndeclared(TrieVault):
    """The same vault without declared choices."""

    declares = False
