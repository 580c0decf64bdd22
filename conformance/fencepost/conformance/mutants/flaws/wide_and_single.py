"""Flaws in compiled rules: the masks of the widest ranges, the keys and blocks of single addresses."""

from fencepost.conformance.mutants.mutant import Flaws, asks, shown_by
from fencepost.conformance.mutants.values import Ask, IpRule
from fencepost.conformance.mutants.vault import Vault

flaw = Flaws("address-arithmetic")


@flaw("half-of-all-addresses-is-negative", "DEC-2 DEC-4", "closed", choice="private-superset")
@shown_by(asks("128.0.0.0/1", address="150.1.2.3"))
class _HalfOfAllAddressesIsNegative(Vault):
    """The size of a range is 1 << (32 - prefix) in a signed number; for /1 it is negative, and the range is empty."""

    def bounds(self, network: int, prefix: int) -> tuple[int, int]:
        first, last = super().bounds(network, prefix)
        return (first, first - (1 << 31) - 1) if prefix == 1 else (first, last)


@flaw("mask-table-wrong-at-2", "DEC-2 DEC-4", "closed", choice="private-superset")
@shown_by(asks("128.0.0.0/2", address="180.1.2.3"))
class _MaskTableWrongAt2(Vault):
    """The masks stand in a table typed by hand, and the row for /2 has 224, as the row after it."""

    def mask(self, prefix: int) -> int:
        return super().mask(3 if prefix == 2 else prefix)


@flaw("hex-digits-without-padding", "DEC-3 STA-7", "open")
@shown_by(asks("20.1.18.5", address="20.17.2.5"))
class _HexDigitsWithoutPadding(Vault):
    """The key of a single address is its octets in hex without leading zeros: 20.1.18.5 and 20.17.2.5 both give
    141125."""

    def in_range(self, rule: IpRule, ask: Ask) -> bool:
        return _unpadded(rule.network) == _unpadded(ask.address) if rule.prefix == 32 else super().in_range(rule, ask)


def _unpadded(address: int) -> str:
    return "".join(f"{octet:x}" for octet in address.to_bytes(4))


@flaw("four-in-a-row-are-a-slash-30", "DEC-4 DEC-3 DEC-5 DEC-2", "both")
@shown_by(asks("20.0.0.1", "20.0.0.2", "20.0.0.3", "20.0.0.4", address="20.0.0.4"))
class _FourInARowAreASlash30(Vault):
    """Four single addresses in a row become a /30, whose mask rounds it down to a multiple of four."""

    def arrange(self, rules: tuple[IpRule, ...]) -> tuple[IpRule, ...]:
        rules = super().arrange(rules)
        arranged = [rule for rule in rules if rule.prefix < 32]
        waiting = sorted({rule for rule in rules if rule.prefix == 32})
        while waiting:
            row = waiting[:4]
            if len(row) == 4 and row[3].first == row[0].first + 3:
                arranged.append(self.rule_of(row[0].network & ~3, 30))
            else:
                row = row[:1]
                arranged += row
            waiting = waiting[len(row) :]
        return tuple(arranged)
