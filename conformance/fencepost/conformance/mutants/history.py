"""Flaws that only a history shows: adding, removing and updating in an order that nobody tried."""

from collections.abc import Sequence

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.mutants.mutant import TODAY_ONLY, Flaws
from fencepost.conformance.mutants.remembering import Remembering
from fencepost.conformance.mutants.values import Held, IpRule, SubnetRule
from fencepost.conformance.mutants.vault import Vault
from fencepost.conformance.mutants.witness import (
    APP,
    APP_2,
    DATABASE,
    HERE,
    INSIDE,
    add,
    add_subnet,
    ask,
    call,
    put,
    remove,
    remove_subnet,
    update,
)

flaw = Flaws("state")

_RANGE, _OTHER = "20.0.0.0/24", "52.0.0.0/24"


@flaw(
    "removing-does-nothing",
    clause="STA-2",
    also=("LIM-8",),
    direction="open",
    story="Removing answers 'done' and was to be written later.",
    needs_history=True,
    witness=lambda _: (put(_RANGE), remove(_RANGE), ask(call())),
)
class _RemovingDoesNothing(Vault):
    def without_ip_rule(self, held: Held, rule: IpRule) -> Held:  # noqa: ARG002 - not looking is the flaw
        return held


@flaw(
    "removing-takes-the-first-of-equals",
    clause="STA-2",
    direction="open",
    story="list.remove() takes one away, and the rule was there twice.",
    origin="Azure/azure-powershell #20605: duplicates are stored, and removing them fails",
    needs_history=True,
    choice="duplicates",
    witness=lambda _: (put(_RANGE, _RANGE), remove(_RANGE), ask(call())),
)
class _RemovingTakesTheFirstOfEquals(Vault):
    def without_ip_rule(self, held: Held, rule: IpRule) -> Held:
        left = list(held.ip_rules)
        if rule in left:
            left.remove(rule)
        return held._replace(ip_rules=tuple(left))


@flaw(
    "removing-by-text-prefix",
    clause="STA-2",
    direction="closed",
    story="The rules to remove are found with startswith: 20.0.0.1 takes 20.0.0.17 along.",
    needs_history=True,
    witness=lambda _: (put("20.0.0.1", "20.0.0.17"), remove("20.0.0.1"), ask(call("20.0.0.17"))),
)
class _RemovingByTextPrefix(Vault):
    def same_rule(self, named: IpRule, other: IpRule) -> bool:
        return other.text.startswith(named.text.removesuffix("/32"))


@flaw(
    "removing-by-network-address",
    clause="STA-2",
    direction="closed",
    story="Rules are the same if their network address is: removing 20.0.0.0/24 takes 20.0.0.0/16 along.",
    needs_history=True,
    witness=lambda _: (put("20.0.0.0/16", "20.0.0.0/24"), remove("20.0.0.0/24"), ask(call("20.0.9.7"))),
)
class _RemovingByNetworkAddress(Vault):
    def same_rule(self, named: IpRule, other: IpRule) -> bool:
        return named.network == other.network


@flaw(
    "removing-takes-inner-rules-along",
    clause="STA-2",
    direction="closed",
    story="Removing a prefix from the trie cuts the branch with all that grows on it.",
    needs_history=True,
    witness=lambda _: (put("20.0.0.0/16", "20.0.4.0/24"), remove("20.0.0.0/16"), ask(call("20.0.4.7"))),
)
class _RemovingTakesInnerRulesAlong(Vault):
    def same_rule(self, named: IpRule, other: IpRule) -> bool:
        return named.first <= other.first and other.last <= named.last


@flaw(
    "removing-takes-the-last",
    clause="STA-2",
    direction="both",
    story="The rule is found, and what is taken off is the end of the list.",
    needs_history=True,
    witness=lambda _: (put(_RANGE, _OTHER), remove(_RANGE), ask(call())),
)
class _RemovingTakesTheLast(Vault):
    def without_ip_rule(self, held: Held, rule: IpRule) -> Held:
        return held._replace(ip_rules=held.ip_rules[:-1]) if rule in held.ip_rules else held


@flaw(
    "removing-skips-the-rule-after",
    clause="STA-2",
    direction="closed",
    story="The list is changed while it is walked, and the rule after the removed one is passed over and lost.",
    needs_history=True,
    witness=lambda _: (put(_RANGE, _OTHER), remove(_RANGE), ask(call("52.0.0.7"))),
)
class _RemovingSkipsTheRuleAfter(Vault):
    def without_ip_rule(self, held: Held, rule: IpRule) -> Held:
        pairs = zip((None, *held.ip_rules), held.ip_rules, strict=False)
        kept = tuple(other for before, other in pairs if rule not in (before, other))
        return held._replace(ip_rules=kept)


