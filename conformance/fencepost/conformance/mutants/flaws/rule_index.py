"""Flaws in what is kept of the rules for searching them, and not followed through adds and removals."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from fencepost.conformance.mutants.mutant import TODAY_ONLY, Flaws, shown_by
from fencepost.conformance.mutants.stateful import Stateful
from fencepost.conformance.mutants.values import Ask, Held, IpRule
from fencepost.conformance.mutants.vault import Vault
from fencepost.conformance.mutants.witness import add, ask, call, put, remove, singles

flaw = Flaws("rule-list")

_LONG = 64
"""A longer list is searched by an index."""

_MOST = 15
"""The largest number of four bits."""

_WIDE, _INNER, _IN_INNER = "52.0.0.0/16", "52.0.4.0/24", "52.0.4.7"
_LOWER, _UPPER = "20.0.0.0/17", "20.0.128.0/17"


class _Indexed(Vault):
    """A vault with an index of a long list, made anew by a put; `wrong` are the rules that the index has wrong."""

    wrong: frozenset[IpRule] = frozenset()

    def check_put(self, held: Held) -> None:
        super().check_put(held)
        self.wrong = frozenset()


def _is_covered(rule: IpRule, rules: Iterable[IpRule]) -> bool:
    return any(one.prefix < rule.prefix and one.first <= rule.first <= one.last for one in rules)


@flaw("removed-inner-rule-stays-in-the-index", "STA-2 DEC-3 STA-6 LIM-8", "open", needs_history=True)
@shown_by(put(*singles(_LONG), "20.9.0.1", _WIDE, _INNER), remove(_INNER), remove(_WIDE), ask(call(_IN_INNER)))
class _RemovedInnerRuleStaysInTheIndex(_Indexed):
    """Of more than 64 rules an index is kept; removing a rule inside a wider one leaves it there."""

    def without_ip_rule(self, held: Held, rule: IpRule) -> Held:
        left = super().without_ip_rule(held, rule)
        gone = frozenset(held.ip_rules).difference(left.ip_rules)
        self.wrong = self.wrong - gone | {one for one in gone if _is_covered(one, left.ip_rules)}
        return left

    def arrange(self, rules: tuple[IpRule, ...]) -> tuple[IpRule, ...]:
        self.wrong = self.wrong if len(rules) > _LONG else frozenset()
        return (*super().arrange(rules), *self.wrong)


@flaw("added-inner-rule-is-not-indexed", "STA-2 DEC-2 STA-6 STA-7 LIM-7", "closed", needs_history=True)
@shown_by(put(*singles(_LONG), "20.9.0.1", _WIDE), add(_INNER), remove(_WIDE), ask(call(_IN_INNER)))
class _AddedInnerRuleIsNotIndexed(_Indexed):
    """Of more than 64 rules an index is kept; a rule added inside a wider one is left out as needless."""

    def with_ip_rule(self, held: Held, rule: IpRule) -> Held:
        if rule not in held.ip_rules:
            self.wrong = self.wrong | {rule} if _is_covered(rule, held.ip_rules) else self.wrong - {rule}
        return super().with_ip_rule(held, rule)

    def arrange(self, rules: tuple[IpRule, ...]) -> tuple[IpRule, ...]:
        self.wrong = self.wrong if len(rules) > _LONG else frozenset()
        return tuple(rule for rule in super().arrange(rules) if rule not in self.wrong)


@flaw("short-list-gets-the-outermost-rules", "STA-2 DEC-2 STA-7 LIM-8", "closed", needs_history=True)
@shown_by(put(*singles(_LONG - 1), _WIDE, _INNER), remove(singles(1)[0]), remove(_WIDE), ask(call(_IN_INNER)))
class _ShortListGetsTheOutermostRules(_Indexed):
    """When removals bring a list to 64, its tree is given up, and only the outermost rules go to the plain list."""

    def without_ip_rule(self, held: Held, rule: IpRule) -> Held:
        left = super().without_ip_rule(held, rule)
        if len(held.ip_rules) > _LONG >= len(left.ip_rules):
            self.wrong = frozenset(one for one in left.ip_rules if _is_covered(one, left.ip_rules))
        return left

    def with_ip_rule(self, held: Held, rule: IpRule) -> Held:
        self.wrong -= {rule}
        return super().with_ip_rule(held, rule)

    def arrange(self, rules: tuple[IpRule, ...]) -> tuple[IpRule, ...]:
        self.wrong = self.wrong if 0 < len(rules) <= _LONG else frozenset()
        return tuple(rule for rule in super().arrange(rules) if rule not in self.wrong)


def _page(rule: IpRule) -> int:
    return rule.first >> 16


@flaw("count-of-a-page-stops-at-fifteen", "STA-2 DEC-2 STA-7 LIM-8", "closed", needs_history=True)
@shown_by(
    put(*(f"20.0.{index}.0/24" for index in range(_MOST + 1))),
    *(remove(f"20.0.{index}.0/24") for index in range(_MOST)),
    ask(call(f"20.0.{_MOST}.7")),
)
class _CountOfAPageStopsAtFifteen(Vault):
    """The rules of each /16 are counted in four bits; the count stops at 15, and each removal takes one off."""

    counts: Mapping[int, int] = {}

    def check_put(self, held: Held) -> None:
        super().check_put(held)
        self.counts = {page: min(_MOST, count) for page, count in Counter(map(_page, held.ip_rules)).items()}

    def check_added(self, held: Held) -> None:
        super().check_added(held)
        for page in map(_page, held.ip_rules[len(self.held.ip_rules) :]):
            self.counts = {**self.counts, page: min(_MOST, self.counts.get(page, 0) + 1)}

    def without_ip_rule(self, held: Held, rule: IpRule) -> Held:
        left = super().without_ip_rule(held, rule)
        gone = Counter(map(_page, held.ip_rules)) - Counter(map(_page, left.ip_rules))
        self.counts = {page: max(0, count - gone[page]) for page, count in self.counts.items()}
        return left

    def arrange(self, rules: tuple[IpRule, ...]) -> tuple[IpRule, ...]:
        self.counts = self.counts if rules else {}
        return tuple(rule for rule in super().arrange(rules) if rule.prefix < 16 or self.counts.get(_page(rule)))


@flaw("full-page-stays-full", "STA-2 DEC-3 DEC-4 STA-6", "open", needs_history=True)
@shown_by(put(_LOWER, _UPPER), remove(_UPPER), ask(call("20.0.128.7")))
class _FullPageStaysFull(Vault):
    """Two halves of a /16 set its flag for full; the removal of a half does not clear the flag."""

    full: frozenset[int] = frozenset()

    def check_put(self, held: Held) -> None:
        super().check_put(held)
        self.full = _filled(held.ip_rules)

    def check_added(self, held: Held) -> None:
        super().check_added(held)
        self.full |= _filled(held.ip_rules)

    def arrange(self, rules: tuple[IpRule, ...]) -> tuple[IpRule, ...]:
        self.full &= frozenset(map(_page, rules))
        return (*super().arrange(rules), *(self.rule_of(page << 16, 16) for page in self.full))


@flaw("freed-page-is-used-as-it-was", "STA-2 DEC-3 DEC-4 STA-6", "open", needs_history=True)
@shown_by(put("20.0.0.0/12", "20.1.5.0/24"), remove("20.1.5.0/24"), add("30.0.5.0/24"), ask(call("30.0.6.9")))
class _FreedPageIsUsedAsItWas(Stateful):
    """A /16 with smaller ranges has a page; it goes back full where a wider range is left, and is taken for empty."""

    free: int = 0
    full: frozenset[int] = frozenset()
    pages: frozenset[int] = frozenset()

    def install(self, held: Held) -> None:
        super().install(held)
        before, now = self.pages, frozenset(map(_page, filter(_is_in_a_page, held.ip_rules)))
        wide = [rule for rule in held.ip_rules if not _is_in_a_page(rule)]
        self.free += sum(any(rule.first <= page << 16 <= rule.last for rule in wide) for page in before - now)
        taken = sorted(now - before)[: self.free]
        self.free -= len(taken)
        self.pages, self.full = now, self.full & now | frozenset(taken)

    def replaced(self) -> None:
        self.free, self.full = 0, frozenset()

    def address_matches(self, rules: Sequence[IpRule], ask: Ask) -> bool:
        return ask.address >> 16 in self.full or super().address_matches(rules, ask)


@flaw("rules-of-a-24-are-counted-in-a-byte", "STA-2 DEC-2 LIM-1", "closed", profiles=TODAY_ONLY)
@shown_by(put(*(f"20.1.2.{last}" for last in range(256))), ask(call("20.1.2.3")))
class _RulesOfA24AreCountedInAByte(Vault):
    """A table of /24 tells how many rules are inside each; a byte counts them, and 256 rules are none."""

    def arrange(self, rules: tuple[IpRule, ...]) -> tuple[IpRule, ...]:
        found = super().arrange(rules)
        inside = Counter(rule.first >> 8 for rule in set(found) if rule.prefix > 24)
        return tuple(rule for rule in found if rule.prefix <= 24 or inside[rule.first >> 8] % 256)


@flaw("sizes-in-a-16-are-added-up", "STA-2 DEC-3 DEC-5", "open")
@shown_by(put(_LOWER, "20.0.0.0/18", "20.0.64.0/18"), ask(call("20.0.200.7")))
class _SizesInA16AreAddedUp(Vault):
    """The ranges in a /16 fill it if their sizes come to 65,536; a range inside another is counted again."""

    def arrange(self, rules: tuple[IpRule, ...]) -> tuple[IpRule, ...]:
        found = super().arrange(rules)
        sizes = Counter[int]()
        for rule in filter(_is_in_a_page, set(found)):
            sizes[_page(rule)] += rule.last - rule.first + 1
        return (*found, *(self.rule_of(page << 16, 16) for page, size in sizes.items() if size == 1 << 16))


def _is_in_a_page(rule: IpRule) -> bool:
    return rule.prefix > 16


def _filled(rules: Iterable[IpRule]) -> frozenset[int]:
    halves = Counter(_page(rule) for rule in set(rules) if rule.prefix == 17)
    return frozenset(page for page, count in halves.items() if count == 2)
