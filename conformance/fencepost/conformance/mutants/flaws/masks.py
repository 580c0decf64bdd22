"""Flaws in masks and in the arithmetic of 32-bit addresses."""

import struct

from fencepost.conformance.mutants.mutant import Flaws, asks, seen_in, shown_by
from fencepost.conformance.mutants.values import Ask, IpRule
from fencepost.conformance.mutants.vault import Vault

flaw = Flaws("address-arithmetic")


@flaw("upper-half-is-negative", "DEC-2 DEC-4 DEC-5", "closed")
@shown_by(asks("150.0.0.0/24", address="150.0.0.7"))
class _UpperHalfIsNegative(Vault):
    """The caller's address is a signed 32-bit integer; from 128.0.0.0 on it is below every rule."""

    def read_caller(self, dotted: str) -> int:
        (signed,) = struct.unpack(">i", super().read_caller(dotted).to_bytes(4, "big"))
        return int(signed)


@flaw("signed-octets", "DEC-2 DEC-3 DEC-4", "both")
@shown_by(asks("20.0.4.0/24", address="20.0.4.200"))
class _SignedOctets(Vault):
    """Octets are signed bytes, as in Java; a last octet of the caller from 128 on borrows from the third."""

    def read_caller(self, dotted: str) -> int:
        address = super().read_caller(dotted)
        return address - 256 if address & 0x80 else address


