"""Writes that must be refused. They change no rule, so a bounded run makes any number (VAL-2 … 9, LIM-2 … 9)."""

from collections.abc import Iterator
from random import Random

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.bench.bench import Bench
from fencepost.conformance.bench.setting import Setting
from fencepost.conformance.generate import blocks, mistakes, requests
from fencepost.conformance.generate.mistakes import Mistake
from fencepost.conformance.lockstep.wire import WireRules, wire_rules
from fencepost.reference import Network, Request, Subnet, Vault

_SPREAD_OVER = 10
"""The number of configurations over which every mistake is made once."""

_SWITCHES = (("Deny", "None"), ("Allow", "AzureServices"), ("Deny", "AzureServices"), ("Allow", "None"))
_OVER = (1, 1, 2, 5)
_FULL_ADDS, _ENOUGH = 5, 24


class Refusals:
    """The mistakes of rule sets, spread over the configurations; none for a subject that refuses nothing."""

    def __init__(self, setting: Setting, network: Network) -> None:
        self._setting = setting
        self._network = network
        self._mistakes = list(self._found()) if setting.capabilities.refusals else []
        self._limits = (
            ("LIM-2", "LIM-4", "LIM-6", "LIM-9") if setting.capabilities.subnets else ("LIM-2", "LIM-6", "LIM-9")
        )
        setting.random("bounded mistakes").shuffle(self._mistakes)

    def _found(self) -> Iterator[Mistake]:
        yield from mistakes.ip_mistakes(self._setting.profile, self._setting.random("mistakes", 0))
        if self._setting.capabilities.subnets:
            yield from mistakes.subnet_mistakes(self._network.subnets[0].id)
        yield from mistakes.switch_mistakes(self._setting.capabilities.switches)

    def put(self, bench: Bench, vault: Vault, random: Random, place: int) -> None:
        """Put this configuration's share of mistakes, and lists that are too long; the rules in force must stay."""
        if not self._mistakes:
            return
        before = _witnesses(bench, random)
        for turn, mistake in enumerate(self._mistakes[place % _SPREAD_OVER :: _SPREAD_OVER]):
            bench.put(self._with_mistake(random, mistake, turn + place), aim=mistake.clause)
            if turn % 3 == 0:
                bench.ask(before, exercises=dict.fromkeys(before, ("VAL-9",)), aim="VAL-9")
        self._put_too_many(bench, vault, random, before, place)
        self._put_without_endpoint(bench, random, before)
        bench.read()

    def _with_mistake(self, random: Random, mistake: Mistake, turn: int) -> WireRules:
        """A rule set of good rules and this mistake, first, last or between."""
        good: list[object] = [{"value": blocks.text(blocks.block(random, prefix))} for prefix in (12, 24, 30)]
        subnets: list[object] = [{"id": one.id} for one in self._usable()[1:3]]
        default_action, bypass = _SWITCHES[turn % len(_SWITCHES)]
        acls = wire_rules((), default_action=default_action, bypass=bypass)
        where = (0, len(good), 1)[turn % 3]
        if mistake.member == "ipRules":
            good.insert(where, mistake.value if mistake.entry else {"value": mistake.value})
        elif mistake.member == "virtualNetworkRules":
            wrong: JsonObject = {"id": mistake.value, "ignoreMissingVnetServiceEndpoint": True}
            subnets.insert(min(where, len(subnets)), mistake.value if mistake.entry else wrong)
        else:
            acls[mistake.member] = mistake.value
        return {**acls, "ipRules": good, "virtualNetworkRules": subnets}

    def _usable(self) -> list[Subnet]:
        return [subnet for subnet in self._network.subnets if self._network.has_endpoint(subnet.id)]

    def _put_too_many(self, bench: Bench, vault: Vault, random: Random, before: list[Request], place: int) -> None:
        """One rule too many, or a few, under each switch; one more by a single change where a list is full."""
        profile, capabilities = self._setting.profile, self._setting.capabilities
        is_enough = all(bench.decisive(one) >= _ENOUGH for one in self._limits)
        for turn in range(0 if is_enough else 2):
            switches = _SWITCHES[(place + turn) % len(_SWITCHES)]
            count = profile.max_ip_rules + _OVER[(place + turn) % len(_OVER)]
            values = [blocks.text(one) for one in blocks.many(random, count)]
            self._refused(bench, wire_rules(values, default_action=switches[0], bypass=switches[1]), "LIM-2", before)
            if capabilities.subnets:
                more = 1 + (place + turn) % 3
                ids = [one.id for one in self._usable()][-(profile.max_virtual_network_rules + more) :]
                acls = wire_rules((), ids, default_action=switches[0], bypass=switches[1])
                self._refused(bench, acls, "LIM-4", before)
        if place == 0:
            bench.limit_found("LIM-1", str(profile.max_ip_rules))
            if capabilities.subnets:
                bench.limit_found("LIM-3", str(profile.max_virtual_network_rules))
        if capabilities.incremental and len(vault.rules.ip_rules) == profile.max_ip_rules:
            for one in blocks.many(random, profile.max_ip_rules + _FULL_ADDS)[-_FULL_ADDS:]:
                if all(rule.block != one for rule in vault.rules.ip_rules):
                    bench.write("addIpRule", {"value": blocks.text(one)}, exercises=("LIM-7",), aim="LIM-7")

    def _refused(self, bench: Bench, acls: WireRules, clause: str, before: list[Request]) -> None:
        bench.put(acls, exercises=("LIM-9",), aim=clause)
        bench.ask(before, exercises=dict.fromkeys(before, ("LIM-6",)), aim="LIM-6")

    def _put_without_endpoint(self, bench: Bench, random: Random, before: list[Request]) -> None:
        """VAL-8: a rule for a subnet that lacks its endpoint, without the flag that it may be missing."""
        capabilities = self._setting.capabilities
        without = [
            one.id
            for one in self._network.subnets
            if not self._network.has_endpoint(one.id) and bench.vault.rules.rule_for_subnet(one.id) is None
        ]
        if not without or not capabilities.endpoint_check:
            return
        for ids in (without[:1], [*(one.id for one in self._usable()[:2]), random.choice(without)]):
            bench.put(wire_rules((), ids), aim="VAL-8")
        bench.ask(before[:4], aim="VAL-9")


def _witnesses(bench: Bench, random: Random) -> list[Request]:
    """A few callers whose answers show whether the rules in force have stayed."""
    vault = bench.vault
    found = [Request(address=rule.block.last) for rule in vault.rules.ip_rules[:2]]
    listed = [rule.id for rule in vault.rules.virtual_network_rules if vault.network.has_endpoint(rule.id)]
    found += [Request(address=requests.private(random), subnet=one) for one in listed[:2]]
    return [*found, Request(address=requests.outside(random, vault.rules))]
