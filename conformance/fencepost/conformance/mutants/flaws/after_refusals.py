"""Flaws that a refused write leaves behind, and limits on how much one write changes: they show later."""

from collections.abc import Sequence
from contextlib import suppress

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.mutants.lenient_vault import LenientVault
from fencepost.conformance.mutants.mutant import TODAY_ONLY, Flaws, shown_by
from fencepost.conformance.mutants.stateful import Stateful
from fencepost.conformance.mutants.values import Held, IpRule, Profile, Refused
from fencepost.conformance.mutants.vault import Vault
from fencepost.conformance.mutants.witness import (
    APP,
    HERE,
    INSIDE,
    Call,
    add,
    add_subnet,
    ask,
    call,
    put,
    read,
    remove,
    reset,
    subnet_id,
    switch_on,
    update,
)

flaw = Flaws("state")

_MOST_REMOVED = 256
_MOST_CHANGES = 16


@flaw(
    "refused-rule-comes-with-its-endpoint",
    "VAL-9 STA-2 STA-5 STA-10 DEC-3 DEC-9 VAL-8",
    "open",
    profiles=TODAY_ONLY,
    needs_history=True,
)
@shown_by(reset(without=[APP]), put(), add_subnet(APP), switch_on(APP), ask(call(INSIDE, subnet=APP)))
class _RefusedRuleComesWithItsEndpoint(Stateful):
    """A rule that is refused for its subnet's endpoint waits for the endpoint, and comes into force with it."""

    waiting: tuple[str, ...] = ()

    def add_virtual_network_rule(self, **rule: object) -> JsonObject:
        answer = super().add_virtual_network_rule(**rule)
        if not answer["accepted"]:
            self.waiting += (str(rule["id"]),)
        return answer

    def set_service_endpoints(self, *, subnet: str, service_endpoints: Sequence[str]) -> JsonObject:
        answer = super().set_service_endpoints(subnet=subnet, service_endpoints=service_endpoints)
        if self.subnet_has_endpoint(self.fold(subnet)) and subnet in self.waiting:
            self.waiting = tuple(one for one in self.waiting if one != subnet)
            self.install(self.with_subnet_rule(self.held, self.read_subnet_rule(subnet, ignores_missing=False)))
        return answer


@flaw(
    "rules-of-a-refused-set-come-with-the-next",
    "VAL-9 STA-2 STA-5 STA-10 DEC-2 LIM-6 VAL-8",
    "open",
    profiles=TODAY_ONLY,
    needs_history=True,
)
@shown_by(reset(without=[APP]), put(), put(HERE, subnets=[APP]), add("20.7.0.0/24"), ask(call()))
class _RulesOfARefusedSetComeWithTheNext(Stateful):
    """A set with a subnet that is refused leaves its IP rules in the draft, which the next added rule completes."""

    draft: tuple[IpRule, ...] = ()

    def put_rules(self, *, network_acls: JsonObject) -> JsonObject:
        answer = super().put_rules(network_acls=network_acls)
        self.draft = ()
        if not answer["accepted"]:
            with suppress(Refused):
                self.draft = self.read_ip_rules(self.entries(network_acls, "ipRules"))
        return answer

    def add_ip_rule(self, *, value: object) -> JsonObject:
        answer = super().add_ip_rule(value=value)
        if answer["accepted"]:
            self.install(self.held._replace(ip_rules=(*self.draft, *self.held.ip_rules)))
            self.draft = ()
        return answer


@flaw("refused-update-is-accepted-when-repeated", "VAL-6", "open", needs_history=True)
@shown_by(put(), update(bypass="Everybody"), update(bypass="Everybody"))
class _RefusedUpdateIsAcceptedWhenRepeated(Stateful):
    """An update's digest is stored before its check, so that a refused update is no change when it is repeated."""

    last: JsonObject | None = None

    def update_rules(self, **switches: object) -> JsonObject:
        if switches == self.last:
            return {"accepted": True}
        answer = super().update_rules(**switches)
        self.last = None if answer["accepted"] else switches
        return answer


@flaw("blanks-hide-a-private-address", "VAL-3 VAL-5 VAL-9 STA-1 STA-2", "open")
@shown_by(put(" 10.1.2.0/24 "))
class _BlanksHideAPrivateAddress(LenientVault):
    """Blanks are stripped only after the check for private space, which then finds no address in the text."""

    is_padded = False

    def parse_value(self, value: object) -> IpRule:
        self.is_padded = isinstance(value, str) and value != value.strip(" ")
        return super().parse_value(value)

    def is_private(self, rule: IpRule) -> bool:
        return super().is_private(rule) and not self.is_padded


def _many(profile: Profile) -> tuple[Call, ...]:
    del profile
    return put(*(f"20.{n // 250}.{n % 250}.0/24" for n in range(300))), put("21.7.0.0/24"), ask(call("20.1.49.1"))


