"""Flaws in what is kept of ranges beside them: their bounds, the highest ends, a log of changes, their old places."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.mutants.mutant import Flaws, shown_by
from fencepost.conformance.mutants.stateful import Stateful
from fencepost.conformance.mutants.values import Ask, Held, IpRule
from fencepost.conformance.mutants.witness import add, ask, call, put, remove, reset

flaw = Flaws("rule-list")

_FOLDED = 16
"""A log of so many changes is folded."""


class _Following(Stateful):
    """A vault that follows each change of its ranges: those that go, then those that come."""

    followed: tuple[IpRule, ...] = ()

    def install(self, held: Held) -> None:
        gone = [one for one in dict.fromkeys(self.followed) if one not in held.ip_rules]
        come = [one for one in dict.fromkeys(held.ip_rules) if one not in self.followed]
        self.followed = held.ip_rules
        self.follow(held.ip_rules, gone, come)
        super().install(held)

    def follow(self, now: Sequence[IpRule], gone: Sequence[IpRule], come: Sequence[IpRule]) -> None:
        """Take the changes in, after which these rules are in force."""


@flaw("adjacent-range-moves-the-ends-before-it", "STA-2 DEC-3 DEC-2 STA-6 STA-7", "both", needs_history=True)
@shown_by(put("20.0.0.0/24", "20.0.0.128/25"), add("20.0.1.0/24"), remove("20.0.1.0/24"), ask(call("20.0.1.7")))
class _AdjacentRangeMovesTheEndsBeforeIt(_Following):
    """Ranges are counts at their bounds; a range that begins where others end moves all ends that are there."""

    shifts: Mapping[int, int] = {}
    counts: tuple[Sequence[int], Sequence[int]] = ((), ())

    def follow(self, now: Sequence[IpRule], gone: Sequence[IpRule], come: Sequence[IpRule]) -> None:  # noqa: ARG002
        shifts = dict(self.shifts)

        def shift(at: int, change: int) -> None:
            shifts[at] = shifts.get(at, 0) + change

        for rule in gone:
            shift(rule.first, -1)
            shift(rule.last + 1, 1)
        for rule in come:
            moved = min(shifts.get(rule.first, 0), -1)
            shift(rule.first, -moved)
            shift(rule.last + 1, moved)
        self.shifts = shifts
        keys = sorted(shifts)
        self.counts = keys, list(accumulate(shifts[key] for key in keys))

    def address_matches(self, rules: Iterable[IpRule], ask: Ask) -> bool:  # noqa: ARG002 - the counts are asked instead
        keys, counts = self.counts
        place = bisect_right(keys, ask.address) - 1
        return place >= 0 and counts[place] > 0


@flaw("range-in-the-same-place-keeps-the-highest-ends", "STA-2 DEC-2 DEC-3 STA-1", "both", needs_history=True)
@shown_by(put("20.0.0.0/24", "20.9.0.0/24"), put("20.5.0.0/24", "20.9.0.0/24"), ask(call("20.5.0.7")))
class _RangeInTheSamePlaceKeepsTheHighestEnds(_Following):
    """Up to each range the highest end is kept, and kept on where one range replaces another in the same place."""

    starts: Sequence[int] = ()
    highest: Sequence[int] = ()

    def follow(self, now: Sequence[IpRule], gone: Sequence[IpRule], come: Sequence[IpRule]) -> None:
        ordered = sorted(set(now))
        starts = [rule.first for rule in ordered]
        is_exchange = len(gone) == len(come) == 1 and len(starts) == len(self.starts)
        if not is_exchange or self.starts.index(gone[0].first) != starts.index(come[0].first):
            self.highest = list(accumulate((rule.last for rule in ordered), max))
        self.starts = starts

    def address_matches(self, rules: Iterable[IpRule], ask: Ask) -> bool:  # noqa: ARG002 - the ends are asked instead
        place = bisect_right(self.starts, ask.address) - 1
        return place >= 0 and self.highest[place] >= ask.address


@flaw("balanced-log-changes-nothing", "STA-1 STA-2 DEC-2 DEC-3", "both", needs_history=True)
@shown_by(
    *(put("52.0.0.0/24", f"20.0.0.0/{length}") for length in range(8, 8 + _FOLDED)),
    ask(call("20.1.0.7")),
)
class _BalancedLogChangesNothing(_Following):
    """Changes are logged; sixteen whose first addresses add up to nothing have undone one another, and are dropped."""

    base: frozenset[IpRule] = frozenset()
    log: Sequence[tuple[bool, IpRule]] = ()

    def follow(self, now: Sequence[IpRule], gone: Sequence[IpRule], come: Sequence[IpRule]) -> None:  # noqa: ARG002
        for change in (*((False, one) for one in gone), *((True, one) for one in come)):
            self.log = (*self.log, change)
            if len(self.log) == _FOLDED:
                is_balanced = not sum(rule.first if is_added else -rule.first for is_added, rule in self.log)
                self.base, self.log = self.base if is_balanced else self.folded(), ()

    def folded(self) -> frozenset[IpRule]:
        """The ranges of the base after the changes of the log."""
        found = set(self.base)
        for is_added, rule in self.log:
            (found.add if is_added else found.discard)(rule)
        return frozenset(found)

    def arrange(self, rules: tuple[IpRule, ...]) -> tuple[IpRule, ...]:
        known = self.folded()
        return (*(rule for rule in super().arrange(rules) if rule in known), *sorted(known - set(rules)))


@flaw("rule-of-the-vault-before-goes-from-its-old-place", "STA-2 DEC-3 STA-6 STA-7", "open", needs_history=True)
@shown_by(
    put("20.0.0.0/24", "20.0.1.0/24"), reset(), put(), add("20.0.0.0/24"), remove("20.0.0.0/24"), ask(call("20.0.0.7"))
)
class _RuleOfTheVaultBeforeGoesFromItsOldPlace(Stateful):
    """The places of rules outlive the vault: a removal looks in the place of the vault before, and the rule stays."""

    left: frozenset[IpRule] = frozenset()

    def __init__(self, profile: str) -> None:
        self._before: frozenset[IpRule] = frozenset()
        super().__init__(profile)

    def reset(self, *, subnets: Sequence[JsonObject]) -> JsonObject:
        self._before = frozenset(self.held.ip_rules if "held" in vars(self) else ())
        return super().reset(subnets=subnets)

    def replaced(self) -> None:
        self.left = frozenset()

    def without_ip_rule(self, held: Held, rule: IpRule) -> Held:
        after = super().without_ip_rule(held, rule)
        self.left |= (set(held.ip_rules) - set(after.ip_rules)) & self._before
        return after

    def arrange(self, rules: tuple[IpRule, ...]) -> tuple[IpRule, ...]:
        found = super().arrange(rules)
        return (*found, *(rule for rule in self.left if rule not in found))