@flaw(
    "removing-the-only-rule-fails",
    clause="STA-2",
    direction="open",
    story="A list that would be empty is taken for 'not given', and the rule stays.",
    needs_history=True,
    witness=lambda _: (put(_RANGE), remove(_RANGE), ask(call())),
)
class _RemovingTheOnlyRuleFails(Vault):
    def without_ip_rule(self, held: Held, rule: IpRule) -> Held:
        left = super().without_ip_rule(held, rule)
        return left if left.ip_rules else held


@flaw(
    "bare-and-slash-32-are-two",
    clause="STA-2",
    direction="open",
    story="Rules are removed by their text, and the service writes /32 where the user did not.",
    origin="Azure/azure-cli #21330; hashicorp/terraform-provider-azurerm #2164",
    profiles=TODAY_ONLY,
    needs_history=True,
    witness=lambda _: (put(HERE), remove(f"{HERE}/32"), ask(call())),
)
class _BareAndSlash32AreTwo(Vault):
    def read_ip_rules(self, entries: Sequence[object]) -> tuple[IpRule, ...]:
        rules = super().read_ip_rules(entries)
        texts = [str(self.member(entry, "value")) for entry in entries]
        return tuple(rule._replace(text=text) for rule, text in zip(rules, texts, strict=True))

    def remove_ip_rule(self, *, value: object) -> JsonObject:
        self.named = value
        return super().remove_ip_rule(value=value)

    def same_rule(self, named: IpRule, other: IpRule) -> bool:
        return super().same_rule(named, other) and other.text == self.named


@flaw(
    "removing-subnets-by-spelling",
    clause="STA-2",
    also=("DEC-8",),
    direction="open",
    story="A network rule is removed where its id is spelled as it was when it was written.",
    needs_history=True,
    witness=lambda _: (put(subnets=[APP]), remove_subnet(APP.lower()), ask(call(INSIDE, subnet=APP))),
)
class _RemovingSubnetsBySpelling(Vault):
    def without_subnet_rule(self, held: Held, subnet: str) -> Held:
        return held._replace(subnet_rules=tuple(rule for rule in held.subnet_rules if rule.text != subnet))


@flaw(
    "removing-a-subnet-takes-the-network",
    clause="STA-2",
    direction="closed",
    story="Network rules are kept by virtual network, and removing one removes the entry.",
    needs_history=True,
    witness=lambda _: (put(subnets=[APP, DATABASE]), remove_subnet(APP), ask(call(INSIDE, subnet=DATABASE))),
)
class _RemovingASubnetTakesTheNetwork(Vault):
    def without_subnet_rule(self, held: Held, subnet: str) -> Held:
        home = self.fold(subnet).rpartition("/")[0]
        left = tuple(rule for rule in held.subnet_rules if rule.id.rpartition("/")[0] != home)
        return held._replace(subnet_rules=left)


@flaw(
    "removing-a-subnet-by-its-beginning",
    clause="STA-2",
    direction="closed",
    story="The rules to remove are found with startswith: 'app' takes 'app-2' along.",
    needs_history=True,
    witness=lambda _: (put(subnets=[APP, APP_2]), remove_subnet(APP), ask(call(INSIDE, subnet=APP_2))),
)
class _RemovingASubnetByItsBeginning(Vault):
    def without_subnet_rule(self, held: Held, subnet: str) -> Held:
        gone = self.fold(subnet)
        return held._replace(subnet_rules=tuple(rule for rule in held.subnet_rules if not rule.id.startswith(gone)))


@flaw(
    "rule-added-again-stays-removed",
    clause="STA-2",
    direction="closed",
    story="Removed rules are marked deleted; adding one again finds the mark and leaves it.",
    needs_history=True,
    witness=lambda _: (put(_RANGE), remove(_RANGE), add(_RANGE), ask(call())),
)
class _AddedAgainStaysRemoved(Vault):
    def put_rules(self, *, network_acls: JsonObject) -> JsonObject:
        answer = super().put_rules(network_acls=network_acls)
        if answer["accepted"]:
            self.graves: set[IpRule] = set()
            self.install(self.held)
        return answer

    def reset(self, *, subnets: Sequence[JsonObject]) -> JsonObject:
        self.graves = set()
        return super().reset(subnets=subnets)

    def without_ip_rule(self, held: Held, rule: IpRule) -> Held:
        self.graves.add(rule)
        return super().without_ip_rule(held, rule)

    def arrange(self, rules: tuple[IpRule, ...]) -> tuple[IpRule, ...]:
        return tuple(rule for rule in super().arrange(rules) if rule not in self.graves)


