"""Indexes by slots, by pages, and with a summary. `fault` names what one does wrong; without a fault it is right."""

from collections import Counter
from collections.abc import Iterator
from ipaddress import IPv4Network

from index_structures import Index


class Slots(Index):
    """A range is expanded over the slots of its octet; each slot counts the ranges that fill it."""

    def __init__(self, fault: str = "") -> None:
        super().__init__(fault)
        self.counts: Counter[tuple[int, int]] = Counter()

    def _slots(self, rule: IPv4Network) -> Iterator[tuple[int, int]]:
        octets = max(1, (rule.prefixlen + 7) // 8)
        start = int(rule.network_address) >> 32 - 8 * octets
        yield from ((octets, slot) for slot in range(start, start + (1 << 8 * octets - rule.prefixlen)))

    def _change(self, rule: IPv4Network, by: int) -> None:
        for slot in self._slots(rule):
            self.counts[slot] = max(0, self.counts[slot] + by)
            if self.fault == "count stops at three":
                self.counts[slot] = min(self.counts[slot], 3)

    def add(self, rule: IPv4Network) -> None:
        self._change(rule, 1)

    def remove(self, rule: IPv4Network) -> None:
        self._change(rule, -1)

    def covers(self, address: int) -> bool:
        return any(self.counts[octets, address >> 32 - 8 * octets] for octets in range(1, 5))


class Pages(Index):
    """The ranges of each /16, which are brought into a table of 64 pages when the page is asked for."""

    def __init__(self, fault: str = "") -> None:
        super().__init__(fault)
        self.table: dict[int, list[IPv4Network]] = {}
        self.evicted: set[int] = set()

    def _pages(self, rule: IPv4Network) -> range:
        return range(int(rule.network_address) >> 16, (int(rule.broadcast_address) >> 16) + 1)

    def _page(self, number: int) -> list[IPv4Network]:
        if number not in self.table:
            self._keep(number, [one for one in self.held if number in self._pages(one)])
        return self.table[number]

    def _keep(self, number: int, rules: list[IPv4Network]) -> None:
        self.table[number] = rules
        while len(self.table) > 64:
            self.evicted.add(oldest := next(iter(self.table)))
            del self.table[oldest]

    def add(self, rule: IPv4Network) -> None:
        super().add(rule)
        number = int(rule.network_address) >> 16
        is_evicted = rule.prefixlen > 16 and number in self.evicted and number not in self.table
        if self.fault == "evicted page begins anew" and is_evicted:
            self._keep(number, [rule])
        else:
            self._forget(rule)

    def remove(self, rule: IPv4Network) -> None:
        super().remove(rule)
        self._forget(rule)

    def _forget(self, rule: IPv4Network) -> None:
        for number in [one for one in self.table if one in self._pages(rule)]:
            del self.table[number]

    def covers(self, address: int) -> bool:
        return any(
            int(one.network_address) <= address <= int(one.broadcast_address) for one in self._page(address >> 16)
        )


class Summary(Index):
    """The ranges, and the first octets that are covered as a whole: drawn anew when a range of them comes or goes."""

    def __init__(self, fault: str = "") -> None:
        super().__init__(fault)
        self.octets: frozenset[int] | None = frozenset()

    def renewed(self) -> Index:
        found = Summary(self.fault)
        if self.fault == "summary outlives the vault":
            found.octets = self.octets
        return found

    def add(self, rule: IPv4Network) -> None:
        super().add(rule)
        self._changed(rule)

    def remove(self, rule: IPv4Network) -> None:
        super().remove(rule)
        self._changed(rule)

    def _changed(self, rule: IPv4Network) -> None:
        if rule.prefixlen <= 8:
            self.octets = None

    def covers(self, address: int) -> bool:
        if self.octets is None:
            whole = [one for one in self.held if one.prefixlen <= 8]
            spans = [(int(one.network_address) >> 24, int(one.broadcast_address) >> 24) for one in whole]
            self.octets = frozenset(octet for first, last in spans for octet in range(first, last + 1))
        return address >> 24 in self.octets or super().covers(address)
