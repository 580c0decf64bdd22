"""Flaws in adding a rule, and in the rule set that a sequence of adds, removes and updates leaves."""

from collections.abc import Sequence

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.mutants.mutant import Flaws, shown_by
from fencepost.conformance.mutants.remembering import Remembering
from fencepost.conformance.mutants.stateful import Stateful
from fencepost.conformance.mutants.values import Held, IpRule, SubnetRule
from fencepost.conformance.mutants.vault import Vault
from fencepost.conformance.mutants.witness import APP, INSIDE, add, add_subnet, ask, call, put, remove, update

flaw = Flaws("state")

_RANGE, _OTHER = "20.0.0.0/24", "52.0.0.0/24"


@flaw("rule-added-again-stays-removed", "STA-2", "closed", needs_history=True)
@shown_by(put(_RANGE), remove(_RANGE), add(_RANGE), ask(call()))
class _AddedAgainStaysRemoved(Vault):
    """Removed rules are marked as deleted; adding such a rule again finds the old entry and does not clear the mark."""

    def replaced(self) -> None:
        self.graves: set[IpRule] = set()
        self.install(self.held)

    def reset(self, *, subnets: Sequence[JsonObject]) -> JsonObject:
        self.graves = set()
        return super().reset(subnets=subnets)

    def without_ip_rule(self, held: Held, rule: IpRule) -> Held:
        self.graves.add(rule)
        return super().without_ip_rule(held, rule)

    def arrange(self, rules: tuple[IpRule, ...]) -> tuple[IpRule, ...]:
        return tuple(rule for rule in super().arrange(rules) if rule not in self.graves)


@flaw("adding-works-on-the-last-put", "STA-2", "open", needs_history=True)
@shown_by(put(_RANGE), remove(_RANGE), add(_OTHER), ask(call()))
class _AddingWorksOnTheLastPut(Stateful):
    """Adding reads the list of the last put, appends to it and writes it, so removed rules come back."""

    listed: tuple[IpRule, ...] = ()

    def replaced(self) -> None:
        self.listed = self.held.ip_rules

    def with_ip_rule(self, held: Held, rule: IpRule) -> Held:
        missing = tuple(old for old in self.listed if old not in held.ip_rules)
        return super().with_ip_rule(held._replace(ip_rules=(*missing, *held.ip_rules)), rule)


@flaw("second-add-replaces-the-first", "STA-2 STA-6 LIM-7", "closed", needs_history=True)
@shown_by(put(), add(_RANGE), add(_OTHER), ask(call()))
class _SecondAddReplacesTheFirst(Stateful):
    """Each add starts again from the list of the last put, so an earlier added rule is lost."""

    added = False

    def put_rules(self, *, network_acls: JsonObject) -> JsonObject:
        self.added = False
        return super().put_rules(network_acls=network_acls)

    def with_ip_rule(self, held: Held, rule: IpRule) -> Held:
        base = held._replace(ip_rules=held.ip_rules[:-1]) if self.added else held
        self.added = True
        return super().with_ip_rule(base, rule)

    def without_ip_rule(self, held: Held, rule: IpRule) -> Held:
        self.added = False
        return super().without_ip_rule(held, rule)


@flaw("update-forgets-what-was-added", "STA-2 STA-3", "closed", needs_history=True)
@shown_by(put(), add(_RANGE), update(bypass="AzureServices"), ask(call()))
class _UpdateForgetsWhatWasAdded(Stateful):
    """An update writes the list of the last put with new switches, so rules added since then are lost."""

    added: frozenset[IpRule] = frozenset()

    def read_acls(self, acls: JsonObject) -> Held:
        self.added = frozenset()
        return super().read_acls(acls)

    def with_ip_rule(self, held: Held, rule: IpRule) -> Held:
        self.added |= {rule}
        return super().with_ip_rule(held, rule)

    def with_switches(self, held: Held, bypass: str | None, default_action: str | None) -> Held:
        put_so = tuple(rule for rule in held.ip_rules if rule not in self.added)
        return super().with_switches(held._replace(ip_rules=put_so), bypass, default_action)


@flaw("add-after-update-is-not-compiled", "STA-2", "closed", needs_history=True)
@shown_by(put(), update(bypass="AzureServices"), add(_RANGE), ask(call()))
class _AddAfterUpdateIsNotCompiled(Stateful):
    """An update marks the compiled matcher as fresh, and the next added rule does not mark it as stale."""

    fresh = False

    def with_switches(self, held: Held, bypass: str | None, default_action: str | None) -> Held:
        self.fresh = True
        return super().with_switches(held, bypass, default_action)

    def add_ip_rule(self, *, value: object) -> JsonObject:
        scan = self.held.scan
        answer = super().add_ip_rule(value=value)
        if self.fresh:
            self.held = self.held._replace(scan=scan)
        self.fresh = False
        return answer


@flaw("added-rule-replaces-the-wider-one", "STA-6 STA-2", "closed", needs_history=True)
@shown_by(put("20.0.0.0/16"), add("20.0.4.0/24"), ask(call("20.0.9.7")))
class _AddedRuleReplacesTheWiderOne(Vault):
    """An added rule replaces a rule that it overlaps, on the assumption that the newer rule is meant."""

    def with_ip_rule(self, held: Held, rule: IpRule) -> Held:
        apart = tuple(old for old in held.ip_rules if old.last < rule.first or rule.last < old.first)
        return super().with_ip_rule(held._replace(ip_rules=apart), rule)


