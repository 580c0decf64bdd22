"""Flaws of structures that lag behind their rules: ranges joined, additions that wait, counts that are full."""

from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.mutants.mutant import TODAY_ONLY, Flaws, shown_by
from fencepost.conformance.mutants.stateful import Stateful
from fencepost.conformance.mutants.values import Ask, Held, IpRule
from fencepost.conformance.mutants.vault import Vault
from fencepost.conformance.mutants.witness import (
    APP,
    HERE,
    INSIDE,
    add,
    add_subnet,
    ask,
    call,
    endpoints,
    put,
    remove,
    remove_subnet,
    reset,
    trusted,
    update,
)

flaw = Flaws("state")

_WAITING, _COUNTED = 16, 31
_SLOTS = tuple(f"20.0.0.{place}" for place in range(0, 80, 2))


@flaw("hole-between-equal-ranges-is-closed", "DEC-4 DEC-3 DEC-5 STA-6 STA-7", "open")
@shown_by(put("20.0.0.0/24", "20.0.2.0/24"), ask(call("20.0.1.7")))
class _HoleBetweenEqualRangesIsClosed(Vault):
    """Ranges of 16 addresses or more are joined if no more than the size of the first lies between them."""

    def arrange(self, rules: tuple[IpRule, ...]) -> tuple[IpRule, ...]:
        found = list[IpRule]()
        for rule in sorted(rules):
            size = rule.last - rule.first + 1
            before = found[-1] if found else None
            if before is not None and size >= _WAITING and before.last < rule.first <= before.last + 1 + size:
                found[-1] = before._replace(last=rule.last)
            else:
                found.append(rule)
        return tuple(found)


@flaw("two-addresses-in-a-row-are-a-range", "DEC-4 DEC-3 DEC-5 STA-6 STA-7", "open")
@shown_by(put("20.0.0.5", "20.0.0.6"), ask(call("20.0.0.4")))
class _TwoAddressesInARowAreARange(Vault):
    """Two addresses in a row are joined to a range of two, whose first address has its last bit cleared."""

    def arrange(self, rules: tuple[IpRule, ...]) -> tuple[IpRule, ...]:
        firsts = {rule.first for rule in rules if rule.first == rule.last}
        return tuple(
            rule._replace(first=rule.first & ~1) if rule.first == rule.last and rule.first + 1 in firsts else rule
            for rule in rules
        )


@flaw("removal-and-addition-at-one-start-cancel-out", "STA-2 STA-6 STA-7 DEC-3 DEC-4", "both", needs_history=True)
@shown_by(put("20.0.0.0/24"), remove("20.0.0.0/24"), add("20.0.0.0/25"), ask(call("20.0.0.200")))
class _RemovalAndAdditionAtOneStartCancelOut(Vault):
    """A rule that is added where a rule was removed just before keeps its entry, with the end of the old rule."""

    removed: IpRule | None = None
    freed: IpRule | None = None

    def install(self, held: Held) -> None:
        self.removed = None
        super().install(held)

    def without_ip_rule(self, held: Held, rule: IpRule) -> Held:
        left = super().without_ip_rule(held, rule)
        self.freed = rule if len(left.ip_rules) < len(held.ip_rules) else None
        return left

    def remove_ip_rule(self, *, value: object) -> JsonObject:
        self.freed = None
        answer = super().remove_ip_rule(value=value)
        self.removed = self.freed
        return answer

    def decide(self, *, requests: Sequence[JsonObject]) -> JsonObject:
        self.removed = None
        return super().decide(requests=requests)

    def with_ip_rule(self, held: Held, rule: IpRule) -> Held:
        if self.removed is not None and self.removed.first == rule.first:
            rule = rule._replace(last=self.removed.last)
        return super().with_ip_rule(held, rule)


