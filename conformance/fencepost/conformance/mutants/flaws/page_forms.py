"""Flaws in tables that keep rules in another form: joined, counted, packed into a number, or by page above a length."""

from collections import Counter
from collections.abc import Iterable, Mapping

from fencepost.conformance.mutants.mutant import Flaws, shown_by
from fencepost.conformance.mutants.stateful import Stateful
from fencepost.conformance.mutants.values import Ask, Held, IpRule
from fencepost.conformance.mutants.vault import Vault
from fencepost.conformance.mutants.witness import add, ask, call, put, remove, singles

flaw = Flaws("rule-list")

_LONG, _SHORT = 64, 32
"""A longer list is kept by page, until it is shorter than the second number."""

_DENSE, _SPARSE = 8, 4
"""A page with more ranges has a table, until it has no more than the second number."""

_PAGE = 16
"""The prefix length of a page."""

_PAGE_SIZE, _BITS = 1 << 16, 32
_LOWER, _UPPER = "20.0.0.0/9", "20.128.0.0/9"


def _covered(address: int, rules: Iterable[IpRule]) -> bool:
    return any(rule.first <= address <= rule.last for rule in rules)


def _page(rule: IpRule) -> int:
    return rule.first >> _PAGE


def _in_pages(rules: Iterable[IpRule]) -> Mapping[int, frozenset[IpRule]]:
    """The ranges smaller than a page, by page."""
    found = dict[int, frozenset[IpRule]]()
    for rule in rules:
        if rule.prefix > _PAGE:
            found[_page(rule)] = found.get(_page(rule), frozenset()) | {rule}
    return found


class _Losing(Stateful):
    """A vault whose search misses some rules, until they are added again or a whole set is put."""

    lost: frozenset[IpRule] = frozenset()

    def replaced(self) -> None:
        self.lost = frozenset()
        self.install(self.held)

    def with_ip_rule(self, held: Held, rule: IpRule) -> Held:
        self.lost -= {rule}
        return super().with_ip_rule(held, rule)

    def arrange(self, rules: tuple[IpRule, ...]) -> tuple[IpRule, ...]:
        return tuple(rule for rule in super().arrange(rules) if rule not in self.lost)


@flaw("range-whose-ends-are-covered-stays", "STA-2 DEC-3 STA-6 STA-7", "open", needs_history=True)
@shown_by(put("20.1.0.0/16", "20.1.0.0/24", "20.1.255.0/24"), remove("20.1.0.0/16"), ask(call("20.1.7.7")))
class _RangeWhoseEndsAreCoveredStays(Vault):
    """A removal leaves the joined ranges as they are where the first and the last address are covered without it."""

    is_kept = False

    def without_ip_rule(self, held: Held, rule: IpRule) -> Held:
        left = super().without_ip_rule(held, rule)
        ends = [end for one in set(held.ip_rules) - set(left.ip_rules) for end in (one.first, one.last)]
        self.is_kept = bool(ends) and all(_covered(end, left.ip_rules) for end in ends)
        return left

    def install(self, held: Held) -> None:
        before = self.held.scan if self.is_kept else None
        super().install(held)
        self.is_kept = False
        if before is not None:
            self.held = self.held._replace(scan=before)


@flaw("both-halves-drop-what-is-inside", "STA-2 DEC-2 DEC-5 STA-6 STA-7", "closed", needs_history=True)
@shown_by(put("20.0.1.0/24", _LOWER), add(_UPPER), remove(_LOWER), ask(call("20.0.1.7")))
class _BothHalvesDropWhatIsInside(_Losing):
    """An added range that completes the halves of a /8 makes the ranges inside superfluous, and they are dropped."""

    def check_added(self, held: Held) -> None:
        super().check_added(held)
        for rule in held.ip_rules[len(self.held.ip_rules) :]:
            octet = rule.first >> 24
            inside = frozenset(one for one in held.ip_rules if one.prefix > 8 and one.first >> 24 == octet)
            halves = frozenset(one for one in inside if one.prefix == 9)
            if rule in halves and len({one.first for one in halves}) > 1:
                self.lost |= inside - halves


