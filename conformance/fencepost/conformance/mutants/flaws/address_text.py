"""Flaws in comparing addresses as text, and in guessing a prefix length that the rule does not have."""

from fencepost.conformance.mutants.mutant import Flaws, asks, seen_in, shown_by
from fencepost.conformance.mutants.values import Ask, IpRule
from fencepost.conformance.mutants.vault import Vault

flaw = Flaws("address-arithmetic")


@flaw("octets-compared-as-text", "DEC-2 DEC-4", "closed")
@seen_in("diladele/websafety #805: addresses that begin with 3 to 9 do not match")
@shown_by(asks("20.0.0.0/24", address="20.0.0.5"))
class _OctetsComparedAsText(Vault):
    """Each octet is compared with those of the first and the last address as text, where '5' is larger than '255'."""

    def in_range(self, rule: IpRule, ask: Ask) -> bool:
        octets = zip(*(self.dotted(number).split(".") for number in (rule.first, ask.address, rule.last)), strict=True)
        return all(low <= octet <= high for low, octet, high in octets)


@flaw("dotted-text-compared", "DEC-3 DEC-2 DEC-4", "both")
@shown_by(asks("20.0.0.0/24", address="20.0.0.9"))
class _DottedTextCompared(Vault):
    """Whole addresses are compared as text, first <= address <= last, where '20.0.0.10' is below '20.0.0.9'."""

    def in_range(self, rule: IpRule, ask: Ask) -> bool:
        return self.dotted(rule.first) <= ask.dotted <= self.dotted(rule.last)


@flaw("text-prefix-without-its-dot", "DEC-3 DEC-4", "open")
@shown_by(asks("20.1.0.0/16", address="20.10.0.7"))
class _TextPrefixWithoutItsDot(Vault):
    """Ranges on an octet are matched with startswith('20.1'), which 20.10 and 20.199 pass too."""

    def in_range(self, rule: IpRule, ask: Ask) -> bool:
        if rule.prefix in (8, 16, 24):
            return ask.dotted.startswith(".".join(self.dotted(rule.network).split(".")[: rule.prefix // 8]))
        return super().in_range(rule, ask)


@flaw("single-address-by-text-prefix", "DEC-3 DEC-4", "open")
@seen_in("n8n-io/n8n #23399: an allow list matched as plain text")
@shown_by(asks("20.0.0.1", address="20.0.0.17"))
class _SingleAddressByTextPrefix(Vault):
    """A single address is matched with startswith, so a rule for 20.0.0.1 lets in 20.0.0.10 to 20.0.0.199."""

    def in_range(self, rule: IpRule, ask: Ask) -> bool:
        if rule.prefix == 32:
            return ask.dotted.startswith(self.dotted(rule.network))
        return super().in_range(rule, ask)


@flaw("single-address-by-text-suffix", "DEC-3 DEC-4", "open")
@shown_by(asks("4.0.0.1", address="54.0.0.1"))
class _SingleAddressByTextSuffix(Vault):
    """A rule for a single address is searched in the caller's address with find(), so 4.0.0.1 is found in 54.0.0.1."""

    def in_range(self, rule: IpRule, ask: Ask) -> bool:
        if rule.prefix == 32:
            return ask.dotted.endswith(self.dotted(rule.network))
        return super().in_range(rule, ask)


@flaw("dots-match-any-character", "DEC-3 DEC-4", "open")
@shown_by(asks("20.1.1.0/24", address="20.111.5.9"))
class _DotsMatchAnyCharacter(Vault):
    """Each /24 range becomes a regular expression with unescaped dots, so 20.1.1.0/24 lets in 20.111.5."""

    def in_range(self, rule: IpRule, ask: Ask) -> bool:
        if rule.prefix == 24:
            head = self.dotted(rule.network).rpartition(".")[0]
            same = all(sign in (".", there) for sign, there in zip(head, ask.dotted, strict=False))
            return same and len(ask.dotted) > len(head)
        return super().in_range(rule, ask)


@flaw("dots-left-out-of-the-key", "DEC-3 STA-7", "open")
@shown_by(asks("20.11.1.7", address="20.1.11.7"))
class _DotsLeftOutOfTheKey(Vault):
    """Single addresses are looked up by their digits alone, and 1.23.4.5 has the digits of 12.3.4.5."""

    def in_range(self, rule: IpRule, ask: Ask) -> bool:
        if rule.prefix == 32:
            return self.dotted(rule.network).replace(".", "") == ask.dotted.replace(".", "")
        return super().in_range(rule, ask)


@flaw("bare-address-is-its-24", "DEC-4 DEC-3", "open")
@shown_by(asks("20.0.0.5", address="20.0.0.7"))
class _BareAddressIsIts24(Vault):
    """An address without a prefix length gets the default of the network form, /24."""

    def bounds(self, network: int, prefix: int) -> tuple[int, int]:
        return super().bounds(network, 24 if prefix == 32 else prefix)


@flaw("bare-address-ending-in-zero-is-a-network", "DEC-4 DEC-3", "open")
@shown_by(asks("20.0.5.0", address="20.0.5.7"))
class _BareAddressEndingInZeroIsANetwork(Vault):
    """An address without a prefix length that ends in .0 is read as the /24 of that name."""

    def bounds(self, network: int, prefix: int) -> tuple[int, int]:
        return super().bounds(network, 24 if prefix == 32 and network & 0xFF == 0 else prefix)


@flaw("bare-address-dropped", "DEC-2 DEC-4 DEC-14", "closed")
@shown_by(asks("20.0.0.7", address="20.0.0.7"))
class _BareAddressDropped(Vault):
    """Only values with a slash reach the matcher; a single address is stored and shown, and never compared."""

    def arrange(self, rules: tuple[IpRule, ...]) -> tuple[IpRule, ...]:
        return tuple(rule for rule in super().arrange(rules) if rule.prefix < 32)


@flaw("column-of-fifteen-characters", "DEC-2 DEC-3 DEC-4", "both")
@shown_by(asks("200.100.100.128/25", address="200.100.100.200"))
class _ColumnOfFifteenCharacters(Vault):
    """The column for values has the length of an address; of 200.100.100.0/24 it keeps 200.100.100.0/2."""

    def bounds(self, network: int, prefix: int) -> tuple[int, int]:
        text = self.dotted(network) if prefix == 32 else f"{self.dotted(network)}/{prefix}"
        length = text[:15].partition("/")[2]
        return super().bounds(network, int(length) if length else 32)
