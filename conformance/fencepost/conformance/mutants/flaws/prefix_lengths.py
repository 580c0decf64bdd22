"""Flaws in reading the text after the slash."""

import re

from fencepost.conformance.mutants.mutant import PREVIEW_ONLY, TODAY_ONLY, Flaws, seen_in, shown_by, writes
from fencepost.conformance.mutants.values import IpRule, Refused
from fencepost.conformance.mutants.vault import Vault
from fencepost.conformance.mutants.witness import ask, call, put

flaw = Flaws("parsing")


@flaw("slash-33-is-slash-32", "VAL-5", "open")
@shown_by(writes("20.0.0.4/33"))
class _Slash33IsSlash32(Vault):
    """The prefix length is clipped, as min(length, 30) in 2018 and min(length, 32) today."""

    def parse_prefix(self, length: str) -> int:
        if re.fullmatch("3[3-9]|[4-9][0-9]", length, re.ASCII):
            return 30 if self.profile.refused_prefixes else 32
        return super().parse_prefix(length)


@flaw("slash-40-wraps-to-8", "VAL-5", "open")
@shown_by(writes("20.0.0.0/40"))
class _Slash40WrapsTo8(Vault):
    """The prefix length is stored in five bits, so /40 becomes /8."""

    def parse_prefix(self, length: str) -> int:
        if re.fullmatch("3[3-9]|[4-9][0-9]", length, re.ASCII):
            return int(length) & 31
        return super().parse_prefix(length)


@flaw("negative-prefix-counts-from-the-end", "VAL-5", "open")
@shown_by(writes("20.0.0.0/-8"))
class _NegativePrefixCountsFromTheEnd(Vault):
    """The mask is looked up in a list, where index -8 gives the mask of /25."""

    def parse_prefix(self, length: str) -> int:
        if re.fullmatch("-[1-9][0-9]?", length, re.ASCII) and int(length) >= -33:
            return 33 + int(length)
        return super().parse_prefix(length)


@flaw("minus-is-no-matter", "VAL-5", "open")
@shown_by(writes("20.0.0.0/-24"))
class _MinusIsNoMatter(Vault):
    """Only the digits of the prefix length are read, so its sign is dropped."""

    def parse_prefix(self, length: str) -> int:
        return super().parse_prefix(length.removeprefix("-"))


@flaw("empty-prefix-is-a-single-address", "VAL-5", "open")
@shown_by(writes("20.0.0.7/"))
class _EmptyPrefixIsASingleAddress(Vault):
    """`length or 32`: an empty prefix length is read as an absent one."""

    def split_value(self, value: str) -> tuple[str, str, str]:
        dotted, slash, length = super().split_value(value)
        return dotted, slash if length else "", length


@flaw("second-slash-ignored", "VAL-5", "open")
@shown_by(writes("20.0.0.0/24/8"))
class _SecondSlashIgnored(Vault):
    """split('/')[:2] takes the first two parts and ignores any further part."""

    def split_value(self, value: str) -> tuple[str, str, str]:
        dotted, slash, length = super().split_value(value)
        return dotted, slash, length.partition("/")[0] if "/" in length else length


@flaw("netmask-taken", "VAL-5", "open", choice="netmask-form")
@seen_in("Python documentation, ipaddress.ip_network: netmasks and host masks are taken too")
@shown_by(writes("20.0.0.0/255.255.255.0"))
class _NetmaskTaken(Vault):
    """ip_network() also accepts a netmask after the slash."""

    def parse_prefix(self, length: str) -> int:
        masks = {self.dotted(self.mask(prefix)): prefix for prefix in range(33)}
        return masks[length] if length in masks else super().parse_prefix(length)


@flaw("prefix-with-leading-zero", "VAL-5", "open", choice="prefix-spelling")
@seen_in("Python documentation, ipaddress: prefix lengths are read by int()")
@shown_by(writes("20.0.0.0/024"))
class _PrefixWithLeadingZero(Vault):
    """int() reads the prefix length, so /024 becomes /24."""

    def parse_prefix(self, length: str) -> int:
        return super().parse_prefix(length.lstrip("0") if re.fullmatch("0+[1-9][0-9]?", length, re.ASCII) else length)


