"""Flaws in detecting that a rule set has changed, and in lists that two rule sets share."""

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import xor

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.mutants.mutant import Flaws, shown_by
from fencepost.conformance.mutants.stateful import Stateful
from fencepost.conformance.mutants.values import Held, IpRule, SubnetRule
from fencepost.conformance.mutants.vault import Vault
from fencepost.conformance.mutants.witness import Call, add, ask, call, put, remove, update

flaw = Flaws("state")

_RANGE, _OTHER = "20.0.0.0/24", "52.0.0.0/24"


class _CompilingWhenTold(Vault):
    """A vault that compiles the rules again only when their fingerprint differs."""

    def fingerprint(self, rules: tuple[IpRule, ...]) -> object:
        return rules

    def install(self, held: Held) -> None:
        before = getattr(self, "held", Held())
        super().install(held)
        if held.ip_rules and self.fingerprint(before.ip_rules) == self.fingerprint(held.ip_rules):
            self.held = self.held._replace(scan=before.scan)


@flaw("compiled-again-when-an-address-changes", "STA-1 STA-9 DEC-3 DEC-2", "both")
@shown_by(put("20.0.0.0/16"), put("20.0.0.0/24"), ask(call("20.0.9.7")))
class _CompiledAgainWhenAnAddressChanges(_CompilingWhenTold):
    """The compiled rules are kept while the sorted network addresses are equal; prefix lengths are not compared."""

    def fingerprint(self, rules: tuple[IpRule, ...]) -> object:
        return sorted(rule.network for rule in rules)


@flaw("compiled-again-when-a-check-byte-changes", "STA-1 STA-9 DEC-3 DEC-2", "both")
@shown_by(put("20.0.0.1"), put("30.0.0.1"), ask(call("20.0.0.1")))
class _CompiledAgainWhenACheckByteChanges(_CompilingWhenTold):
    """The compiled rules are kept while the number of rules and an XOR of last octets and prefix lengths are equal."""

    def fingerprint(self, rules: tuple[IpRule, ...]) -> object:
        return len(rules), reduce(xor, (rule.network & 0xFF ^ rule.prefix for rule in rules), 0)


class _Unchanged(Stateful):
    """A vault that ignores a put of the set that was put last, unless another write came in between."""

    last: Held | None = None

    def forget_last(self, write: str) -> None:  # noqa: ARG002 - a seam: flaws look at the write
        self.last = None

    def put_rules(self, *, network_acls: JsonObject) -> JsonObject:
        before = self.held
        answer = super().put_rules(network_acls=network_acls)
        if answer["accepted"]:
            sent = self.held._replace(scan=())
            if sent == self.last:
                self.install(before)
            self.last = sent
        return answer

    def with_switches(self, held: Held, bypass: str | None, default_action: str | None) -> Held:
        self.forget_last("update")
        return super().with_switches(held, bypass, default_action)

    def with_ip_rule(self, held: Held, rule: IpRule) -> Held:
        self.forget_last("add")
        return super().with_ip_rule(held, rule)

    def with_subnet_rule(self, held: Held, rule: SubnetRule) -> Held:
        self.forget_last("add")
        return super().with_subnet_rule(held, rule)

    def without_ip_rule(self, held: Held, rule: IpRule) -> Held:
        self.forget_last("remove")
        return super().without_ip_rule(held, rule)

    def without_subnet_rule(self, held: Held, subnet: str) -> Held:
        self.forget_last("remove")
        return super().without_subnet_rule(held, subnet)


@flaw("put-again-after-an-update-changes-nothing", "STA-1 STA-3 STA-4 DEC-3", "both", needs_history=True)
@shown_by(put(_RANGE), update(default="Allow"), put(_RANGE), ask(call("52.0.0.7")))
class _PutAgainAfterAnUpdateChangesNothing(_Unchanged):
    """A put with the body of the last put counts as no change, even when an update came in between."""

    def forget_last(self, write: str) -> None:
        if write != "update":
            super().forget_last(write)


@flaw("put-again-after-a-removal-changes-nothing", "STA-1 STA-2 DEC-2", "closed", needs_history=True)
@shown_by(put(_RANGE), remove(_RANGE), put(_RANGE), ask(call()))
class _PutAgainAfterARemovalChangesNothing(_Unchanged):
    """A put with the body of the last put counts as no change; adding a rule resets that, removing a rule does not."""

    def forget_last(self, write: str) -> None:
        if write != "remove":
            super().forget_last(write)


@flaw("compiled-once-and-changed-in-place", "STA-1 STA-2 DEC-3", "both", needs_history=True)
@shown_by(put(_OTHER), add(_RANGE), put(_OTHER), ask(call()))
class _CompiledOnceAndChangedInPlace(Vault):
    """Compiled lists are cached by the body of a put, and later adds change them in place: a second put has the added
    rule."""

    compiled: Mapping[tuple[IpRule, ...], tuple[IpRule, ...]] = {}
    put_so: tuple[IpRule, ...] = ()

    def reset(self, *, subnets: Sequence[JsonObject]) -> JsonObject:
        self.compiled, self.put_so = {}, ()
        return super().reset(subnets=subnets)

    def put_rules(self, *, network_acls: JsonObject) -> JsonObject:
        before, self.put_so = self.put_so, ()
        answer = super().put_rules(network_acls=network_acls)
        self.put_so = self.held.ip_rules if answer["accepted"] else before
        if answer["accepted"]:
            self.install(self.held._replace(ip_rules=self.compiled.get(self.put_so, self.put_so)))
        return answer

    def install(self, held: Held) -> None:
        super().install(held)
        if self.put_so:
            self.compiled = {**self.compiled, self.put_so: held.ip_rules}


def _put_without_lists() -> Call:
    return "putRules", {"networkAcls": {"bypass": "None", "defaultAction": "Deny"}}


@flaw("absent-lists-are-one-list", "STA-1 STA-2 DEC-15 DEC-3", "open", needs_history=True)
@shown_by(_put_without_lists(), add(_RANGE), _put_without_lists(), ask(call()))
class _AbsentListsAreOneList(Stateful):
    """`def put(rules=[])`: an absent list is always the same list object, and a rule added to it stays in it."""

    stand_in: tuple[IpRule, ...] = ()
    is_in_force = False

    def put_rules(self, *, network_acls: JsonObject) -> JsonObject:
        before, self.is_in_force = self.is_in_force, False
        answer = super().put_rules(network_acls=network_acls)
        if not answer["accepted"]:
            self.is_in_force = before
        elif "ipRules" not in network_acls:
            self.is_in_force = True
            self.install(self.held._replace(ip_rules=self.stand_in))
        return answer

    def install(self, held: Held) -> None:
        super().install(held)
        if self.is_in_force:
            self.stand_in = held.ip_rules
