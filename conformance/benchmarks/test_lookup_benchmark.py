"""How fast the reference looks an address up and decides, beside netaddr, `ipaddress` and pytricia in the same run.

Run with `pytest -n 0 conformance/benchmarks --benchmark-only`; the ratios of the columns `OPS` in one group are the
result. One round asks all the questions once, so decisions a second are `OPS` times the number in the name of the
group.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

import pytest
from fencepost.reference import (
    Block,
    Bypass,
    DefaultAction,
    IpRule,
    Network,
    Outcome,
    Request,
    RuleSet,
    cidr_from_block,
    decide,
    is_clear,
    load_profile,
    text_from_address,
)
from netaddr import IPSet
from pytest_benchmark.fixture import BenchmarkFixture
from pytricia import PyTricia

SIZES = (3, 127, 1000)
QUESTIONS = 1000
SEED = 20180828


@dataclass(frozen=True, slots=True, kw_only=True)
class Questions:
    """A rule set of separate public ranges, and addresses of which every other one is in it."""

    rules: RuleSet
    addresses: tuple[int, ...]

    @property
    def values(self) -> list[str]:
        """The ranges as text."""
        return [rule.text for rule in self.rules.ip_rules]

    @property
    def texts(self) -> list[str]:
        """The addresses as text, as a string-keyed library is asked."""
        return [text_from_address(address) for address in self.addresses]


def questions(size: int) -> Questions:
    """The questions for a rule set of so many rules, the same in every run."""
    chance = random.Random(SEED + size)
    taken: dict[int, IpRule] = {}
    while len(taken) < size:
        length = 2 ** chance.randint(0, 12)
        first = chance.getrandbits(32) // length * length
        block = Block(first, first + length - 1)
        if is_clear(block) and not any(rule.block.meets(block) for rule in taken.values()):
            taken[first] = IpRule(text=cidr_from_block(block), block=block)
    rules = tuple(taken.values())
    inside = [chance.randint(rule.block.first, rule.block.last) for rule in chance.choices(rules, k=QUESTIONS // 2)]
    outside = [chance.getrandbits(32) for _ in range(QUESTIONS // 2)]
    return Questions(
        rules=RuleSet(default_action=DefaultAction.DENY, bypass=Bypass.NONE, ip_rules=rules),
        addresses=tuple(address for pair in zip(inside, outside, strict=True) for address in pair),
    )


def by_reference_look_up(asked: Questions) -> Callable[[], int]:
    """Merged integer intervals and bisection, on integers."""
    find, addresses = asked.rules.ip_rule_at, asked.addresses
    return lambda: QUESTIONS - [find(address) for address in addresses].count(None)


def by_reference_decide(asked: Questions) -> Callable[[], int]:
    """The whole decision, on requests."""
    requests = [Request(address=address) for address in asked.addresses]
    rules, network, profile = asked.rules, Network(), load_profile("keyvault")

    def run() -> int:
        decisions = [decide(request, rules=rules, network=network, profile=profile) for request in requests]
        return [decision.outcome for decision in decisions].count(Outcome.ALLOW)

    return run


def by_netaddr(asked: Questions) -> Callable[[], int]:
    """netaddr's `IPSet`, on text."""
    members, texts = IPSet(asked.values), asked.texts
    return lambda: [text in members for text in texts].count(True)


def by_ipaddress(asked: Questions) -> Callable[[], int]:
    """The standard library's networks, one after another, on addresses."""
    networks = [IPv4Network(value) for value in asked.values]
    addresses = [IPv4Address(address) for address in asked.addresses]
    return lambda: [any(address in network for network in networks) for address in addresses].count(True)


def by_pytricia(asked: Questions) -> Callable[[], int]:
    """A Patricia trie in C, on text."""
    trie, texts = PyTricia(32), asked.texts
    for value in asked.values:
        trie[value] = True
    return lambda: [text in trie for text in texts].count(True)


CONTENDERS = (by_reference_look_up, by_reference_decide, by_netaddr, by_ipaddress, by_pytricia)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("contender", CONTENDERS, ids=lambda contender: contender.__name__)
def test_looking_addresses_up(
    benchmark: BenchmarkFixture, contender: Callable[[Questions], Callable[[], int]], size: int
) -> None:
    benchmark.group = f"{size:,} rules, {QUESTIONS:,} addresses a round"
    asked = questions(size)
    expected = by_netaddr(asked)()
    run = contender(asked)
    assert run() == expected
    benchmark.extra_info["rules"] = size
    benchmark.extra_info["addresses a round"] = QUESTIONS
    assert benchmark(run) == expected