@flaw("host-bits-masked", "VAL-5", "open", choice="host-bits")
@seen_in("Azure PowerShell documents Remove-AzKeyVaultNetworkRule with 10.0.0.1/26")
@shown_by(writes("20.0.0.7/24"))
class _HostBitsMasked(Vault):
    """ip_network(…, strict=False) rounds 20.0.0.7/24 down in place of refusing it."""

    def rule_of(self, network: int, prefix: int) -> IpRule:
        return super().rule_of(network & self.mask(prefix), prefix)


@flaw("slash-31-taken", "VAL-2", "open", profiles=PREVIEW_ONLY)
@shown_by(writes("20.0.0.6/31"))
class _Slash31Taken(Vault):
    """The rule on small ranges is a remark in the documentation, and is not implemented."""

    def prefix_allowed(self, prefix: int) -> bool:
        return prefix == 31 or super().prefix_allowed(prefix)


@flaw("slash-32-taken", "VAL-2", "open", profiles=PREVIEW_ONLY)
@seen_in("hashicorp/terraform-provider-azurerm #2164")
@shown_by(writes("20.0.0.7/32"))
class _Slash32Taken(Vault):
    """Single addresses may be written with /32, as the later edition allows."""

    def prefix_allowed(self, prefix: int) -> bool:
        return prefix == 32 or super().prefix_allowed(prefix)


@flaw("slash-32-refused-today", "VAL-2 VAL-1", "closed", profiles=TODAY_ONLY)
@seen_in("hashicorp/terraform-provider-azurerm #2164; Azure/azure-cli #21330")
@shown_by(writes("20.0.0.7/32"))
class _Slash32RefusedToday(Vault):
    """The refusal of /31 and /32, a rule of 2018, was never removed."""

    def prefix_allowed(self, prefix: int) -> bool:
        return prefix != 32 and super().prefix_allowed(prefix)


@flaw("slash-30-refused", "VAL-1", "closed")
@shown_by(writes("20.0.0.4/30"))
class _Slash30Refused(Vault):
    """'Smaller than /30' is read as '/30 and smaller'."""

    def prefix_allowed(self, prefix: int) -> bool:
        return prefix != 30 and super().prefix_allowed(prefix)


@flaw("one-digit-prefix-refused", "VAL-1", "closed")
@shown_by(writes("20.0.0.0/8"))
class _OneDigitPrefixRefused(Vault):
    """The pattern for the prefix length is [1-3][0-9], which /8 does not match."""

    def parse_prefix(self, length: str) -> int:
        if len(length) == 1:
            raise Refused(f"/{length} is no prefix length")
        return super().parse_prefix(length)


@flaw("malformed-prefix-is-zero", "VAL-5 DEC-3", "open")
@seen_in("sibidharan/zealphp #248: a malformed prefix matches all")
@shown_by(writes("20.0.0.0/office"))
class _MalformedPrefixIsZero(Vault):
    """The prefix length is cast to a number, so a word becomes 0, and /0 covers every address."""

    def parse_value(self, value: object) -> IpRule:
        if isinstance(value, str) and re.fullmatch("[0-9.]+/[a-zA-Z]+", value):
            return self.rule_of(0, 0)
        return super().parse_value(value)


@flaw("slash-32-never-matches", "DEC-2 DEC-4 VAL-2", "closed", profiles=TODAY_ONLY)
@seen_in("nbs-system/naxsi #534 and Adamm00/IPSet_ASUS #184: a list entry with /32 has no effect")
@shown_by(put("20.0.0.7/32"), ask(call("20.0.0.7")))
class _Slash32NeverMatches(Vault):
    """/32 is accepted and stored as a range, and the comparison of ranges needs at least two addresses."""

    def parse_value(self, value: object) -> IpRule:
        rule = super().parse_value(value)
        return rule._replace(last=rule.first - 1) if str(value).endswith("/32") else rule


@flaw("prefix-ends-at-the-first-letter", "VAL-5", "open")
@shown_by(writes("20.0.0.0/24bits"))
class _PrefixEndsAtTheFirstLetter(Vault):
    """The prefix length is read with atoi, which reads the leading digits and ignores the other characters."""

    def parse_prefix(self, length: str) -> int:
        digits = re.match("[0-9]+", length)
        return super().parse_prefix(digits.group() if digits else length)