@flaw(
    "adding-works-on-the-last-put",
    clause="STA-2",
    direction="open",
    story="Adding reads the last list that was put, appends and writes it; what was removed since comes back.",
    needs_history=True,
    witness=lambda _: (put(_RANGE), remove(_RANGE), add(_OTHER), ask(call())),
)
class _AddingWorksOnTheLastPut(Vault):
    listed: tuple[IpRule, ...] = ()

    def put_rules(self, *, network_acls: JsonObject) -> JsonObject:
        answer = super().put_rules(network_acls=network_acls)
        self.listed = self.held.ip_rules if answer["accepted"] else self.listed
        return answer

    def reset(self, *, subnets: Sequence[JsonObject]) -> JsonObject:
        self.listed = ()
        return super().reset(subnets=subnets)

    def with_ip_rule(self, held: Held, rule: IpRule) -> Held:
        missing = tuple(old for old in self.listed if old not in held.ip_rules)
        return super().with_ip_rule(held._replace(ip_rules=(*missing, *held.ip_rules)), rule)


@flaw(
    "second-add-replaces-the-first",
    clause="STA-2",
    also=("STA-6", "LIM-7"),
    direction="closed",
    story="Each call to add begins from the list as it was put.",
    needs_history=True,
    witness=lambda _: (put(), add(_RANGE), add(_OTHER), ask(call())),
)
class _SecondAddReplacesTheFirst(Vault):
    added = False

    def put_rules(self, *, network_acls: JsonObject) -> JsonObject:
        self.added = False
        return super().put_rules(network_acls=network_acls)

    def reset(self, *, subnets: Sequence[JsonObject]) -> JsonObject:
        self.added = False
        return super().reset(subnets=subnets)

    def with_ip_rule(self, held: Held, rule: IpRule) -> Held:
        base = held._replace(ip_rules=held.ip_rules[:-1]) if self.added else held
        self.added = True
        return super().with_ip_rule(base, rule)

    def without_ip_rule(self, held: Held, rule: IpRule) -> Held:
        self.added = False
        return super().without_ip_rule(held, rule)


@flaw(
    "update-forgets-what-was-added",
    clause="STA-2",
    also=("STA-3",),
    direction="closed",
    story="An update writes the last list that was put with new switches; rules added since are lost.",
    needs_history=True,
    witness=lambda _: (put(), add(_RANGE), update(bypass="AzureServices"), ask(call())),
)
class _UpdateForgetsWhatWasAdded(Vault):
    added: frozenset[IpRule] = frozenset()

    def read_acls(self, acls: JsonObject) -> Held:
        self.added = frozenset()
        return super().read_acls(acls)

    def reset(self, *, subnets: Sequence[JsonObject]) -> JsonObject:
        self.added = frozenset()
        return super().reset(subnets=subnets)

    def with_ip_rule(self, held: Held, rule: IpRule) -> Held:
        self.added |= {rule}
        return super().with_ip_rule(held, rule)

    def with_switches(self, held: Held, bypass: str | None, default_action: str | None) -> Held:
        put_so = tuple(rule for rule in held.ip_rules if rule not in self.added)
        return super().with_switches(held._replace(ip_rules=put_so), bypass, default_action)


@flaw(
    "add-after-update-is-not-compiled",
    clause="STA-2",
    direction="closed",
    story="An update marks the matcher as fresh, and the rule that is added next does not unmark it.",
    needs_history=True,
    witness=lambda _: (put(), update(bypass="AzureServices"), add(_RANGE), ask(call())),
)
class _AddAfterUpdateIsNotCompiled(Vault):
    fresh = False

    def reset(self, *, subnets: Sequence[JsonObject]) -> JsonObject:
        self.fresh = False
        return super().reset(subnets=subnets)

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


@flaw(
    "added-rule-replaces-the-wider-one",
    clause="STA-6",
    also=("STA-2",),
    direction="closed",
    story="A rule that is added takes the place of one that overlaps it, 'the newer being meant'.",
    needs_history=True,
    witness=lambda _: (put("20.0.0.0/16"), add("20.0.4.0/24"), ask(call("20.0.9.7"))),
)
class _AddedRuleReplacesTheWiderOne(Vault):
    def with_ip_rule(self, held: Held, rule: IpRule) -> Held:
        apart = tuple(old for old in held.ip_rules if old.last < rule.first or rule.last < old.first)
        return super().with_ip_rule(held._replace(ip_rules=apart), rule)


