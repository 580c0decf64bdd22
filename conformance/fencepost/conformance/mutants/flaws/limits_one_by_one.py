"""Flaws in the limits where rules are added and removed one at a time."""

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.mutants.mutant import Flaws, shown_by
from fencepost.conformance.mutants.stateful import Stateful
from fencepost.conformance.mutants.values import Held, IpRule, Refused
from fencepost.conformance.mutants.vault import Vault
from fencepost.conformance.mutants.witness import (
    HERE,
    add,
    add_subnet,
    names,
    put,
    remove,
    remove_subnet,
    reset,
    singles,
)

flaw = Flaws("limits")


@flaw("adding-counts-both-lists", "LIM-5 LIM-7", "closed", needs_history=True)
@shown_by(
    lambda profile: (reset(subnets=names(1)), put(*singles(profile.max_ip_rules - 1), subnets=names(1)), add(HERE))
)
class _AddingCountsBothLists(Vault):
    """A put counts its list; adding a rule counts the rules of both kinds."""

    def check_added(self, held: Held) -> None:
        super().check_added(held)
        if len(held.ip_rules) + len(held.subnet_rules) > self.max_ip_rules(held):
            raise Refused("too many rules")


@flaw("adding-without-limit", "LIM-7 LIM-8", "open")
@shown_by(lambda profile: (put(*singles(profile.max_ip_rules)), add(HERE)))
class _AddingWithoutLimit(Vault):
    """The limit is checked only when the whole list is put."""

    def check_added(self, held: Held) -> None:
        if self.profile.checks_endpoints:
            self.check_endpoints(held)


@flaw("adding-one-too-many", "LIM-7 LIM-8", "open")
@shown_by(lambda profile: (put(*singles(profile.max_ip_rules)), add(HERE)))
class _AddingOneTooMany(Vault):
    """On adding a rule the old number is compared with <=."""

    def check_added(self, held: Held) -> None:
        super().check_added(held._replace(ip_rules=held.ip_rules[1:]))


@flaw("adding-one-too-few", "LIM-7 LIM-8", "closed")
@shown_by(lambda profile: (put(*singles(profile.max_ip_rules - 1)), add(HERE)))
class _AddingOneTooFew(Vault):
    """On adding a rule the new number is compared with <."""

    def check_added(self, held: Held) -> None:
        super().check_added(held)
        if len(held.ip_rules) >= self.max_ip_rules(held):
            raise Refused("too many rules")


@flaw("adding-subnets-without-limit", "LIM-7", "open")
@shown_by(
    lambda profile: (
        reset(subnets=names(profile.max_subnet_rules + 1)),
        put(subnets=names(profile.max_subnet_rules)),
        add_subnet(names(profile.max_subnet_rules + 1)[-1]),
    )
)
class _AddingSubnetsWithoutLimit(Vault):
    """The limit is checked when an IP rule is added; the copied code for virtual network rules lacks the check."""

    def check_added(self, held: Held) -> None:
        super().check_added(held._replace(subnet_rules=held.subnet_rules[-self.max_subnet_rules(held) :]))


class _Counting(Stateful):
    """A vault that keeps a counter of its IP rules."""

    count = 0

    def replaced(self) -> None:
        self.count = len(self.held.ip_rules)

    def add_ip_rule(self, *, value: object) -> JsonObject:
        answer = super().add_ip_rule(value=value)
        self.count += answer["accepted"] is True
        return answer

    def remove_ip_rule(self, *, value: object) -> JsonObject:
        before = len(self.held.ip_rules)
        answer = super().remove_ip_rule(value=value)
        self.count -= self.freed(before - len(self.held.ip_rules))
        return answer

    def freed(self, gone: int) -> int:
        return gone

    def max_ip_rules(self, held: Held) -> int:
        return super().max_ip_rules(held) + len(self.held.ip_rules) - self.count


