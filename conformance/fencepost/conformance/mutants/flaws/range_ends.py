"""Flaws at the two ends of a range: an end is excluded, or the range is an address too long."""

from fencepost.conformance.mutants.mutant import Flaws, asks, seen_in, shown_by
from fencepost.conformance.mutants.vault import Vault

flaw = Flaws("address-arithmetic")

_LAST = 2**32 - 1


@flaw("last-address-excluded", "DEC-4 DEC-2 DEC-5", "closed")
@seen_in("elddy/NimScan #16: the last address of a range is left out")
@shown_by(asks("20.0.0.0/24", address="20.0.0.255"))
class _LastAddressExcluded(Vault):
    """A range became range(first, last), which leaves out the last address."""

    def bounds(self, network: int, prefix: int) -> tuple[int, int]:
        first, last = super().bounds(network, prefix)
        return first, last - (prefix < 32)


@flaw("first-address-excluded", "DEC-4 DEC-2", "closed")
@shown_by(asks("20.0.0.0/24", address="20.0.0.0"))
class _FirstAddressExcluded(Vault):
    """The network address does not count as a host, so the comparison is first < address."""

    def bounds(self, network: int, prefix: int) -> tuple[int, int]:
        first, last = super().bounds(network, prefix)
        return first + (prefix < 32), last


@flaw("hosts-only", "DEC-4 DEC-2 DEC-5", "closed")
@seen_in("rs/node-netmask #30 and indutny/node-ip #42: first and last are those of the hosts")
@shown_by(asks("20.0.0.4/30", address="20.0.0.7"))
class _HostsOnly(Vault):
    """The addresses of a range were taken from ip_network(…).hosts(), which leaves out both ends of a wide range."""

    def bounds(self, network: int, prefix: int) -> tuple[int, int]:
        first, last = super().bounds(network, prefix)
        return (first + 1, last - 1) if prefix < 31 else (first, last)


@flaw("broadcast-of-a-small-range-excluded", "DEC-4 DEC-2", "closed")
@shown_by(asks("20.0.0.64/27", address="20.0.0.95"))
class _BroadcastOfASmallRangeExcluded(Vault):
    """Wide ranges were tested with .255 inside, so only /25 to /30 still lose the last address as a broadcast
    address."""

    def bounds(self, network: int, prefix: int) -> tuple[int, int]:
        first, last = super().bounds(network, prefix)
        return first, last - (25 <= prefix <= 30)


@flaw("one-past-the-last", "DEC-4 DEC-3", "open")
@shown_by(asks("20.0.0.0/24", address="20.0.1.0"))
class _OnePastTheLast(Vault):
    """The last address is first + size instead of first + size - 1."""

    def bounds(self, network: int, prefix: int) -> tuple[int, int]:
        first, last = super().bounds(network, prefix)
        return first, last + (prefix < 32)


@flaw("one-before-the-first", "DEC-4 DEC-3", "open")
@shown_by(asks("20.0.1.0/24", address="20.0.0.255"))
class _OneBeforeTheFirst(Vault):
    """The lower bound became exclusive as first - 1, but the comparison stayed inclusive."""

    def bounds(self, network: int, prefix: int) -> tuple[int, int]:
        first, last = super().bounds(network, prefix)
        return first - 1, last


@flaw("single-address-admits-its-successor", "DEC-4 DEC-3", "open")
@shown_by(asks("20.0.0.8", address="20.0.0.9"))
class _SingleAddressAdmitsItsSuccessor(Vault):
    """A single address is stored as the half-open interval [a, a + 1], and the query treats it as closed."""

    def bounds(self, network: int, prefix: int) -> tuple[int, int]:
        first, last = super().bounds(network, prefix)
        return first, last + (prefix == 32)


@flaw("end-at-the-last-address-is-closed", "DEC-2 DEC-4 DEC-3", "open")
@seen_in("krisprice/ipnet #71: the last address of all is no half-open end")
@shown_by(asks("255.255.255.254", address="255.255.255.255"))
class _EndAtTheLastAddressIsClosed(Vault):
    """A half-open end at the last address of all, behind which there is none, is taken for a closed end."""

    def bounds(self, network: int, prefix: int) -> tuple[int, int]:
        first, last = super().bounds(network, prefix)
        return first, last + (last == _LAST - 1)
