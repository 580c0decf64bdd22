"""Flaws in masks and in the arithmetic of 32-bit addresses."""

import struct

from fencepost.conformance.mutants.mutant import Flaws, Witness
from fencepost.conformance.mutants.values import Ask, IpRule
from fencepost.conformance.mutants.vault import Vault
from fencepost.conformance.mutants.witness import ask, call, put

flaw = Flaws("address-arithmetic")


def _asks(value: str, address: str) -> Witness:
    return lambda _: (put(value), ask(call(address)))


@flaw(
    "upper-half-is-negative",
    clause="DEC-2",
    also=("DEC-4", "DEC-5"),
    direction="closed",
    story="The caller's address is a signed 32-bit integer; from 128.0.0.0 on it is below every rule.",
    witness=_asks("150.0.0.0/24", "150.0.0.7"),
)
class _UpperHalfIsNegative(Vault):
    def read_caller(self, dotted: str) -> int:
        (signed,) = struct.unpack(">i", super().read_caller(dotted).to_bytes(4, "big"))
        return int(signed)


@flaw(
    "signed-octets",
    clause="DEC-2",
    also=("DEC-3", "DEC-4"),
    direction="both",
    story="Octets are signed bytes, as in Java; a last octet of the caller from 128 on borrows from the third.",
    witness=_asks("20.0.4.0/24", "20.0.4.200"),
)
class _SignedOctets(Vault):
    def read_caller(self, dotted: str) -> int:
        address = super().read_caller(dotted)
        return address - 256 if address & 0x80 else address


