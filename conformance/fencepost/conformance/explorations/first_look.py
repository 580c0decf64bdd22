"""A first look, before the broad explorations: a few rule sets, and for each the few most telling requests."""

from collections.abc import Iterator
from functools import partial
from random import Random

from fencepost.conformance.bench.bench import Bench
from fencepost.conformance.bench.exploration import Exploration, Scenario
from fencepost.conformance.bench.setting import Setting
from fencepost.conformance.explorations.decisions import DECISIONS, network_of, rule_set
from fencepost.conformance.generate import requests
from fencepost.conformance.generate.boundaries import LANDMARKS, edges
from fencepost.conformance.selection.cover import Cover
from fencepost.conformance.selection.request_faults import WEIGHTS, RuleView
from fencepost.reference import Request, Vault

_PLANS = (
    ("rich", "Deny", "AzureServices"),
    ("rich", "Deny", "None"),
    ("subnets", "Deny", "None"),
    ("empty", "Deny", "AzureServices"),
    ("single", "Deny", "None"),
    ("rich", "Allow", "None"),
)
_CHOSEN, _OFFERED = 16, 100
"""How many requests each rule set is asked, and from how many of each sort they are chosen."""

_SHARE = 3


def _scenarios(setting: Setting) -> Iterator[Scenario]:
    for index in setting.rounds(1):
        yield Scenario(aims=DECISIONS.serves, run=partial(_looked, setting=setting, index=index))


def _looked(bench: Bench, setting: Setting, index: int) -> None:
    random = setting.random("first look", index)
    network, cover = network_of(random, setting), Cover(weights=WEIGHTS)
    bench.reset(network)
    for turn, (kind, default_action, bypass) in enumerate(_PLANS, start=index * len(_PLANS)):
        if bench.put(rule_set(random, setting, network, kind, default_action, bypass, turn=turn), aim=None):
            bench.read()
            bench.ask(_chosen(random, bench.vault, setting, cover))


def _chosen(random: Random, vault: Vault, setting: Setting, cover: Cover) -> list[Request]:
    """Of all possible requests, those that add most to the fault classes asked so far."""
    sight, capabilities = RuleView(vault=vault), setting.capabilities
    blocks = [rule.block for rule in vault.rules.ip_rules]
    sorts: list[list[Request]] = [
        [Request(address=one) for block in blocks for one in edges(block)],
        [Request(address=one) for one in (*LANDMARKS, *sight.alike)],
        list(requests.crossed(random, vault, capabilities, share=_SHARE)),
        list(requests.every_operation(random, vault, capabilities)),
        list(requests.every_service(random, vault, capabilities)),
        list(requests.in_other_letters(random, vault)) if capabilities.subnets else [],
        list(requests.portal_pair(random, vault)) if capabilities.control_plane else [],
    ]
    some = [one for sort in sorts for one in random.sample(sort, min(_OFFERED, len(sort)))]
    possible = dict.fromkeys(one for one in some if 0 <= one.address < 2**32)
    offered = [(one, classes) for one in possible if (classes := sight.classes(one))]
    return cover.choose(offered, _CHOSEN)


FIRST_LOOK = Exploration(name="first look", serves=DECISIONS.serves, scenarios=_scenarios, in_breadth=DECISIONS.name)