@flaw("half-a-page-is-kept-as-its-holes", "STA-2 DEC-2 DEC-3 STA-6 STA-7", "both", needs_history=True)
@shown_by(put("20.0.0.0/17", "20.0.200.0/24"), remove("20.0.0.0/17"), ask(call("20.0.1.7")))
class _HalfAPageIsKeptAsItsHoles(Stateful):
    """A /16 that is more than half full is kept as its holes; after a removal it is less, and still read as holes."""

    inverted: frozenset[int] = frozenset()

    def replaced(self) -> None:
        self.inverted = frozenset()

    def without_ip_rule(self, held: Held, rule: IpRule) -> Held:
        left = super().without_ip_rule(held, rule)
        before, after = _in_pages(held.ip_rules), _in_pages(left.ip_rules)
        was_more = {page for page, rules in before.items() if _size(rules) > _PAGE_SIZE // 2}
        self.inverted |= {page for page in was_more if _size(after.get(page, ())) <= _PAGE_SIZE // 2}
        return left

    def address_matches(self, rules: Iterable[IpRule], ask: Ask) -> bool:
        wide = tuple(rule for rule in rules if rule.prefix <= _PAGE)
        others = tuple(rule for rule in rules if rule.prefix > _PAGE)
        is_inverted = ask.address >> _PAGE in self.inverted
        return super().address_matches(wide, ask) or super().address_matches(others, ask) != is_inverted


def _size(rules: Iterable[IpRule]) -> int:
    """How many addresses the ranges cover, each counted once."""
    size, reached = 0, -1
    for rule in sorted(rules):
        size += max(0, rule.last - max(reached, rule.first - 1))
        reached = max(reached, rule.last)
    return size


@flaw("nested-ranges-are-counted-in-three-bits", "STA-2 DEC-5 DEC-2", "closed")
@shown_by(put(*(f"20.0.0.0/{prefix}" for prefix in range(9, 17))), ask(call("20.0.7.7")))
class _NestedRangesAreCountedInThreeBits(Vault):
    """Each octet of a caller has a slot that counts its ranges in three bits; the range as long as the octet is one."""

    def address_matches(self, rules: Iterable[IpRule], ask: Ask) -> bool:
        found = {rule for rule in rules if super(type(self), self).address_matches((rule,), ask)}
        return any(count % 8 for count in Counter((rule.prefix - 1) // 8 for rule in found).values())


@flaw("range-and-length-are-one-number", "STA-2 STA-7 DEC-2", "closed", needs_history=True)
@shown_by(put("20.1.2.0/30", "20.1.2.2"), remove("20.1.2.2"), ask(call("20.1.2.1")))
class _RangeAndLengthAreOneNumber(_Losing):
    """The low bits of a range's first address are free, and take the number of these bits: a range is one number."""

    def without_ip_rule(self, held: Held, rule: IpRule) -> Held:
        left = super().without_ip_rule(held, rule)
        if len(left.ip_rules) < len(held.ip_rules):
            self.lost |= {one for one in left.ip_rules if _packed(one) == _packed(rule)}
        return left


def _packed(rule: IpRule) -> int:
    return rule.first | (_BITS - rule.prefix)


@flaw("short-list-is-made-from-its-pages", "STA-2 DEC-2 STA-6 STA-7", "closed", needs_history=True)
@shown_by(
    put("52.0.0.0/11", *singles(_LONG)),
    *(remove(one) for one in singles(_LONG)[: _LONG - _SHORT + 2]),
    ask(call("52.1.2.3")),
)
class _ShortListIsMadeFromItsPages(_Losing):
    """A list of more than 64 is kept by /16, wider ranges apart; below 32 a list is made of what the /16 have."""

    is_long = False

    def without_ip_rule(self, held: Held, rule: IpRule) -> Held:
        left = super().without_ip_rule(held, rule)
        if self.is_long and len(left.ip_rules) < _SHORT:
            self.lost |= {one for one in left.ip_rules if one.prefix < _PAGE}
        return left

    def install(self, held: Held) -> None:
        super().install(held)
        self.is_long = len(held.ip_rules) > _LONG or (self.is_long and len(held.ip_rules) >= _SHORT)


@flaw("table-of-a-page-comes-back-as-it-was", "STA-2 DEC-3 STA-6 STA-7", "open", needs_history=True)
@shown_by(
    put(*(f"20.1.{index}.0/24" for index in range(_DENSE + 1))),
    *(remove(f"20.1.{index}.0/24") for index in range(_DENSE + 1 - _SPARSE)),
    *(add(f"20.1.{100 + index}.0/24") for index in range(_DENSE + 1 - _SPARSE)),
    ask(call(f"20.1.{_DENSE - _SPARSE}.7")),
)
class _TableOfAPageComesBackAsItWas(Stateful):
    """A /16 with more than eight ranges has a table, with at most four none; the next table is the old one, filled."""

    tables: Mapping[int, frozenset[IpRule]] = {}
    dense: frozenset[int] = frozenset()

    def replaced(self) -> None:
        self.tables, self.dense = {}, frozenset()
        self.install(self.held)

    def install(self, held: Held) -> None:
        now = _in_pages(held.ip_rules)
        for page in {*now, *self.dense}:
            ranges = now.get(page, frozenset())
            if page in self.dense and len(ranges) <= _SPARSE:
                self.dense -= {page}
            elif page in self.dense:
                self.tables = {**self.tables, page: ranges}
            elif len(ranges) > _DENSE:
                self.dense |= {page}
                self.tables = {**self.tables, page: self.tables.get(page, frozenset()) | ranges}
        super().install(held)

    def arrange(self, rules: tuple[IpRule, ...]) -> tuple[IpRule, ...]:
        found = super().arrange(rules)
        return (*found, *(rule for page in self.dense for rule in self.tables[page] if rule not in found))
