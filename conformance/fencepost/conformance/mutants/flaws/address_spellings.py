"""Flaws in reading an address: spellings that parsers accept, and the address that they read there."""

import re

from fencepost.conformance.mutants.mutant import Flaws, seen_in, shown_by, writes
from fencepost.conformance.mutants.values import IpRule, Refused
from fencepost.conformance.mutants.vault import Vault
from fencepost.conformance.mutants.witness import add

flaw = Flaws("parsing")


@flaw("octets-wrap-at-256", "VAL-5", "open")
@shown_by(writes("276.0.0.1"))
class _OctetsWrapAt256(Vault):
    """Octets are packed into bytes, so 276 becomes 20."""

    def parse_octet(self, octet: str) -> int:
        if octet.isascii() and octet.isdigit() and len(octet) == 3:
            return int(octet) & 0xFF
        return super().parse_octet(octet)


@flaw("octets-up-to-256", "VAL-5", "open")
@shown_by(writes("20.0.0.256"))
class _OctetsUpTo256(Vault):
    """The check is octet <= 256; 256 then carries into the octet before it."""

    def parse_octet(self, octet: str) -> int:
        return 255 if octet == "256" else super().parse_octet(octet)


@flaw("last-octet-unchecked", "VAL-5", "open")
@seen_in("hashicorp/terraform-provider-azurerm, helpers/validate/network.go: octets to 999 pass the CIDR pattern")
@shown_by(writes("20.0.0.300"))
class _LastOctetUnchecked(Vault):
    r"""The pattern bounds three octets and has \d{1,3} for the fourth."""

    def split_address(self, dotted: str) -> list[str]:
        octets = super().split_address(dotted)
        if len(octets) == 4 and re.fullmatch("[3-9][0-9]{2}", octets[3], re.ASCII):
            octets[3] = "255"
        return octets


@flaw("hex-octets", "VAL-5", "open")
@seen_in("CVE-2023-42282: the npm package ip and addresses in hexadecimal")
@shown_by(writes("0x14.0.0.1"))
class _HexOctets(Vault):
    """Octets are read with int(text, 0), which reads 0x14 as 20."""

    def parse_octet(self, octet: str) -> int:
        if re.fullmatch("0[xX][0-9a-fA-F]{1,2}", octet):
            return int(octet, 16)
        return super().parse_octet(octet)


@flaw("short-forms-filled-with-zeros", "VAL-5", "open")
@seen_in("inet_aton(3): one to three parts are taken too")
@shown_by(writes("20.0.7"))
class _ShortFormsFilledWithZeros(Vault):
    """The parser is inet_aton, which reads 20.0.7 as 20.0.0.7."""

    def split_address(self, dotted: str) -> list[str]:
        octets = super().split_address(dotted)
        return [*octets[:-1], *["0"] * (4 - len(octets)), octets[-1]] if 1 < len(octets) < 4 else octets


@flaw("missing-octets-before-the-prefix", "VAL-5", "open")
@shown_by(writes("20.4/16"))
class _MissingOctetsBeforeThePrefix(Vault):
    """The parser fills missing octets with zeros, since routers write 20.4/16 for 20.4.0.0/16."""

    def split_value(self, value: str) -> tuple[str, str, str]:
        dotted, slash, length = super().split_value(value)
        return dotted + ".0" * (3 - dotted.count(".")) if slash and dotted else dotted, slash, length


@flaw("address-as-one-number", "VAL-5", "open")
@seen_in("inet_aton(3): one part is the whole address")
@shown_by(writes("335544327"))
class _AddressAsOneNumber(Vault):
    """Text of digits alone is read as the 32-bit number of an address."""

    def parse_address(self, dotted: str) -> int:
        if re.fullmatch("[1-9][0-9]{4,8}", dotted, re.ASCII):
            return int(dotted)
        return super().parse_address(dotted)


@flaw("json-number-taken", "VAL-5", "open")
@seen_in("Python documentation, ipaddress.ip_address: integers are taken too")
@shown_by(writes(335544327))
class _JsonNumberTaken(Vault):
    """ip_address() also takes integers, and the type of the JSON value is not checked."""

    def parse_value(self, value: object) -> IpRule:
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**32:
            return super().parse_value(self.dotted(value))
        return super().parse_value(value)


@flaw("trailing-words-ignored", "VAL-5", "open")
@seen_in("CVE-2016-10739: glibc takes an address followed by white space and anything")
@shown_by(writes("20.0.0.7 my office"))
class _TrailingWordsIgnored(Vault):
    """The pattern is anchored at the beginning only, so text after the address is not checked."""

    def split_value(self, value: str) -> tuple[str, str, str]:
        return super().split_value(re.sub("(?<=[0-9]) *[A-Za-z].*", "", value, flags=re.DOTALL))


@flaw("port-ignored", "VAL-5", "open")
@shown_by(writes("20.0.0.7:443"))
class _PortIgnored(Vault):
    """The address is read by a parser of peer addresses, which cuts off the port."""

    def split_value(self, value: str) -> tuple[str, str, str]:
        return super().split_value(re.sub(r"^([0-9.]+):[0-9]+$", r"\1", value))


@flaw("newline-at-the-end", "VAL-5", "open", choice="surrounding-blanks")
@seen_in("Python documentation, re: $ matches before the newline at the end")
@shown_by(writes("20.0.0.7\n"))
class _NewlineAtTheEnd(Vault):
    """The pattern ends in $, which also matches before a final newline."""

    def split_value(self, value: str) -> tuple[str, str, str]:
        return super().split_value(value.removesuffix("\n"))