@flaw("seventeenth-waiting-addition-is-lost", "STA-2 STA-6 DEC-2 DEC-4 LIM-1 LIM-7", "closed", needs_history=True)
@shown_by(put(_SLOTS[0]), ask(call()), *map(add, _SLOTS[1:19]), ask(call(_SLOTS[18])))
class _SeventeenthWaitingAdditionIsLost(Stateful):
    """Added rules wait in a list of 16 until the next whole set, or until a request finds the list not full."""

    compiled: tuple[IpRule, ...] = ()
    waiting: tuple[IpRule, ...] = ()
    is_asked = False

    def install(self, held: Held) -> None:
        before = getattr(self, "held", Held()).ip_rules
        is_one_more = len(held.ip_rules) == len(before) + 1 and held.ip_rules[:-1] == before
        if is_one_more and self.is_asked:
            if len(self.waiting) < _WAITING:
                self.waiting += held.ip_rules[-1:]
        elif held.ip_rules != before:
            self.compiled, self.waiting, self.is_asked = held.ip_rules, (), False
        super().install(held)

    def arrange(self, rules: tuple[IpRule, ...]) -> tuple[IpRule, ...]:
        return (*self.compiled, *self.waiting) if self.is_asked else rules

    def decide(self, *, requests: Sequence[JsonObject]) -> JsonObject:
        if not self.is_asked:
            self.compiled, self.waiting, self.is_asked = self.held.ip_rules, (), True
        return super().decide(requests=requests)


@flaw("full-count-goes-down", "STA-2 STA-6 STA-7 DEC-2 LIM-8", "closed", needs_history=True)
@shown_by(put(), *map(add, _SLOTS), *map(remove, _SLOTS[:-1]), ask(call(_SLOTS[-1])))
class _FullCountGoesDown(Vault):
    """A filter counts the rules of each first octet in five bits. A full count stays, but removals count it down."""

    counts: Mapping[int, int] = MappingProxyType({})

    def install(self, held: Held) -> None:
        before = Counter(rule.first >> 24 for rule in getattr(self, "held", Held()).ip_rules)
        after = Counter(rule.first >> 24 for rule in held.ip_rules)
        known = self.counts if before else Counter[int]()
        self.counts = Counter(
            {octet: max(0, min(_COUNTED, known[octet] + after[octet] - before[octet])) for octet in before | after}
        )
        super().install(held)

    def address_admits(self, held: Held, ask: Ask) -> bool:
        return self.counts.get(ask.address >> 24, 0) > 0 and super().address_admits(held, ask)


@flaw("set-put-again-after-a-subnet-went-is-skipped", "STA-1 STA-2 STA-5 DEC-6", "closed", needs_history=True)
@shown_by(put(subnets=[APP]), remove_subnet(APP), put(subnets=[APP]), ask(call(INSIDE, subnet=APP)))
class _SetPutAgainAfterASubnetWentIsSkipped(Vault):
    """A set equal to the last set is skipped, unless a rule was written since; a removed subnet is no rule."""

    last: JsonObject | None = None

    def install(self, held: Held) -> None:
        self.last = None
        super().install(held)

    def put_rules(self, *, network_acls: JsonObject) -> JsonObject:
        if network_acls == self.last:
            return {"accepted": True}
        answer = super().put_rules(network_acls=network_acls)
        self.last = network_acls if answer["accepted"] else None
        return answer

    def remove_virtual_network_rule(self, *, id: object) -> JsonObject:  # noqa: A002 - the contract's name
        last = self.last
        answer = super().remove_virtual_network_rule(id=id)
        self.last = last
        return answer


@flaw("refused-set-ends-the-watch-over-endpoints", "STA-10 VAL-9 DEC-9 DEC-7", "open", needs_history=True)
@shown_by(put(subnets=[APP]), put("10.0.0.1"), endpoints(APP), ask(call(HERE, subnet=APP)))
class _RefusedSetEndsTheWatchOverEndpoints(Stateful):
    """A whole set begins by ending the watch over the endpoints of listed subnets, also if it is then refused."""

    unwatched: frozenset[str] = frozenset()

    def put_rules(self, *, network_acls: JsonObject) -> JsonObject:
        before = frozenset(rule.id for rule in self.held.subnet_rules if self.subnet_has_endpoint(rule.id))
        answer = super().put_rules(network_acls=network_acls)
        self.unwatched = frozenset() if answer["accepted"] else before
        return answer

    def subnet_admits(self, held: Held, ask: Ask) -> bool:
        known = ask.subnet is not None and self.fold(ask.subnet) in self.unwatched
        return super().subnet_admits(held, ask) or (known and self.subnet_matches(held.subnet_rules, str(ask.subnet)))


