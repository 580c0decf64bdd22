"""Flaws that show when a write is made again, when a list grows, and where the last answer is kept."""

from collections.abc import Sequence

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.mutants.mutant import TODAY_ONLY, Flaws, shown_by
from fencepost.conformance.mutants.stateful import Stateful
from fencepost.conformance.mutants.values import Ask, Held, IpRule
from fencepost.conformance.mutants.vault import Vault
from fencepost.conformance.mutants.witness import (
    APP,
    INSIDE,
    add,
    ask,
    call,
    dormant,
    endpoints,
    put,
    remove,
    remove_subnet,
    reset,
    singles,
    switch_on,
    trusted,
    update,
)

flaw = Flaws("state")

_TEXT, _TABLE = 16, 64
_LONG = "203.104.105.128"


@flaw("update-like-the-last-is-no-change", "STA-3 STA-1 STA-2 STA-4", "closed", needs_history=True)
@shown_by(
    lambda profile: (
        put(),
        update(bypass="AzureServices"),
        put(),
        update(bypass="AzureServices"),
        ask(trusted(profile)),
    )
)
class _UpdateLikeTheLastIsNoChange(Stateful):
    """An update that equals the last update is skipped, whatever whole set came between."""

    last: JsonObject | None = None

    def update_rules(self, **switches: object) -> JsonObject:
        if switches == self.last:
            return {"accepted": True}
        answer = super().update_rules(**switches)
        self.last = switches if answer["accepted"] else None
        return answer


class _KeepsTheLastAnswer(Stateful):
    """Keeps the last answer, and forgets it with every new rule set but for those that `is_kept` names."""

    last: tuple[Ask, JsonObject] | None = None
    is_kept = False

    def install(self, held: Held) -> None:
        if not self.is_kept:
            self.last = None
        super().install(held)

    def answer(self, ask: Ask) -> JsonObject:
        if self.last is None or self.last[0] != ask:
            self.last = (ask, super().answer(ask))
        return self.last[1]


@flaw("last-answer-outlives-an-update", "STA-3 STA-2 STA-4", "both", needs_history=True)
@shown_by(put(), ask(call()), update(default="Allow"), ask(call()))
class _LastAnswerOutlivesAnUpdate(_KeepsTheLastAnswer):
    """The last answer is kept for the same request, and is not forgotten when a switch changes."""

    def update_rules(self, **switches: object) -> JsonObject:
        self.is_kept = True
        answer = super().update_rules(**switches)
        self.is_kept = False
        return answer


@flaw("last-answer-outlives-a-subnet-rule", "STA-2 STA-5 DEC-6", "both", needs_history=True)
@shown_by(put(subnets=[APP]), ask(call(INSIDE, subnet=APP)), remove_subnet(APP), ask(call(INSIDE, subnet=APP)))
class _LastAnswerOutlivesASubnetRule(_KeepsTheLastAnswer):
    """The last answer is kept for the same request, and is not forgotten when a virtual network rule goes."""

    def remove_virtual_network_rule(self, *, id: object) -> JsonObject:  # noqa: A002 - the contract's name
        self.is_kept = True
        answer = super().remove_virtual_network_rule(id=id)
        self.is_kept = False
        return answer


@flaw("two-additions-take-two-removals", "STA-2 STA-6", "open", needs_history=True, choice="duplicates")
@shown_by(put(), add("20.0.0.7"), add("20.0.0.7"), remove("20.0.0.7"), ask(call()))
class _TwoAdditionsTakeTwoRemovals(Stateful):
    """Additions count references, which whole sets do not; a removal takes away one."""

    added: tuple[str, ...] = ()

    def replaced(self) -> None:
        self.added = ()

    def with_ip_rule(self, held: Held, rule: IpRule) -> Held:
        self.added = (*self.added, rule.text)
        return super().with_ip_rule(held, rule)

    def without_ip_rule(self, held: Held, rule: IpRule) -> Held:
        if self.added.count(rule.text) > 1:
            place = self.added.index(rule.text)
            self.added = (*self.added[:place], *self.added[place + 1 :])
            return held
        return super().without_ip_rule(held, rule)


@flaw("table-that-grows-loses-its-first-rule", "STA-2 STA-5 STA-6 LIM-1 LIM-7", "closed", needs_history=True)
@shown_by(put(*singles(_TABLE)), add(_LONG), ask(call(singles(1)[0])))
class _TableThatGrowsLosesItsFirstRule(Vault):
    """A table of 64 places that a single addition makes grow is copied from its second place on."""

    def with_ip_rule(self, held: Held, rule: IpRule) -> Held:
        held = super().with_ip_rule(held, rule)
        return held._replace(ip_rules=held.ip_rules[1:]) if len(held.ip_rules) == _TABLE + 1 else held


@flaw("removal-compares-sixteen-characters", "STA-2 STA-6", "closed", needs_history=True)
@shown_by(put(f"{_LONG}/25", f"{_LONG}/26"), remove(f"{_LONG}/26"), ask(call("203.104.105.255")))
class _RemovalComparesSixteenCharacters(Vault):
    """Texts of ranges are stored in a column of 16 characters, which the longest addresses fill up to the slash."""

    def same_rule(self, named: IpRule, other: IpRule) -> bool:
        is_cut = "/" in named.text and named.text[:_TEXT] == other.text[:_TEXT]
        return super().same_rule(named, other) or (is_cut and len(named.text) > _TEXT)


@flaw("flag-goes-when-the-endpoint-comes", "STA-10 STA-3 VAL-8", "closed", needs_history=True, profiles=TODAY_ONLY)
@shown_by(
    reset(without=[APP]), put(subnets=[dormant(APP)]), switch_on(APP), endpoints(APP), update(bypass="AzureServices")
)
class _FlagGoesWhenTheEndpointComes(Vault):
    """A rule's flag is dropped once its subnet has the endpoint. Without it later, every update is refused."""

    def connect(self, subnet: str, endpoints: Sequence[str]) -> None:
        super().connect(subnet, endpoints)
        rules = getattr(self, "held", Held()).subnet_rules
        kept = tuple(
            one._replace(ignores_missing_endpoint=False) if self.subnet_has_endpoint(one.id) else one for one in rules
        )
        if kept != rules:
            self.held = self.held._replace(subnet_rules=kept)
            self.flagless = frozenset(one.id for one in kept)

    flagless: frozenset[str] = frozenset()

    def update_rules(self, **switches: object) -> JsonObject:
        if any(one.id in self.flagless and self.lacks_endpoint(one) for one in self.held.subnet_rules):
            return {"accepted": False, "status": 400, "code": "BadRequest"}
        return super().update_rules(**switches)