@flaw("digits-of-other-scripts", "VAL-5", "open")
@seen_in("Python documentation, int(): any Unicode decimal digit")
@shown_by(writes("٢٠.0.0.7"))
class _DigitsOfOtherScripts(Vault):
    """str.isdigit() and int() know the digits of every script: ٢٠.0.0.7 is an address."""

    def parse_octet(self, octet: str) -> int:
        return super().parse_octet(str(int(octet)) if octet.isdecimal() and not octet.isascii() else octet)


@flaw("nul-ends-the-text", "VAL-5", "open")
@seen_in("CVE-2013-4238: NUL in names handed to C")
@shown_by(writes("20.0.0.7\0.contoso.com"))
class _NulEndsTheText(Vault):
    """The value goes to a C parser, which ends the text at the first NUL."""

    def split_value(self, value: str) -> tuple[str, str, str]:
        return super().split_value(value.partition("\0")[0])


@flaw("dash-range-taken", "VAL-5", "open")
@seen_in("Azure SQL firewall rules: startIpAddress and endIpAddress")
@shown_by(writes("20.0.0.7-20.0.0.9"))
class _DashRangeTaken(Vault):
    """A sibling service has ranges written as two addresses with a dash; here the second address is dropped."""

    def split_value(self, value: str) -> tuple[str, str, str]:
        return super().split_value(re.sub(r"^([0-9.]+)\s?-\s?[0-9.]+$", r"\1", value))


@flaw("fifth-octet-ignored", "VAL-5", "open")
@shown_by(writes("20.0.0.7.9"))
class _FifthOctetIgnored(Vault):
    """The loop reads four octets and does not check that the text ends there."""

    def split_address(self, dotted: str) -> list[str]:
        return super().split_address(dotted)[:4]


@flaw("empty-octet-is-zero", "VAL-5", "open")
@shown_by(writes("20..0.7"))
class _EmptyOctetIsZero(Vault):
    """`int(octet or 0)` was meant for a dot at the end, and reads every empty octet as 0."""

    def parse_octet(self, octet: str) -> int:
        return super().parse_octet(octet or "0")


@flaw("empty-text-is-everything", "VAL-5", "open")
@shown_by(writes(""))
class _EmptyTextIsEverything(Vault):
    """An empty value is accepted and read as no restriction."""

    def parse_value(self, value: object) -> IpRule:
        return self.rule_of(0, 0) if value == "" else super().parse_value(value)


@flaw("list-in-one-value", "VAL-5", "open")
@shown_by(writes("20.0.0.7,20.0.0.9"))
class _ListInOneValue(Vault):
    """The form takes several addresses with commas; of such a value the first address is kept."""

    def split_value(self, value: str) -> tuple[str, str, str]:
        return super().split_value(value.partition(",")[0])


@flaw("mapped-ipv6-taken", "VAL-4", "open")
@shown_by(writes("::ffff:20.0.0.7"))
class _MappedIpv6Taken(Vault):
    """Dual-stack sockets show ::ffff:20.0.0.7, so the parser reads the last part of any IPv6 address of that shape."""

    def split_value(self, value: str) -> tuple[str, str, str]:
        return super().split_value(value.removeprefix("::ffff:"))


@flaw("leading-zeros-are-decimal", "VAL-5", "open", choice="leading-zeros")
@seen_in("CVE-2021-29921: Python's ipaddress took leading zeros as decimal")
@shown_by(writes("020.0.0.7"))
class _LeadingZerosAreDecimal(Vault):
    """int('020') reads 20, where other parsers read the same text as the octal number 16."""

    def parse_octet(self, octet: str) -> int:
        return super().parse_octet(octet.lstrip("0") or "0" if octet.isascii() and octet.isdigit() else octet)


@flaw("leading-zeros-are-octal", "VAL-5", "open", choice="leading-zeros")
@seen_in("inet_aton(3); CVE-2021-28918 tells the confusion from the other side")
@shown_by(writes("020.0.0.7"))
class _LeadingZerosAreOctal(Vault):
    """The parser is inet_aton, which reads 020 as the octal number 16."""

    def parse_octet(self, octet: str) -> int:
        return int(octet, 8) if re.fullmatch("0[0-7]{1,2}", octet) else super().parse_octet(octet)


@flaw("rules-added-one-by-one-unparsed", "VAL-5 VAL-3 VAL-4", "open")
@shown_by(add("office"))
class _RulesAddedOneByOneUnparsed(Vault):
    """Values are validated when the whole list is put; the later call that adds one rule stores them unchecked."""

    def add_ip_rule(self, *, value: object) -> dict[str, object]:
        answer = dict(super().add_ip_rule(value=value))
        return answer if answer["accepted"] or self._is_rule(value) else {"accepted": True}

    def _is_rule(self, value: object) -> bool:
        try:
            self.parse_value(value)
        except Refused:
            return False
        return True


@flaw("octets-end-at-the-first-letter", "VAL-5 VAL-4", "open")
@shown_by(writes("20.0x.0.7"))
class _OctetsEndAtTheFirstLetter(Vault):
    """Each octet is read with strtol, which stops at the first other character; the remainder is not checked."""

    def parse_octet(self, octet: str) -> int:
        digits = re.match("[0-9]+", octet)
        return super().parse_octet(digits.group() if digits else octet)


@flaw("octets-may-have-a-plus", "VAL-5", "open")
@shown_by(writes("20.0.+0.7"))
class _OctetsMayHaveAPlus(Vault):
    """int() reads +7 as 7."""

    def parse_octet(self, octet: str) -> int:
        return super().parse_octet(octet.removeprefix("+"))
