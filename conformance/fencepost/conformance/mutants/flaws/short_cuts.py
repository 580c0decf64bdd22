"""Flaws of short cuts: sets taken for equal, gaps that are closed, logs that are folded, and rules that stay out."""

from collections.abc import Sequence
from functools import reduce
from operator import xor

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.mutants.lenient_vault import LenientVault
from fencepost.conformance.mutants.mutant import Flaws, shown_by
from fencepost.conformance.mutants.stateful import Stateful
from fencepost.conformance.mutants.values import Held, IpRule, Refused, SubnetRule
from fencepost.conformance.mutants.vault import Vault
from fencepost.conformance.mutants.witness import APP, add, ask, call, put, remove, reset, subnet_id, update

flaw = Flaws("state")

_FOLDED = 24
_NAMED_LIKE_ITS_WORDS = subnet_id("virtualNetworks", network="providers", group="subnets")


@flaw("sets-with-equal-sums-are-one-set", "STA-1 STA-2 DEC-2 DEC-3 DEC-4 DEC-5", "both", needs_history=True)
@shown_by(put("20.0.0.0/26", "20.0.0.192/26"), put("20.0.0.64/26", "20.0.0.128/26"), ask(call()))
class _SetsWithEqualSumsAreOneSet(Vault):
    """An equal number of rules and equal sums of addresses and prefixes mean that nothing has to be compiled."""

    def install(self, held: Held) -> None:
        before = getattr(self, "held", Held())
        super().install(held)
        if _sums(held.ip_rules) == _sums(before.ip_rules):
            self.held = self.held._replace(scan=before.scan)


def _sums(rules: Sequence[IpRule]) -> tuple[int, int, int]:
    return len(rules), sum(one.network for one in rules), sum(one.prefix for one in rules)


@flaw("pairs-of-equal-rules-cancel-out", "STA-1 STA-2 DEC-2 DEC-3 DEC-4 DEC-5", "both", needs_history=True)
@shown_by(put("21.0.0.0/24"), put("21.0.0.0/24", *["20.0.0.0/24"] * 2), ask(call()))
class _PairsOfEqualRulesCancelOut(Vault):
    """The fingerprint of a set is the exclusive or of its rules' hashes, in which two equal rules leave nothing."""

    def install(self, held: Held) -> None:
        before = getattr(self, "held", Held())
        super().install(held)
        if _exclusive_or(held.ip_rules) == _exclusive_or(before.ip_rules):
            self.held = self.held._replace(scan=before.scan)


def _exclusive_or(rules: Sequence[IpRule]) -> int:
    return reduce(xor, (one.network << 6 | one.prefix for one in rules), 0)


@flaw("added-address-closes-a-gap", "STA-7 STA-2 DEC-3 DEC-4", "open", needs_history=True)
@shown_by(put("20.0.0.6"), add("20.0.0.8"), ask(call("20.0.0.7")))
class _AddedAddressClosesAGap(Vault):
    """A rule that is added is joined with its neighbours, also over a gap of one address."""

    def with_ip_rule(self, held: Held, rule: IpRule) -> Held:
        before = {one.last for one in held.ip_rules}
        added = super().with_ip_rule(held, rule)
        if rule.first - 2 in before:
            added = added._replace(ip_rules=(*held.ip_rules, rule._replace(first=rule.first - 1)))
        return added


@flaw(
    "folded-log-has-the-switches-of-the-last-set",
    "STA-2 STA-3 STA-4 STA-5 STA-10 DEC-1 DEC-3 DEC-11 DEC-12 LIM-7",
    "both",
    needs_history=True,
)
@shown_by(put(), update(default="Allow"), *[update(bypass="None")] * (_FOLDED - 1), ask(call()))
class _FoldedLogHasTheSwitchesOfTheLastSet(Stateful):
    """A log of 24 single changes is folded into the last whole set, whose switches come back."""

    base = Held()
    logged = 0

    def replaced(self) -> None:
        self.base, self.logged = self.held, 0

    def install(self, held: Held) -> None:
        self.logged += 1
        if self.logged == _FOLDED:
            held = held._replace(bypass=self.base.bypass, default_action=self.base.default_action)
        super().install(held)


@flaw("rule-removed-in-vain-stays-out", "STA-2 STA-6 DEC-2", "closed", needs_history=True)
@shown_by(put(), remove("20.0.0.0/24"), add("20.0.0.0/24"), ask(call()))
class _RuleRemovedInVainStaysOut(Stateful):
    """A removal leaves a tombstone, whether there was a rule or not, and the next rule of that text is buried."""

    buried: frozenset[str] = frozenset()

    def without_ip_rule(self, held: Held, rule: IpRule) -> Held:
        left = super().without_ip_rule(held, rule)
        if left.ip_rules == held.ip_rules:
            self.buried |= {rule.text}
        return left

    def put_rules(self, *, network_acls: JsonObject) -> JsonObject:
        self.buried = frozenset()
        return super().put_rules(network_acls=network_acls)

    def arrange(self, rules: tuple[IpRule, ...]) -> tuple[IpRule, ...]:
        return tuple(rule for rule in super().arrange(rules) if rule.text not in self.buried)


@flaw("invisible-characters-dropped", "VAL-5", "open")
@shown_by(put("\ufeff20.0.0.7"))
class _InvisibleCharactersDropped(Vault):
    """Byte order marks and zero-width spaces around a value are dropped, for files that editors have written."""

    def parse_value(self, value: object) -> IpRule:
        return super().parse_value(value.strip("\ufeff\u200b") if isinstance(value, str) else value)


@flaw("id-is-cut-at-its-first-subnets", "DEC-6 DEC-5 VAL-7 STA-1 STA-2 LIM-3", "closed")
@shown_by(reset(subnets=[APP, _NAMED_LIKE_ITS_WORDS]), put(subnets=[_NAMED_LIKE_ITS_WORDS]))
class _IdIsCutAtItsFirstSubnets(Vault):
    """The name of the subnet is what follows the first part 'subnets', and a resource group may have that name."""

    def read_subnet_rule(self, subnet: object, ignores_missing: object) -> SubnetRule:
        rule = super().read_subnet_rule(subnet, ignores_missing)
        if "/" in rule.id.partition("/subnets/")[2]:
            raise Refused(f"{rule.text} has more parts after its subnet")
        return rule


@flaw(
    "null-default-action-keeps-the-old",
    "STA-1 STA-3 STA-4 STA-5 DEC-1 DEC-3 DEC-15 VAL-6",
    "closed",
    needs_history=True,
)
@shown_by(put(), put(default=None), ask(call()))
class _NullDefaultActionKeepsTheOld(LenientVault):
    """A whole set is merged over the old set, and null means that a member has nothing to say."""

    def read_acls(self, acls: JsonObject) -> Held:
        read = super().read_acls(acls)
        is_null = "defaultAction" in acls and acls["defaultAction"] is None
        return read._replace(default_action=self.held.default_action) if is_null else read