@flaw(
    "one-write-removes-so-many-rules-at-most",
    "STA-1 STA-2 STA-6 DEC-3 LIM-1 LIM-2 LIM-5 LIM-6 LIM-7 LIM-8",
    "open",
    profiles=TODAY_ONLY,
    needs_history=True,
)
@shown_by(_many)
class _OneWriteRemovesSoManyRulesAtMost(Vault):
    """Rules that a set no longer has are removed in one request of at most 256; nobody sends the next one."""

    def install(self, held: Held) -> None:
        before = () if not hasattr(self, "held") or held == Held() else self.held.scan
        kept = {(rule.first, rule.last) for rule in held.ip_rules}
        gone = [rule for rule in before if (rule.first, rule.last) not in kept]
        super().install(held)
        self.held = self.held._replace(scan=(*self.held.scan, *gone[_MOST_REMOVED:]))


@flaw("read-back-outlives-the-vault", "STA-5 STA-6", "both", needs_history=True)
@shown_by(put(HERE), read(), reset(), read())
class _ReadBackOutlivesTheVault(Vault):
    """The answer to getRules is kept until the next write; a new vault is no write."""

    shown: JsonObject | None = None

    def reset(self, *, subnets: Sequence[JsonObject]) -> JsonObject:
        shown, answer = self.shown, super().reset(subnets=subnets)
        self.shown = shown
        return answer

    def install(self, held: Held) -> None:
        self.shown = None
        super().install(held)

    def get_rules(self) -> JsonObject:
        self.shown = self.shown or super().get_rules()
        return self.shown


def _off(profile: Profile) -> tuple[Call, ...]:
    del profile
    ids = [subnet_id(f"app-{n}") for n in range(20)]
    off = [("setServiceEndpoints", {"subnet": one, "serviceEndpoints": []}) for one in ids]
    return reset(subnets=ids), put(subnets=ids), *off, ask(call(subnet=ids[0]))


@flaw("endpoints-of-so-many-subnets-are-known", "DEC-9 STA-10 DEC-10 DEC-8 STA-2 VAL-8", "open", needs_history=True)
@shown_by(_off)
class _EndpointsOfSoManySubnetsAreKnown(Stateful):
    """The last 16 events of the network are kept; an older change of an endpoint is forgotten."""

    events: tuple[tuple[str, tuple[str, ...] | None], ...] = ()

    def set_service_endpoints(self, *, subnet: str, service_endpoints: Sequence[str]) -> JsonObject:
        name = self.fold(subnet)
        self.events = (*(one for one in self.events if one[0] != name), (name, self.network.get(name)))
        if len(self.events) > _MOST_CHANGES:
            (oldest, before), *rest = self.events
            self.events = tuple(rest)
            self.connect(oldest, before or ())
        return super().set_service_endpoints(subnet=subnet, service_endpoints=service_endpoints)


@flaw("repeated-rule-frees-one-place", "LIM-8 LIM-7 LIM-1 DEC-5 STA-2", "closed", needs_history=True)
@shown_by(
    lambda profile: (
        put("20.0.0.0/24", "20.0.0.0/24", *(f"21.{n // 250}.{n % 250}.0/24" for n in range(profile.max_ip_rules - 2))),
        remove("20.0.0.0/24"),
        add("22.0.0.0/24"),
        add("22.1.0.0/24"),
    )
)
class _RepeatedRuleFreesOnePlace(Stateful):
    """Rules are counted as they come and go; a removal counts once, also where the rule stood there twice."""

    lost = 0

    def put_rules(self, *, network_acls: JsonObject) -> JsonObject:
        lost, self.lost = self.lost, 0
        answer = super().put_rules(network_acls=network_acls)
        if not answer["accepted"]:
            self.lost = lost
        return answer

    def remove_ip_rule(self, *, value: object) -> JsonObject:
        before = len(self.held.ip_rules)
        answer = super().remove_ip_rule(value=value)
        self.lost += max(0, before - len(self.held.ip_rules) - 1)
        return answer

    def max_ip_rules(self, held: Held) -> int:
        return super().max_ip_rules(held) - self.lost


@flaw("sets-with-the-same-addresses-are-one-set", "STA-1 STA-2 DEC-2 DEC-3 DEC-4 DEC-5", "open", needs_history=True)
@shown_by(put("20.0.0.0/24"), put("20.0.0.0/25"), ask(call("20.0.0.200")))
class _SetsWithTheSameAddressesAreOneSet(Vault):
    """The fingerprint of a set is made of the addresses before the slash; an equal set is not compiled again."""

    def install(self, held: Held) -> None:
        before = getattr(self, "held", Held())
        super().install(held)
        if held.ip_rules and [one.network for one in held.ip_rules] == [one.network for one in before.ip_rules]:
            self.held = self.held._replace(scan=before.scan)