@flaw("removed-rules-still-count", "LIM-8 STA-2", "closed")
@shown_by(lambda profile: (put(*singles(profile.max_ip_rules)), remove(singles(1)[0]), add(HERE)))
class _RemovedRulesStillCount(_Counting):
    """A counter of rules goes up with each added rule and never goes down."""

    def freed(self, gone: int) -> int:  # noqa: ARG002 - not asking is the flaw
        return 0


@flaw("removing-makes-room-for-two", "LIM-8", "open")
@shown_by(
    lambda profile: (put(*singles(profile.max_ip_rules)), remove(singles(1)[0]), add("52.0.0.1"), add("52.0.0.9"))
)
class _RemovingMakesRoomForTwo(_Counting):
    """A counter of rules is decremented twice on removal, once before and once after."""

    def freed(self, gone: int) -> int:
        return 2 * gone


@flaw("removing-nothing-makes-room", "LIM-8", "open", choice="remove-unknown")
@shown_by(lambda profile: (put(*singles(profile.max_ip_rules)), remove("52.0.0.1"), add(HERE)))
class _RemovingNothingMakesRoom(_Counting):
    """A counter of rules goes down with each removal, even when no rule was found."""

    def freed(self, gone: int) -> int:
        return max(gone, 1)


@flaw("refused-rules-count", "LIM-7 VAL-9 STA-2", "closed", needs_history=True)
@shown_by(lambda profile: (put(*singles(profile.max_ip_rules - 1)), add("10.0.0.1"), add(HERE)))
class _RefusedRulesCount(_Counting):
    """A counter of rules goes up before the added rule is validated."""

    def add_ip_rule(self, *, value: object) -> JsonObject:
        answer = super().add_ip_rule(value=value)
        self.count += answer["accepted"] is False
        return answer


@flaw("removal-in-other-letters-keeps-the-place", "LIM-8 LIM-7", "closed")
@shown_by(
    lambda profile: (
        reset(subnets=names(profile.max_subnet_rules + 1)),
        put(subnets=names(profile.max_subnet_rules)),
        remove_subnet(names(1)[0].upper()),
        add_subnet(names(profile.max_subnet_rules + 1)[-1]),
    )
)
class _RemovalInOtherLettersKeepsThePlace(Vault):
    """Rules are counted in a set of ids as written; a removal in other letters ends the rule and not its entry."""

    orphans = 0

    def install(self, held: Held) -> None:
        super().install(held)
        self.orphans = 0 if not held.subnet_rules else self.orphans

    def replaced(self) -> None:
        self.orphans = 0

    def without_subnet_rule(self, held: Held, subnet: str) -> Held:
        left = super().without_subnet_rule(held, subnet)
        gone = set(held.subnet_rules) - set(left.subnet_rules)
        self.orphans += sum(rule.text != subnet for rule in gone)
        return left

    def check_added(self, held: Held) -> None:
        super().check_added(held)
        is_new = len(held.subnet_rules) > len(self.held.subnet_rules)
        if is_new and len(held.subnet_rules) + self.orphans > self.max_subnet_rules(held):
            raise Refused("too many rules")


@flaw("added-rules-count-as-ranges", "LIM-7 LIM-6", "open", needs_history=True)
@shown_by(lambda profile: (put(*_in_a_row(profile.max_ip_rules)), add("52.0.0.0/24")))
class _AddedRulesCountAsRanges(Vault):
    """A single addition is counted by the ranges that remain when neighbours are joined."""

    def check_added(self, held: Held) -> None:
        firsts, last = list[IpRule](), -2
        for rule in sorted(held.ip_rules):
            if rule.first > last + 1:
                firsts.append(rule)
            last = max(last, rule.last)
        super().check_added(held._replace(ip_rules=tuple(firsts)))


def _in_a_row(count: int) -> list[str]:
    return [f"40.{place // 250}.{place % 250}.0/24" for place in range(count)]
