"""Flaws in what a vault keeps beside its rules: tables, counts, updates that wait, and texts to compare."""

from collections.abc import Sequence
from typing import Any

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.mutants.mutant import TODAY_ONLY, Flaws, seen_in, shown_by
from fencepost.conformance.mutants.stateful import Stateful
from fencepost.conformance.mutants.values import Ask, Held, IpRule, Refused, SubnetRule
from fencepost.conformance.mutants.vault import Vault
from fencepost.conformance.mutants.witness import (
    APP,
    DATABASE,
    HERE,
    INSIDE,
    add,
    ask,
    call,
    put,
    remove,
    reset,
    singles,
    update,
)

flaw = Flaws("state")

_WIDE = "20.0.0.0/8"
_COMPACTED, _WRAPS, _MARKS, _PAGE = 64, 256, 16, 24


@flaw("put-takes-out-the-old-spelling", "STA-1 STA-2", "closed", profiles=TODAY_ONLY)
@shown_by(put(HERE), put(f"{HERE}/32"), ask(call()))
class _PutTakesOutTheOldSpelling(Vault):
    """A put adds the texts that are new and then removes those that are gone: of two texts of one rule, the rule."""

    def parse_value(self, value: object) -> IpRule:
        return super().parse_value(value)._replace(text=str(value))

    def install(self, held: Held) -> None:
        before = getattr(self, "held", Held()).ip_rules
        super().install(held)
        texts = {rule.text for rule in held.ip_rules}
        gone = {(rule.network, rule.prefix) for rule in before if rule.text not in texts}
        kept = (rule for rule in self.held.scan if (rule.network, rule.prefix) not in gone)
        self.held = self.held._replace(scan=tuple(kept))


@flaw("put-takes-out-the-old-letters", "STA-1 DEC-8 STA-5", "closed")
@seen_in("hashicorp/terraform-provider-azurerm #535: ids that differ in letters alone are taken for a change")
@shown_by(put(subnets=[APP]), put(subnets=[APP.upper()]), ask(call(INSIDE, subnet=APP)))
class _PutTakesOutTheOldLetters(Vault):
    """A put adds the ids that are new and then removes those that are gone: of two spellings of one id, the rule."""

    def put_rules(self, *, network_acls: JsonObject) -> JsonObject:
        before = self.held.subnet_rules
        answer = super().put_rules(network_acls=network_acls)
        if answer["accepted"]:
            texts = {rule.text for rule in self.held.subnet_rules}
            gone = {rule.id for rule in before if rule.text not in texts}
            kept = (rule for rule in self.held.subnet_rules if rule.id not in gone)
            self.held = self.held._replace(subnet_rules=tuple(kept))
        return answer


@flaw("put-of-other-subnets-alone-changes-nothing", "STA-1 DEC-6 DEC-7 STA-5", "both")
@shown_by(put(HERE, subnets=[APP]), put(HERE, subnets=[DATABASE]), ask(call(INSIDE, subnet=APP)))
class _PutOfOtherSubnetsAloneChangesNothing(Vault):
    """A put counts as no change if its switches, its IP rules and the number of its subnets are those in force."""

    def put_rules(self, *, network_acls: JsonObject) -> JsonObject:
        before = self.held
        answer = super().put_rules(network_acls=network_acls)
        if before.ip_rules and self._looks(self.held) == self._looks(before):
            self.held = before
        return answer

    def _looks(self, held: Held) -> object:
        return held._replace(subnet_rules=(), scan=()), len(held.subnet_rules)


@flaw("last-row-of-the-spare-table-stays", "STA-1 STA-2 DEC-3 DEC-7", "open")
@shown_by(put(HERE, "52.0.0.7"), put("53.0.0.7"), put("54.0.0.7"), ask(call("52.0.0.7")))
class _LastRowOfTheSpareTableStays(Stateful):
    """Two tables take turns; where the new rules are one fewer than those of two puts ago, the last row stays."""

    tables: tuple[tuple[IpRule, ...], ...] = ((), ())

    def replaced(self) -> None:
        spare, active = self.tables
        self.tables = (active, self.held.ip_rules)
        if len(spare) == len(self.held.ip_rules) + 1:
            self.held = self.held._replace(scan=(*self.held.scan, spare[-1]))