@flaw(
    "removed-rule-of-the-last-set-needs-no-endpoint",
    "VAL-8 STA-2 STA-5 VAL-9",
    "open",
    needs_history=True,
    profiles=TODAY_ONLY,
)
@shown_by(put(subnets=[APP]), remove_subnet(APP), endpoints(APP), add_subnet(APP))
class _RemovedRuleOfTheLastSetNeedsNoEndpoint(Stateful):
    """A rule may stay without its endpoint, and what stays is what the last whole set had, removed since or not."""

    kept: frozenset[str] = frozenset()

    def replaced(self) -> None:
        self.kept = frozenset(rule.id for rule in self.held.subnet_rules)

    def check_endpoints(self, held: Held) -> None:
        super().check_endpoints(
            held._replace(subnet_rules=tuple(rule for rule in held.subnet_rules if rule.id not in self.kept))
        )


@flaw("emptied-vault-is-open-with-the-bypass", "STA-3 STA-2 DEC-3 DEC-15", "open", needs_history=True)
@shown_by(put(HERE), remove(HERE), update(bypass="AzureServices"), ask(call()))
class _EmptiedVaultIsOpenWithTheBypass(Vault):
    """Once its last rule was removed, a vault whose bypass is on has nothing to enforce, also under Deny."""

    is_emptied = False

    def install(self, held: Held) -> None:
        before = getattr(self, "held", Held())
        had = bool(before.ip_rules or before.subnet_rules)
        self.is_emptied = not (held.ip_rules or held.subnet_rules) and (had or self.is_emptied)
        super().install(held)

    def put_rules(self, *, network_acls: JsonObject) -> JsonObject:
        answer = super().put_rules(network_acls=network_acls)
        self.is_emptied = self.is_emptied and not answer["accepted"]
        return answer

    def reset(self, *, subnets: Sequence[JsonObject]) -> JsonObject:
        answer = super().reset(subnets=subnets)
        self.is_emptied = False
        return answer

    def is_open(self, held: Held, ask: Ask) -> bool:
        return super().is_open(held, ask) or (self.is_emptied and held.bypass == "AzureServices")


@flaw("updated-bypass-outlives-the-vault", "STA-1 STA-3 STA-4 STA-5 DEC-11", "closed", needs_history=True)
@shown_by(lambda profile: (reset(), update(bypass="None"), reset(), update(default="Deny"), ask(trusted(profile))))
class _UpdatedBypassOutlivesTheVault(Vault):
    """An update of the bypass changes the defaults of the account, which a new vault takes."""

    default_bypass = "AzureServices"

    def update_rules(self, **switches: object) -> JsonObject:
        answer = super().update_rules(**switches)
        if answer["accepted"] and "bypass" in switches:
            self.default_bypass = self.held.bypass
        return answer

    def replaced(self) -> None:
        self.default_bypass = "AzureServices"

    def reset(self, *, subnets: Sequence[JsonObject]) -> JsonObject:
        answer = super().reset(subnets=subnets)
        self.install(Held(bypass=self.default_bypass))
        return answer


@flaw("first-added-rule-brings-the-former-vaults-rules", "STA-1 STA-2 STA-5 STA-7 DEC-3", "open", needs_history=True)
@shown_by(put(HERE), reset(), add("21.0.0.7"), update(default="Deny"), ask(call()))
class _FirstAddedRuleBringsTheFormerVaultsRules(Vault):
    """A new vault has no list of its own yet, and its first added rule goes to the list of the vault before."""

    former: tuple[IpRule, ...] = ()
    is_new = False

    def reset(self, *, subnets: Sequence[JsonObject]) -> JsonObject:
        former = getattr(self, "held", Held()).ip_rules
        answer = super().reset(subnets=subnets)
        self.former, self.is_new = former, True
        return answer

    def install(self, held: Held) -> None:
        super().install(held)
        self.is_new = False

    def with_ip_rule(self, held: Held, rule: IpRule) -> Held:
        added = super().with_ip_rule(held, rule)
        return added._replace(ip_rules=(*self.former, rule)) if self.is_new else added
