"""Every mistake by its single call, which costs no decision (VAL-2 … 7, VAL-9)."""

from collections.abc import Iterator, Mapping, Sequence
from random import Random

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.bench.bench import Bench
from fencepost.conformance.bench.exploration import Exploration, Scenario
from fencepost.conformance.bench.setting import Setting
from fencepost.conformance.generate import blocks, mistakes, networks, requests
from fencepost.conformance.generate.mistakes import Mistake
from fencepost.conformance.lockstep.case import WriteStep, apply_write
from fencepost.conformance.lockstep.wire import wire_rules
from fencepost.reference import Network, Profile, Request, is_clear, read_ip_rule

ALWAYS = ("empty", "null", "prefix 32 #2")
"""Mistakes easily taken for no entry, or for a bare address: whole sets and single calls make them."""

_EVERY = 8
"""One mistake in so many is made in a whole set only."""

_KNOWN = 3
"""So many addresses with which wrong ranges begin are in force."""


def home(setting: Setting, index: int) -> Network:
    """The network for mistakes: every subnet with its endpoint; empty if the subject offers no subnets."""
    if not setting.capabilities.subnets:
        return Network()
    return networks.network(setting.random("validation network", index), some_without_endpoint=False)


def every_mistake(setting: Setting, network: Network, index: int) -> Mapping[str, Sequence[Mistake]]:
    """Every mistake that a rule set in this network can have, by the clause that demands its refusal."""
    found = list(mistakes.ip_mistakes(setting.profile, setting.random("mistakes", index)))
    if setting.capabilities.subnets:
        found += mistakes.subnet_mistakes(network.subnets[0].id)
    found += mistakes.switch_mistakes(setting.capabilities.switches)
    return {
        clause: [mistake for mistake in found if mistake.clause == clause]
        for clause in dict.fromkeys(mistake.clause for mistake in found)
    }


def only_in_whole_sets(setting: Setting, clause: str, index: int, found: Sequence[Mistake]) -> list[Mistake]:
    """The mistakes of a clause that whole sets make and single calls leave out, where the subject takes both."""
    others = [mistake for mistake in found if not mistake.entry and mistake.name not in ALWAYS]
    return setting.random("whole sets", clause, index).sample(others, -(-len(others) // _EVERY))


def small_set(bench: Bench, random: Random, more: Sequence[str] = ()) -> list[Request] | None:
    """Put a small rule set with `more` rules; some requests that show whether it is in force. None if it was refused.

    Nothing is written if the set is in force already.
    """
    ids = [subnet.id for subnet in bench.vault.network.subnets[:1]]
    values = [*(blocks.text(blocks.block(random, prefix)) for prefix in (24, 20, 32)), *more]
    write = WriteStep(method="putRules", params={"networkAcls": wire_rules(values, ids)})
    wanted = apply_write(bench.vault, write).accepted
    is_in_force = wanted is not None and wanted.rules == bench.vault.rules
    if not is_in_force and not bench.write(write.method, write.params):
        return None
    rules = bench.vault.rules
    asked = [Request(address=rule.block.first) for rule in rules.ip_rules]
    asked += [Request(address=requests.private(random), subnet=one) for one in ids]
    return [*asked, Request(address=requests.outside(random, rules))]


def ignoring(mistake: Mistake) -> JsonObject:
    """The entry with the flag that its endpoint may be missing, so that only its id is wrong."""
    return {"id": mistake.value, "ignoreMissingVnetServiceEndpoint": True}


def _scenarios(setting: Setting) -> Iterator[Scenario]:
    if not setting.capabilities.refusals or not setting.capabilities.incremental:
        return
    for index in setting.rounds(1):
        network = home(setting, index)
        for clause, found in every_mistake(setting, network, index).items():
            elsewhere = only_in_whole_sets(setting, clause, index, found)
            single = [mistake for mistake in found if not mistake.entry and mistake not in elsewhere]

            def run(bench: Bench, clause: str = clause, single: Sequence[Mistake] = single, index: int = index) -> None:
                bench.settle_in(home(setting, index))
                order = setting.random("refused alone", clause, index)
                known = _beginnings(single, setting.profile)
                more = order.sample(known, min(_KNOWN, len(known)))
                before = small_set(bench, setting.random("refused alone", index), more)
                if before is not None:
                    before += _changed(bench, order)
                    _refuse_each(bench, before, order.sample(single, len(single)))

            yield Scenario(aims=(clause, "VAL-9"), run=run)


def _changed(bench: Bench, random: Random) -> list[Request]:
    """Add a rule, remove it and add it again, and remove another; requests about both.

    A program that undoes a refused write by making all writes since the last whole set again may lose these.
    """
    text, gone = blocks.text(blocks.block(random, 28)), bench.vault.rules.ip_rules[0]
    add, remove = "addIpRule", "removeIpRule"
    for method, value in ((add, text), (remove, text), (add, text), (remove, gone.text)):
        bench.write(method, {"value": value}, aim="STA-2")
    return [Request(address=one.block.first) for one in (gone, *bench.vault.rules.ip_rules[-1:])]


def _beginnings(found: Sequence[Mistake], profile: Profile) -> list[str]:
    """The addresses with which wrong ranges begin: in force, they must not make the range a known range."""
    texts = (mistake.value.partition("/") for mistake in found if isinstance(mistake.value, str))
    heads = dict.fromkeys(head for head, slash, _ in texts if slash)
    rules = {one: read_ip_rule(one, profile) for one in heads}
    return [one for one, rule in rules.items() if rule.is_accepted and all(map(is_clear, rule.blocks))]


def _refuse_each(bench: Bench, before: Sequence[Request], found: Sequence[Mistake]) -> None:
    """Each mistake by a call of its own, the last twice in a row; half of them while the rules are dormant.

    A read-back then shows at once what a refusal has changed; without read-back, some callers are asked.
    """

    def ask() -> None:
        bench.ask(before, exercises=dict.fromkeys(before, ("VAL-9",)), aim="STA-2")

    calls = [(mistake, *_call(mistake, turn)) for turn, mistake in enumerate(found)]
    for turn, (mistake, method, params) in enumerate([*calls, *calls[-1:]]):
        if turn == len(found) // 2:
            bench.write("updateRules", {"defaultAction": "Allow"})
        bench.write(method, params, aim=mistake.clause)
        if bench.capabilities.read_back:
            bench.read()
        elif turn % 2:
            ask()
    bench.write("updateRules", {"defaultAction": "Deny"})
    ask()


def _call(mistake: Mistake, turn: int) -> tuple[str, JsonObject]:
    """The single call with the mistake; beside a wrong switch stands a right one, before it or after it."""
    match mistake.member:
        case "ipRules":
            return "addIpRule", {"value": mistake.value}
        case "virtualNetworkRules":
            return "addVirtualNetworkRule", ignoring(mistake)
        case member:
            other = {"defaultAction": "Allow"} if member == "bypass" else {"bypass": "AzureServices"}
            wrong = {member: mistake.value}
            return "updateRules", ({**other, **wrong}, {**wrong, **other}, wrong)[turn % 3]


REFUSALS = Exploration(
    name="refusals",
    serves=("VAL-2", "VAL-3", "VAL-4", "VAL-5", "VAL-6", "VAL-7", "VAL-9"),
    scenarios=_scenarios,
    in_breadth="validation",
)
