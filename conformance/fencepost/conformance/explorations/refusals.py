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
from fencepost.reference import Network, Request


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


def small_set(bench: Bench, random: Random) -> list[Request] | None:
    """Put a small rule set; a few requests that show whether it is still in force. None if it was refused.

    Nothing is written if the set is in force already.
    """
    ids = [subnet.id for subnet in bench.vault.network.subnets[:1]]
    values = [blocks.text(blocks.block(random, prefix)) for prefix in (24, 20, 32)]
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
            single = [mistake for mistake in found if not mistake.entry]

            def run(bench: Bench, clause: str = clause, single: Sequence[Mistake] = single, index: int = index) -> None:
                bench.settle_in(home(setting, index))
                before = small_set(bench, setting.random("refused alone", index))
                if before is not None:
                    order = setting.random("refused alone", clause, index)
                    _refuse_each(bench, before, order.sample(single, len(single)))

            yield Scenario(aims=(clause, "VAL-9"), run=run)


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
