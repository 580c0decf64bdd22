"""Flaws that refuse public addresses because they resemble other ones."""

from fencepost.conformance.mutants.mutant import Flaws, shown_by, writes
from fencepost.conformance.mutants.values import IpRule
from fencepost.conformance.mutants.vault import Vault

flaw = Flaws("validation")


@flaw("private-172-by-one-bit", "VAL-1 VAL-3", "closed")
@shown_by(writes("172.48.0.1"))
class _Private172ByOneBit(Vault):
    """`octet & 16` is true from 16 to 31, and also from 48, 80 and 112 on."""

    def is_private(self, rule: IpRule) -> bool:
        has_the_bit = rule.prefix >= 12 and rule.network >> 24 == 172 and rule.network >> 16 & 16 != 0
        return has_the_bit or super().is_private(rule)


@flaw("all-of-169-refused", "VAL-1", "closed")
@shown_by(writes("169.1.0.0/16"))
class _AllOf169Refused(Vault):
    """The link-local block 169.254.0.0/16 is recognised by its first octet alone."""

    def is_private(self, rule: IpRule) -> bool:
        return (rule.prefix >= 8 and rule.network >> 24 == 169) or super().is_private(rule)


@flaw("all-of-198-51-refused", "VAL-1", "closed")
@shown_by(writes("198.51.0.0/24"))
class _AllOf19851Refused(Vault):
    """The documentation block 198.51.100.0/24 is recognised by its first two octets."""

    def is_private(self, rule: IpRule) -> bool:
        return (rule.prefix >= 16 and rule.network >> 16 == 198 << 8 | 51) or super().is_private(rule)