@flaw("added-rule-turns-the-firewall-on", "STA-6 STA-2 DEC-1 STA-4", "closed", needs_history=True)
@shown_by(put(default="Allow"), add(_OTHER), ask(call()))
class _AddedRuleTurnsTheFirewallOn(Vault):
    """Adding the first rule also sets the default action to Deny, on the assumption that nobody adds a rule
    otherwise."""

    def with_ip_rule(self, held: Held, rule: IpRule) -> Held:
        return super().with_ip_rule(held if held.ip_rules else held._replace(default_action="Deny"), rule)


@flaw("added-subnet-waits-for-a-put", "STA-2 STA-6", "closed", needs_history=True)
@shown_by(put(), add_subnet(APP), ask(call(INSIDE, subnet=APP)))
class _AddedSubnetWaitsForAPut(Stateful):
    """Virtual network rules are looked up in an index that only a put of the whole set rebuilds."""

    index = frozenset[str]()

    def read_acls(self, acls: JsonObject) -> Held:
        held = super().read_acls(acls)
        self.index = frozenset(rule.id for rule in held.subnet_rules)
        return held

    def same_subnet(self, rule: SubnetRule, caller: str) -> bool:
        return rule.id in self.index and super().same_subnet(rule, caller)


@flaw("answers-outlive-single-writes", "STA-2 STA-6 STA-9 DEC-17", "both", needs_history=True)
@shown_by(put(_RANGE), ask(call()), remove(_RANGE), ask(call()))
class _AnswersOutliveSingleWrites(Remembering):
    """Answers are cached, and only a put of the whole set clears the cache; adding or removing a rule does not."""

    keeps = False

    def forget(self) -> None:
        if not self.keeps:
            super().forget()

    def add_ip_rule(self, *, value: object) -> JsonObject:
        self.keeps = True
        try:
            return super().add_ip_rule(value=value)
        finally:
            self.keeps = False

    def remove_ip_rule(self, *, value: object) -> JsonObject:
        self.keeps = True
        try:
            return super().remove_ip_rule(value=value)
        finally:
            self.keeps = False


@flaw("answers-outlive-updates", "STA-2 STA-3 STA-9", "both", needs_history=True)
@shown_by(put(), ask(call()), update(default="Allow"), ask(call()))
class _AnswersOutliveUpdates(Remembering):
    """Answers are cached, and a change of rules clears the cache; an update of the switches does not."""

    def with_switches(self, held: Held, bypass: str | None, default_action: str | None) -> Held:
        self.keeps = True
        return super().with_switches(held, bypass, default_action)

    def forget(self) -> None:
        if not getattr(self, "keeps", False):
            super().forget()
        self.keeps = False


@flaw("fourth-add-is-dropped", "STA-2 LIM-7", "closed", needs_history=True)
@shown_by(put(), *(add(f"20.0.{index}.0/24") for index in range(1, 5)), ask(call("20.0.4.7")))
class _FourthAddIsDropped(Stateful):
    """Added rules go into a buffer with three entries that only the next put empties; further rules are lost."""

    buffered = 0

    def put_rules(self, *, network_acls: JsonObject) -> JsonObject:
        self.buffered = 0
        return super().put_rules(network_acls=network_acls)

    def with_ip_rule(self, held: Held, rule: IpRule) -> Held:
        self.buffered += 1
        return super().with_ip_rule(held, rule) if self.buffered < 4 else held


@flaw("covered-rule-is-not-kept", "STA-2 STA-5 LIM-7", "closed", needs_history=True)
@shown_by(put("20.0.0.0/16"), add(_RANGE), remove("20.0.0.0/16"), ask(call()))
class _CoveredRuleIsNotKept(Vault):
    """A rule inside another rule is redundant and is not stored; when the outer rule is removed, both are gone."""

    def with_ip_rule(self, held: Held, rule: IpRule) -> Held:
        is_covered = any(old.first <= rule.first and rule.last <= old.last for old in held.ip_rules)
        return held if is_covered else super().with_ip_rule(held, rule)


@flaw("range-of-two-halves-is-not-stored", "STA-2 STA-7 STA-6 DEC-5", "closed", needs_history=True)
@shown_by(put("20.0.0.0/25", "20.0.0.128/25"), add("20.0.0.0/24"), remove("20.0.0.0/25"), ask(call()))
class _RangeOfTwoHalvesIsNotStored(Stateful):
    """An added range whose addresses the merged list has already is accepted and not stored, until the next put."""

    unstored: frozenset[IpRule] = frozenset()

    def replaced(self) -> None:
        self.unstored = frozenset()
        self.install(self.held)

    def with_ip_rule(self, held: Held, rule: IpRule) -> Held:
        spans = {(other.first, other.last) for other in held.ip_rules}
        middle = (rule.first + rule.last) // 2
        is_made = {(rule.first, middle), (middle + 1, rule.last)} <= spans
        self.unstored = self.unstored | {rule} if is_made else self.unstored - {rule}
        return super().with_ip_rule(held, rule)

    def arrange(self, rules: tuple[IpRule, ...]) -> tuple[IpRule, ...]:
        return tuple(rule for rule in super().arrange(rules) if rule not in self.unstored)