@flaw("masks-of-whole-octets", "DEC-4 DEC-3", "open")
@shown_by(asks("20.4.16.0/20", address="20.4.32.1"))
class _MasksOfWholeOctets(Vault):
    """The prefix length is divided by 8 and that many octets are compared, so /20 covers what /16 covers."""

    def bounds(self, network: int, prefix: int) -> tuple[int, int]:
        return super().bounds(network, prefix // 8 * 8)


@flaw("masks-rounded-up-to-octets", "DEC-2 DEC-4", "closed")
@shown_by(asks("20.4.16.0/20", address="20.4.17.1"))
class _MasksRoundedUpToOctets(Vault):
    """The number of octets to compare is rounded up, so /20 covers what /24 covers."""

    def bounds(self, network: int, prefix: int) -> tuple[int, int]:
        return super().bounds(network, -(-prefix // 8) * 8)


@flaw("partial-octet-shifted-too-little", "DEC-2 DEC-4", "closed")
@shown_by(asks("20.4.16.0/20", address="20.4.30.1"))
class _PartialOctetShiftedTooLittle(Vault):
    """The mask of the partial octet is shifted by 7 - prefix % 8, so a range with such an octet loses its upper
    half."""

    def bounds(self, network: int, prefix: int) -> tuple[int, int]:
        return super().bounds(network, prefix + (prefix % 8 > 0))


@flaw("mask-table-wrong-at-27", "DEC-4 DEC-3", "open")
@shown_by(asks("20.0.0.32/27", address="20.0.0.7"))
class _MaskTableWrongAt27(Vault):
    """The masks stand in a table typed by hand, and the row for /27 has 192, as the row before it."""

    def bounds(self, network: int, prefix: int) -> tuple[int, int]:
        return super().bounds(network, 26 if prefix == 27 else prefix)


@flaw("mask-table-wrong-at-13", "DEC-2 DEC-4", "closed")
@shown_by(asks("20.8.0.0/13", address="20.14.0.7"))
class _MaskTableWrongAt13(Vault):
    """The masks stand in a table typed by hand, and the row for /13 has 252, as the row after it."""

    def bounds(self, network: int, prefix: int) -> tuple[int, int]:
        return super().bounds(network, 14 if prefix == 13 else prefix)


@flaw("caller-in-little-endian", "DEC-2 DEC-3 DEC-4", "both")
@shown_by(asks("20.0.0.0/24", address="20.0.0.7"))
class _CallerInLittleEndian(Vault):
    """The caller's address comes from the socket and its byte order is not converted; that of the rules is."""

    def read_caller(self, dotted: str) -> int:
        return int.from_bytes(super().read_caller(dotted).to_bytes(4, "big"), "little")


@flaw("middle-octets-swapped", "DEC-4 DEC-2 DEC-3", "both")
@shown_by(asks("20.5.0.0/16", address="20.5.9.7"))
class _MiddleOctetsSwapped(Vault):
    """The bit-fields of the second and third octet are swapped, for rules and callers alike."""

    def read_caller(self, dotted: str) -> int:
        return _swapped(super().read_caller(dotted))

    def bounds(self, network: int, prefix: int) -> tuple[int, int]:
        return super().bounds(_swapped(network), prefix)


def _swapped(address: int) -> int:
    return address & 0xFF0000FF | (address & 0x00FF0000) >> 8 | (address & 0x0000FF00) << 8


@flaw("host-mask-for-mask", "DEC-3 DEC-2 DEC-4", "both")
@shown_by(asks("20.5.0.0/16", address="99.99.0.0"))
class _HostMaskForMask(Vault):
    """Access lists of routers use wildcard masks; here the wildcard is and-ed where the netmask should be."""

    def in_range(self, rule: IpRule, ask: Ask) -> bool:
        wildcard = 0xFFFFFFFF >> rule.prefix
        if rule.prefix == 32:
            return super().in_range(rule, ask)
        return ask.address & wildcard == rule.network & wildcard


@flaw("single-precision-floats", "DEC-4 DEC-3", "open")
@shown_by(asks("20.0.0.64", address="20.0.0.70"))
class _SinglePrecisionFloats(Vault):
    """Addresses pass through a column of type REAL, which keeps 24 of the 32 bits."""

    def bounds(self, network: int, prefix: int) -> tuple[int, int]:
        first, last = super().bounds(network, prefix)
        return _rounded(first), _rounded(last)

    def read_caller(self, dotted: str) -> int:
        return _rounded(super().read_caller(dotted))


def _rounded(address: int) -> int:
    (rounded,) = struct.unpack("f", struct.pack("f", address))
    return int(rounded)


@flaw("small-ranges-widened-to-24", "DEC-4 DEC-3", "open")
@shown_by(asks("20.0.0.128/25", address="20.0.0.7"))
class _SmallRangesWidenedTo24(Vault):
    """The router behind the vault accepts no route longer than /24, so longer prefixes are announced as /24."""

    def bounds(self, network: int, prefix: int) -> tuple[int, int]:
        return super().bounds(network, 24 if 24 < prefix < 32 else prefix)


@flaw("short-prefix-counted-as-8", "DEC-2 DEC-4", "closed")
@shown_by(asks("40.0.0.0/6", address="42.0.0.7"))
class _ShortPrefixCountedAs8(Vault):
    """No range larger than a class A network was expected: a prefix below 8 is raised to 8."""

    def bounds(self, network: int, prefix: int) -> tuple[int, int]:
        return super().bounds(network, max(prefix, 8))


@flaw("shift-by-32", "DEC-2", "closed", choice="prefix-0")
@seen_in("envoyproxy/envoy #370: the mask of 0.0.0.0/0 in an allow list")
@shown_by(asks("0.0.0.0/0", address="20.0.0.7"))
class _ShiftBy32(Vault):
    """The mask is ~0u << (32 - prefix); for /0 the processor shifts by 32 modulo 32, and the mask is all ones."""

    def bounds(self, network: int, prefix: int) -> tuple[int, int]:
        return super().bounds(network, prefix or 32)


@flaw("callers-ending-in-255-skipped", "DEC-4 DEC-2", "closed")
@shown_by(asks("20.4.0.0/16", address="20.4.9.255"))
class _CallersEndingIn255Skipped(Vault):
    """An address that ends in 255 counts as a broadcast address, whatever the size of the range around it."""

    def in_range(self, rule: IpRule, ask: Ask) -> bool:
        return ask.address & 0xFF != 0xFF and super().in_range(rule, ask)


@flaw("callers-ending-in-zero-skipped", "DEC-4 DEC-2", "closed")
@shown_by(asks("20.4.0.0/16", address="20.4.9.0"))
class _CallersEndingInZeroSkipped(Vault):
    """An address that ends in 0 counts as a network address; it matches no range, only a rule for that address
    alone."""

    def in_range(self, rule: IpRule, ask: Ask) -> bool:
        return (ask.address & 0xFF != 0 or rule.prefix == 32) and super().in_range(rule, ask)


@flaw("prefix-ignored", "DEC-2 DEC-4 DEC-5", "closed")
@seen_in("openwrt/openwrt #13029: a range in a set counts as its first address")
@shown_by(asks("20.0.0.0/24", address="20.0.0.7"))
class _PrefixIgnored(Vault):
    """The text before the slash is compared for equality; the range is not implemented."""

    def bounds(self, network: int, prefix: int) -> tuple[int, int]:  # noqa: ARG002 - ignoring it is the flaw
        return network, network


@flaw("end-fills-the-last-octet-only", "DEC-2 DEC-4", "closed")
@shown_by(asks("20.4.0.0/16", address="20.4.1.7"))
class _EndFillsTheLastOctetOnly(Vault):
    """The end of a range is computed in its last octet and never carried into the others."""

    def bounds(self, network: int, prefix: int) -> tuple[int, int]:
        first, last = super().bounds(network, prefix)
        return first, min(last, first | 0xFF)


@flaw("seven-bits-of-the-first-octet", "DEC-3 DEC-4", "open")
@shown_by(asks("20.0.0.0/24", address="148.0.0.7"))
class _SevenBitsOfTheFirstOctet(Vault):
    """A signed byte is made positive with & 0x7F, so 148.x passes for 20.x."""

    def read_caller(self, dotted: str) -> int:
        return super().read_caller(dotted) & 0x7FFFFFFF

    def bounds(self, network: int, prefix: int) -> tuple[int, int]:
        first, last = super().bounds(network, prefix)
        return first & 0x7FFFFFFF, last & 0x7FFFFFFF


@flaw("seven-bits-of-a-single-address", "DEC-3 DEC-4", "open")
@shown_by(asks("20.0.0.5", address="20.0.0.133"))
class _SevenBitsOfASingleAddress(Vault):
    """Single addresses are kept in a table with 128 slots, indexed by the last octet & 0x7F."""

    def in_range(self, rule: IpRule, ask: Ask) -> bool:
        if rule.prefix == 32:
            return ask.address & 0xFFFFFF7F == rule.network & 0xFFFFFF7F
        return super().in_range(rule, ask)


@flaw("end-by-exclusive-or", "DEC-4 DEC-2 DEC-3", "both")
@shown_by(asks("20.0.0.64/26", address="20.0.0.100"))
class _EndByExclusiveOr(Vault):
    """The end of a range is first ^ size: one address too far for an even block, before the first for an odd block."""

    def bounds(self, network: int, prefix: int) -> tuple[int, int]:
        first, last = super().bounds(network, prefix)
        return (first, first ^ (last - first + 1)) if prefix < 32 else (first, last)
