"""Flaws at the two ends of a range: an end is excluded, or the range is an address too long."""

from fencepost.conformance.mutants.mutant import Flaws, Witness
from fencepost.conformance.mutants.vault import Vault
from fencepost.conformance.mutants.witness import ask, call, put

flaw = Flaws("address-arithmetic")


def _asks(value: str, address: str) -> Witness:
    return lambda _: (put(value), ask(call(address)))


@flaw(
    "last-address-excluded",
    clause="DEC-4",
    also=("DEC-2", "DEC-5"),
    direction="closed",
    story="A range became range(first, last), which leaves out the last address.",
    origin="elddy/NimScan #16: the last address of a range is left out",
    witness=_asks("20.0.0.0/24", "20.0.0.255"),
)
class _LastAddressExcluded(Vault):
    def bounds(self, network: int, prefix: int) -> tuple[int, int]:
        first, last = super().bounds(network, prefix)
        return first, last - (prefix < 32)


@flaw(
    "first-address-excluded",
    clause="DEC-4",
    also=("DEC-2",),
    direction="closed",
    story="The network address does not count as a host, so the comparison is first < address.",
    witness=_asks("20.0.0.0/24", "20.0.0.0"),
)
class _FirstAddressExcluded(Vault):
    def bounds(self, network: int, prefix: int) -> tuple[int, int]:
        first, last = super().bounds(network, prefix)
        return first + (prefix < 32), last


@flaw(
    "hosts-only",
    clause="DEC-4",
    also=("DEC-2", "DEC-5"),
    direction="closed",
    story="The addresses of a range were taken from ip_network(…).hosts(), which leaves out both ends of a wide range.",
    origin="rs/node-netmask #30 and indutny/node-ip #42: first and last are those of the hosts",
    witness=_asks("20.0.0.4/30", "20.0.0.7"),
)
class _HostsOnly(Vault):
    def bounds(self, network: int, prefix: int) -> tuple[int, int]:
        first, last = super().bounds(network, prefix)
        return (first + 1, last - 1) if prefix < 31 else (first, last)


@flaw(
    "broadcast-of-a-small-range-excluded",
    clause="DEC-4",
    also=("DEC-2",),
    direction="closed",
    story=(
        "Wide ranges were tested with .255 inside, so only /25 to /30 still lose the last address as a broadcast "
        "address."
    ),
    witness=_asks("20.0.0.64/27", "20.0.0.95"),
)
class _BroadcastOfASmallRangeExcluded(Vault):
    def bounds(self, network: int, prefix: int) -> tuple[int, int]:
        first, last = super().bounds(network, prefix)
        return first, last - (25 <= prefix <= 30)


@flaw(
    "one-past-the-last",
    clause="DEC-4",
    also=("DEC-3",),
    direction="open",
    story="The last address is first + size instead of first + size - 1.",
    witness=_asks("20.0.0.0/24", "20.0.1.0"),
)
class _OnePastTheLast(Vault):
    def bounds(self, network: int, prefix: int) -> tuple[int, int]:
        first, last = super().bounds(network, prefix)
        return first, last + (prefix < 32)


@flaw(
    "one-before-the-first",
    clause="DEC-4",
    also=("DEC-3",),
    direction="open",
    story="The lower bound became exclusive as first - 1, but the comparison stayed inclusive.",
    witness=_asks("20.0.1.0/24", "20.0.0.255"),
)
class _OneBeforeTheFirst(Vault):
    def bounds(self, network: int, prefix: int) -> tuple[int, int]:
        first, last = super().bounds(network, prefix)
        return first - 1, last


@flaw(
    "single-address-admits-its-successor",
    clause="DEC-4",
    also=("DEC-3",),
    direction="open",
    story="A single address is stored as the half-open interval [a, a + 1], and the query treats it as closed.",
    witness=_asks("20.0.0.8", "20.0.0.9"),
)
class _SingleAddressAdmitsItsSuccessor(Vault):
    def bounds(self, network: int, prefix: int) -> tuple[int, int]:
        first, last = super().bounds(network, prefix)
        return first, last + (prefix == 32)