@flaw("waiting-update-replaces-the-one-before", "STA-3 STA-2 STA-4", "both", needs_history=True)
@shown_by(put(HERE, default="Allow"), update(default="Deny"), update(bypass="AzureServices"), ask(call("52.0.0.7")))
class _WaitingUpdateReplacesTheOneBefore(Vault):
    """Updates take effect when something is asked; of two that wait, the second replaces the first."""

    settled: Held | None = None

    def update_rules(self, **switches: Any) -> JsonObject:
        now = self.held
        if self.settled is not None:
            self.held = self.settled
        answer = super().update_rules(**switches)
        if answer["accepted"]:
            self.settled = self.settled or now
        else:
            self.held = now
        return answer

    def install(self, held: Held) -> None:
        self.settled = None
        super().install(held)

    def decide(self, *, requests: Sequence[JsonObject]) -> JsonObject:
        self.settled = None
        return super().decide(requests=requests)

    def get_rules(self) -> JsonObject:
        self.settled = None
        return super().get_rules()


@flaw("long-list-is-compacted-for-good", "STA-2 STA-6 STA-7", "closed", needs_history=True)
@shown_by(put(*singles(_COMPACTED + 1), _WIDE), remove(_WIDE), ask(call("20.1.0.1")))
class _LongListIsCompactedForGood(Vault):
    """A put of a long list leaves out what another rule holds; it is missing once that other rule is removed."""

    compacted: frozenset[IpRule] = frozenset()

    def put_rules(self, *, network_acls: JsonObject) -> JsonObject:
        self.compacted = frozenset()
        answer = super().put_rules(network_acls=network_acls)
        if len(self.held.ip_rules) > _COMPACTED:
            wide = [rule for rule in self.held.ip_rules if rule.prefix < 20]
            inside = (one for one in self.held.ip_rules for rule in wide if _is_inside(one, rule))
            self.compacted = frozenset(inside)
        return answer

    def arrange(self, rules: tuple[IpRule, ...]) -> tuple[IpRule, ...]:
        return tuple(rule for rule in super().arrange(rules) if rule not in self.compacted)


def _is_inside(inner: IpRule, outer: IpRule) -> bool:
    return inner.prefix > outer.prefix and outer.first <= inner.first <= outer.last


@flaw("count-of-rules-outlives-the-vault", "STA-2 LIM-7", "closed", needs_history=True)
@shown_by(lambda profile: (reset(), put(*singles(profile.max_ip_rules)), reset(), add(HERE)))
class _CountOfRulesOutlivesTheVault(Vault):
    """The number of IP rules is counted beside them; a new vault begins with the number of the vault before."""

    counted = 0

    def reset(self, *, subnets: Sequence[JsonObject]) -> JsonObject:
        counted = self.counted
        answer = super().reset(subnets=subnets)
        self.counted = counted
        return answer

    def install(self, held: Held) -> None:
        super().install(held)
        self.counted = len(held.ip_rules)

    def with_ip_rule(self, held: Held, rule: IpRule) -> Held:
        if self.counted >= self.max_ip_rules(held):
            raise Refused("too many IP rules")
        return super().with_ip_rule(held, rule)