@flaw(
    "added-rule-turns-the-firewall-on",
    clause="STA-6",
    also=("STA-2", "DEC-1", "STA-4"),
    direction="closed",
    story="Adding the first rule sets the default action to Deny: why else would one add it?",
    needs_history=True,
    witness=lambda _: (put(default="Allow"), add(_OTHER), ask(call())),
)
class _AddedRuleTurnsTheFirewallOn(Vault):
    def with_ip_rule(self, held: Held, rule: IpRule) -> Held:
        return super().with_ip_rule(held if held.ip_rules else held._replace(default_action="Deny"), rule)


@flaw(
    "removing-the-last-rule-turns-the-firewall-off",
    clause="STA-6",
    also=("STA-2", "DEC-15"),
    direction="open",
    story="Without rules the form has nothing to show and writes its initial state back, Allow.",
    needs_history=True,
    witness=lambda _: (put(_OTHER), remove(_OTHER), ask(call())),
)
class _RemovingTheLastRuleTurnsTheFirewallOff(Vault):
    def without_ip_rule(self, held: Held, rule: IpRule) -> Held:
        left = super().without_ip_rule(held, rule)
        emptied = held.ip_rules and not left.ip_rules and not left.subnet_rules
        return left._replace(default_action="Allow") if emptied else left


@flaw(
    "added-subnet-waits-for-a-put",
    clause="STA-2",
    also=("STA-6",),
    direction="closed",
    story="Network rules are looked up in an index that is built when the whole set is put.",
    needs_history=True,
    witness=lambda _: (put(), add_subnet(APP), ask(call(INSIDE, subnet=APP))),
)
class _AddedSubnetWaitsForAPut(Vault):
    def read_acls(self, acls: JsonObject) -> Held:
        held = super().read_acls(acls)
        self.index = frozenset(rule.id for rule in held.subnet_rules)
        return held

    def reset(self, *, subnets: Sequence[JsonObject]) -> JsonObject:
        self.index = frozenset[str]()
        return super().reset(subnets=subnets)

    def same_subnet(self, rule: SubnetRule, caller: str) -> bool:
        return rule.id in self.index and super().same_subnet(rule, caller)


@flaw(
    "answers-outlive-single-writes",
    clause="STA-2",
    also=("STA-6", "STA-9", "DEC-17"),
    direction="both",
    story="Answers are remembered, and forgotten when the whole set is put; not when a rule is added or removed.",
    needs_history=True,
    witness=lambda _: (put(_RANGE), ask(call()), remove(_RANGE), ask(call())),
)
class _AnswersOutliveSingleWrites(Remembering):
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


@flaw(
    "answers-outlive-updates",
    clause="STA-2",
    also=("STA-3", "STA-9"),
    direction="both",
    story="Answers are remembered, and forgotten when rules change; an update changes none.",
    needs_history=True,
    witness=lambda _: (put(), ask(call()), update(default="Allow"), ask(call())),
)
class _AnswersOutliveUpdates(Remembering):
    def with_switches(self, held: Held, bypass: str | None, default_action: str | None) -> Held:
        self.keeps = True
        return super().with_switches(held, bypass, default_action)

    def forget(self) -> None:
        if not getattr(self, "keeps", False):
            super().forget()
        self.keeps = False


@flaw(
    "fourth-add-is-dropped",
    clause="STA-2",
    also=("LIM-7",),
    direction="closed",
    story="Added rules go to a buffer of three that is emptied by the next put.",
    needs_history=True,
    witness=lambda _: (put(), *(add(f"20.0.{index}.0/24") for index in range(1, 5)), ask(call("20.0.4.7"))),
)
class _FourthAddIsDropped(Vault):
    buffered = 0

    def put_rules(self, *, network_acls: JsonObject) -> JsonObject:
        self.buffered = 0
        return super().put_rules(network_acls=network_acls)

    def reset(self, *, subnets: Sequence[JsonObject]) -> JsonObject:
        self.buffered = 0
        return super().reset(subnets=subnets)

    def with_ip_rule(self, held: Held, rule: IpRule) -> Held:
        self.buffered += 1
        return super().with_ip_rule(held, rule) if self.buffered < 4 else held