@flaw(
    "masks-of-whole-octets",
    clause="DEC-4",
    also=("DEC-3",),
    direction="open",
    story="The prefix length is divided by 8 and that many octets are compared, so /20 covers what /16 covers.",
    witness=_asks("20.4.16.0/20", "20.4.32.1"),
)
class _MasksOfWholeOctets(Vault):
    def bounds(self, network: int, prefix: int) -> tuple[int, int]:
        return super().bounds(network, prefix // 8 * 8)


@flaw(
    "masks-rounded-up-to-octets",
    clause="DEC-2",
    also=("DEC-4",),
    direction="closed",
    story="The number of octets to compare is rounded up, so /20 covers what /24 covers.",
    witness=_asks("20.4.16.0/20", "20.4.17.1"),
)
class _MasksRoundedUpToOctets(Vault):
    def bounds(self, network: int, prefix: int) -> tuple[int, int]:
        return super().bounds(network, -(-prefix // 8) * 8)


@flaw(
    "partial-octet-shifted-too-little",
    clause="DEC-2",
    also=("DEC-4",),
    direction="closed",
    story=(
        "The mask of the partial octet is shifted by 7 - prefix % 8, so a range with such an octet loses its upper "
        "half."
    ),
    witness=_asks("20.4.16.0/20", "20.4.30.1"),
)
class _PartialOctetShiftedTooLittle(Vault):
    def bounds(self, network: int, prefix: int) -> tuple[int, int]:
        return super().bounds(network, prefix + (prefix % 8 > 0))


@flaw(
    "mask-table-wrong-at-27",
    clause="DEC-4",
    also=("DEC-3",),
    direction="open",
    story="The masks stand in a table typed by hand, and the row for /27 has 192, as the row before it.",
    witness=_asks("20.0.0.32/27", "20.0.0.7"),
)
class _MaskTableWrongAt27(Vault):
    def bounds(self, network: int, prefix: int) -> tuple[int, int]:
        return super().bounds(network, 26 if prefix == 27 else prefix)


@flaw(
    "mask-table-wrong-at-13",
    clause="DEC-2",
    also=("DEC-4",),
    direction="closed",
    story="The masks stand in a table typed by hand, and the row for /13 has 252, as the row after it.",
    witness=_asks("20.8.0.0/13", "20.14.0.7"),
)
class _MaskTableWrongAt13(Vault):
    def bounds(self, network: int, prefix: int) -> tuple[int, int]:
        return super().bounds(network, 14 if prefix == 13 else prefix)


@flaw(
    "caller-in-little-endian",
    clause="DEC-2",
    also=("DEC-3", "DEC-4"),
    direction="both",
    story="The caller's address comes from the socket and its byte order is not converted; that of the rules is.",
    witness=_asks("20.0.0.0/24", "20.0.0.7"),
)
class _CallerInLittleEndian(Vault):
    def read_caller(self, dotted: str) -> int:
        return int.from_bytes(super().read_caller(dotted).to_bytes(4, "big"), "little")


@flaw(
    "middle-octets-swapped",
    clause="DEC-4",
    also=("DEC-2", "DEC-3"),
    direction="both",
    story="The bit-fields of the second and third octet are swapped, for rules and callers alike.",
    witness=_asks("20.5.0.0/16", "20.5.9.7"),
)
class _MiddleOctetsSwapped(Vault):
    def read_caller(self, dotted: str) -> int:
        return _swapped(super().read_caller(dotted))

    def bounds(self, network: int, prefix: int) -> tuple[int, int]:
        return super().bounds(_swapped(network), prefix)


def _swapped(address: int) -> int:
    return address & 0xFF0000FF | (address & 0x00FF0000) >> 8 | (address & 0x0000FF00) << 8


@flaw(
    "host-mask-for-mask",
    clause="DEC-3",
    also=("DEC-2", "DEC-4"),
    direction="both",
    story="Access lists of routers use wildcard masks; here the wildcard is and-ed where the netmask should be.",
    witness=_asks("20.5.0.0/16", "99.99.0.0"),
)
class _HostMaskForMask(Vault):
    def in_range(self, rule: IpRule, ask: Ask) -> bool:
        wildcard = 0xFFFFFFFF >> rule.prefix
        if rule.prefix == 32:
            return super().in_range(rule, ask)
        return ask.address & wildcard == rule.network & wildcard


@flaw(
    "single-precision-floats",
    clause="DEC-4",
    also=("DEC-3",),
    direction="open",
    story="Addresses pass through a column of type REAL, which keeps 24 of the 32 bits.",
    witness=_asks("20.0.0.64", "20.0.0.70"),
)
class _SinglePrecisionFloats(Vault):
    def bounds(self, network: int, prefix: int) -> tuple[int, int]:
        first, last = super().bounds(network, prefix)
        return _rounded(first), _rounded(last)

    def read_caller(self, dotted: str) -> int:
        return _rounded(super().read_caller(dotted))


def _rounded(address: int) -> int:
    (rounded,) = struct.unpack("f", struct.pack("f", address))
    return int(rounded)


@flaw(
    "small-ranges-widened-to-24",
    clause="DEC-4",
    also=("DEC-3",),
    direction="open",
    story="The router behind the vault accepts no route longer than /24, so longer prefixes are announced as /24.",
    witness=_asks("20.0.0.128/25", "20.0.0.7"),
)
class _SmallRangesWidenedTo24(Vault):
    def bounds(self, network: int, prefix: int) -> tuple[int, int]:
        return super().bounds(network, 24 if 24 < prefix < 32 else prefix)


@flaw(
    "short-prefix-counted-as-8",
    clause="DEC-2",
    also=("DEC-4",),
    direction="closed",
    story="No range larger than a class A network was expected: a prefix below 8 is raised to 8.",
    witness=_asks("40.0.0.0/6", "42.0.0.7"),
)
class _ShortPrefixCountedAs8(Vault):
    def bounds(self, network: int, prefix: int) -> tuple[int, int]:
        return super().bounds(network, max(prefix, 8))


@flaw(
    "shift-by-32",
    clause="DEC-2",
    direction="closed",
    story="The mask is ~0u << (32 - prefix); for /0 the processor shifts by 32 modulo 32, and the mask is all ones.",
    origin="envoyproxy/envoy #370: the mask of 0.0.0.0/0 in an allow list",
    choice="prefix-0",
    witness=_asks("0.0.0.0/0", "20.0.0.7"),
)
class _ShiftBy32(Vault):
    def bounds(self, network: int, prefix: int) -> tuple[int, int]:
        return super().bounds(network, prefix or 32)


@flaw(
    "callers-ending-in-255-skipped",
    clause="DEC-4",
    also=("DEC-2",),
    direction="closed",
    story="An address that ends in 255 counts as a broadcast address, whatever the size of the range around it.",
    witness=_asks("20.4.0.0/16", "20.4.9.255"),
)
class _CallersEndingIn255Skipped(Vault):
    def in_range(self, rule: IpRule, ask: Ask) -> bool:
        return ask.address & 0xFF != 0xFF and super().in_range(rule, ask)


@flaw(
    "callers-ending-in-zero-skipped",
    clause="DEC-4",
    also=("DEC-2",),
    direction="closed",
    story=(
        "An address that ends in 0 counts as a network address; it matches no range, only a rule for that address "
        "alone."
    ),
    witness=_asks("20.4.0.0/16", "20.4.9.0"),
)
class _CallersEndingInZeroSkipped(Vault):
    def in_range(self, rule: IpRule, ask: Ask) -> bool:
        return (ask.address & 0xFF != 0 or rule.prefix == 32) and super().in_range(rule, ask)


@flaw(
    "prefix-ignored",
    clause="DEC-2",
    also=("DEC-4", "DEC-5"),
    direction="closed",
    story="The text before the slash is compared for equality; the range is not implemented.",
    origin="openwrt/openwrt #13029: a range in a set counts as its first address",
    witness=_asks("20.0.0.0/24", "20.0.0.7"),
)
class _PrefixIgnored(Vault):
    def bounds(self, network: int, prefix: int) -> tuple[int, int]:  # noqa: ARG002 - ignoring it is the flaw
        return network, network


@flaw(
    "end-fills-the-last-octet-only",
    clause="DEC-2",
    also=("DEC-4",),
    direction="closed",
    story="The end of a range is computed in its last octet and never carried into the others.",
    witness=_asks("20.4.0.0/16", "20.4.1.7"),
)
class _EndFillsTheLastOctetOnly(Vault):
    def bounds(self, network: int, prefix: int) -> tuple[int, int]:
        first, last = super().bounds(network, prefix)
        return first, min(last, first | 0xFF)


@flaw(
    "seven-bits-of-the-first-octet",
    clause="DEC-3",
    also=("DEC-4",),
    direction="open",
    story="A signed byte is made positive with & 0x7F, so 148.x passes for 20.x.",
    witness=_asks("20.0.0.0/24", "148.0.0.7"),
)
class _SevenBitsOfTheFirstOctet(Vault):
    def read_caller(self, dotted: str) -> int:
        return super().read_caller(dotted) & 0x7FFFFFFF

    def bounds(self, network: int, prefix: int) -> tuple[int, int]:
        first, last = super().bounds(network, prefix)
        return first & 0x7FFFFFFF, last & 0x7FFFFFFF


@flaw(
    "seven-bits-of-a-single-address",
    clause="DEC-3",
    also=("DEC-4",),
    direction="open",
    story="Single addresses are kept in a table with 128 slots, indexed by the last octet & 0x7F.",
    witness=_asks("20.0.0.5", "20.0.0.133"),
)
class _SevenBitsOfASingleAddress(Vault):
    def in_range(self, rule: IpRule, ask: Ask) -> bool:
        if rule.prefix == 32:
            return ask.address & 0xFFFFFF7F == rule.network & 0xFFFFFF7F
        return super().in_range(rule, ask)


@flaw(
    "end-by-exclusive-or",
    clause="DEC-4",
    also=("DEC-2", "DEC-3"),
    direction="both",
    story=(
        "The end of a range is first ^ size: one address too far for an even block, before the first for an odd block."
    ),
    witness=_asks("20.0.0.64/26", "20.0.0.100"),
)
class _EndByExclusiveOr(Vault):
    def bounds(self, network: int, prefix: int) -> tuple[int, int]:
        first, last = super().bounds(network, prefix)
        return (first, first ^ (last - first + 1)) if prefix < 32 else (first, last)