@flaw("count-of-rules-has-eight-bits", "STA-2 STA-6 STA-7", "closed", needs_history=True, profiles=TODAY_ONLY)
@shown_by(put(HERE, *singles(_WRAPS)), remove("20.1.0.1"), ask(call()))
class _CountOfRulesHasEightBits(Vault):
    """A removal that leaves no rule frees the table; the count of rules has eight bits, so 256 of them are none."""

    def without_ip_rule(self, held: Held, rule: IpRule) -> Held:
        left = super().without_ip_rule(held, rule)
        self.is_freed = len(left.ip_rules) % _WRAPS == 0
        return left

    def install(self, held: Held) -> None:
        super().install(held)
        if getattr(self, "is_freed", False):
            self.held = self.held._replace(scan=())
        self.is_freed = False


@flaw("sixteenth-removal-is-undone", "STA-2 STA-1 STA-6 LIM-8", "open", needs_history=True)
@shown_by(put(*singles(_MARKS + 1)), *(remove(one) for one in singles(_MARKS)), ask(call(singles(_MARKS)[-1])))
class _SixteenthRemovalIsUndone(Stateful):
    """Removed rows are marked; at sixteen marks the table is written anew, without the mark that is being made."""

    removals = 0
    lingering: tuple[IpRule, ...] = ()

    def put_rules(self, *, network_acls: JsonObject) -> JsonObject:
        before = (self.removals, self.lingering)
        self.removals, self.lingering = 0, ()
        answer = super().put_rules(network_acls=network_acls)
        if not answer["accepted"]:
            self.removals, self.lingering = before
        return answer

    def without_ip_rule(self, held: Held, rule: IpRule) -> Held:
        left = super().without_ip_rule(held, rule)
        if len(left.ip_rules) < len(held.ip_rules):
            self.removals += 1
            self.lingering = (*self.lingering, rule) if self.removals % _MARKS == 0 else self.lingering
        return left

    def arrange(self, rules: tuple[IpRule, ...]) -> tuple[IpRule, ...]:
        return (*super().arrange(rules), *self.lingering)


@flaw("removal-clears-the-bits-of-a-page", "STA-7 STA-2 STA-6", "closed", needs_history=True)
@shown_by(put("20.1.2.0/26", "20.1.2.16/28"), remove("20.1.2.16/28"), ask(call("20.1.2.17")))
class _RemovalClearsTheBitsOfAPage(Vault):
    """Ranges inside a /24 are bits of its page; removing one clears its bits, also those that another has set."""

    cleared: tuple[IpRule, ...] = ()

    def install(self, held: Held) -> None:
        before = getattr(self, "held", Held()).ip_rules
        gone = [rule for rule in before if rule not in held.ip_rules] if self.is_removing else []
        self.cleared = (*self.cleared, *gone) if self.is_removing else ()
        self.is_removing = False
        super().install(held)

    is_removing = False

    def without_ip_rule(self, held: Held, rule: IpRule) -> Held:
        self.is_removing = True
        return super().without_ip_rule(held, rule)

    def in_range(self, rule: IpRule, ask: Ask) -> bool:
        is_cleared = rule.prefix > _PAGE and any(
            one.prefix > rule.prefix and one.first <= ask.address <= one.last for one in self.cleared
        )
        return not is_cleared and super().in_range(rule, ask)


@flaw("listed-subnets-outlive-the-vault", "VAL-8 STA-1 STA-2", "open", profiles=TODAY_ONLY)
@shown_by(reset(), put(subnets=[APP]), reset(without=[APP]), put(subnets=[APP]))
class _ListedSubnetsOutliveTheVault(Vault):
    """A subnet that is listed already needs no endpoint; which are listed is not cleared for a new vault."""

    listed: frozenset[str] = frozenset()

    def reset(self, *, subnets: Sequence[JsonObject]) -> JsonObject:
        listed = frozenset(rule.id for rule in getattr(self, "held", Held()).subnet_rules)
        answer = super().reset(subnets=subnets)
        self.listed = listed
        return answer

    def install(self, held: Held) -> None:
        self.listed = frozenset()
        super().install(held)

    def lacks_endpoint(self, rule: SubnetRule) -> bool:
        return rule.id not in self.listed and super().lacks_endpoint(rule)
