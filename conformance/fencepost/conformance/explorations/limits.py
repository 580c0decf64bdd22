"""Rule sets at the limits and one over them, and the state after a refusal for size (LIM-1 … LIM-9)."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from random import Random
from typing import NamedTuple, TypeVar

from fencepost.conformance.bench.bench import Bench
from fencepost.conformance.bench.exploration import Exploration, Scenario
from fencepost.conformance.bench.setting import Setting
from fencepost.conformance.explorations.limits_one_by_one import by_adding
from fencepost.conformance.explorations.long_lists import (
    across_a_power_of_two,
    grown,
    thinned,
    tiled,
    widest_of,
    without_and_with,
)
from fencepost.conformance.explorations.rule_lists import SWITCHES, RuleList, ask_every_rule, network_of, rule_lists
from fencepost.conformance.generate import blocks, networks, requests
from fencepost.conformance.generate.boundaries import edges
from fencepost.conformance.generate.rule_sets import FLAG
from fencepost.conformance.lockstep.wire import WireRules, entries_of, wire_rules
from fencepost.reference import Block, Request, Vault, address_from_text

_LISTS = ("ipRules", "virtualNetworkRules")
_SAMPLE = 40
_AROUND = 5
"""How many ranges lie around four neighbours each, in a list that can be merged."""

_ASKED_ABOUT = 16
_T = TypeVar("_T")


class _Shares(NamedTuple):
    """How full lists are: the least and the greatest share of the maximum, of a list and of the IP rules beside it."""

    of_list: tuple[float, float]
    beside: tuple[float, float]


_SOME = _Shares(of_list=(0.1, 0.5), beside=(0.03, 0.06))
_MANY = _Shares(of_list=(0.5, 0.98), beside=(0.06, 0.1))
"""Other explorations fill a list little, or up to its maximum."""


def _mergeable(random: Random, count: int) -> list[str]:
    """Different values that count as fewer if ranges are merged: neighbours, what is around them, and nested ranges."""
    start = blocks.block(random, 12).first
    outer = Block(start + 2**16, start + 2**17 - 1)
    inside = [Block(at, at + 3) for at in range(outer.first, outer.first + 16 * (count // 2), 16)]
    around = [Block(at, at + 3) for at in range(start, start + 4 * _AROUND, 4)]
    beside = [Block(start + n, start + n) for n in range(count - len(inside) - len(around) - 1)]
    found = [blocks.text(one) for one in (outer, *inside, *around, *beside)]
    random.shuffle(found)
    return found


def _scenarios(setting: Setting) -> Iterator[Scenario]:
    kinds = rule_lists(setting)
    network = network_of(setting.profile, kinds)

    def scenario(aims: tuple[str, ...], body: Callable[[Bench, Random], None], *purpose: object) -> Scenario:
        def run(bench: Bench) -> None:
            bench.settle_in(network)
            body(bench, setting.random("limits", *purpose))

        return Scenario(aims=aims, run=run)

    for index in setting.rounds(1):
        for kind in kinds:
            name = kind.accepted
            yield scenario((kind.accepted,), partial(_full, kind=kind), name, "full", index)
            if setting.capabilities.refusals:
                yield scenario((kind.refused, "LIM-6"), partial(_over, kind=kind), name, kind.refused, index)
                whatever = partial(_whatever_the_switches, kind=kind)
                yield scenario(("LIM-9", "LIM-6"), whatever, name, "LIM-9", index)
            if setting.capabilities.refusals and setting.capabilities.incremental:
                others = [other for other in kinds if other is not kind]
                yield scenario(("LIM-7", "LIM-8"), partial(by_adding, kind=kind, others=others), name, "add", index)
            if setting.capabilities.refusals and setting.capabilities.incremental and kind.member == "value":
                yield scenario(("LIM-7",), partial(_merged, kind=kind), name, "merged", index)
        if setting.capabilities.incremental:
            yield scenario(("STA-2",), partial(across_a_power_of_two, kind=kinds[0]), "power of two", index)
            yield scenario(("STA-2",), partial(grown, kind=kinds[0]), "grown", index)
            if setting.capabilities.refusals:  # a subject that only decides has few writes
                yield scenario(("STA-2",), partial(thinned, kind=kinds[0]), "thinned", index)
        yield scenario(("STA-2",), partial(tiled, kind=kinds[0]), "tiled", index)
        if len(kinds) == 2:
            yield scenario(("LIM-5",), partial(_both, kinds=kinds), "both", index)


def _full(bench: Bench, random: Random, kind: RuleList) -> None:
    """The maximum is accepted and each rule is in force, in any order; with one rule fewer; with long text."""
    counts = (
        (kind.maximum,) if bench.capabilities.incremental else (kind.maximum, kind.maximum - 1)
    )  # adding passes by one fewer
    filled = [kind.fill(random, count) for count in counts]
    longest = [blocks.text(one) for one in blocks.longest(kind.maximum)]
    for rules in (*filled, longest) if kind.member == "value" else filled:
        count = len(rules)
        exercises = (kind.accepted,) if count == kind.maximum else ()
        gone = _some_callers(bench, random)
        if bench.put(kind.acls(rules, SWITCHES[random.randrange(2)]), exercises=exercises, aim=kind.accepted):
            bench.limit_at_least(kind.accepted, count)
            bench.read()
            ask_every_rule(bench, random, kind.accepted)
            bench.ask(gone, aim="STA-1")


def _some_callers(bench: Bench, random: Random) -> list[Request]:
    """Callers of some rules of each list in force, from any place in it."""
    rules = bench.vault.rules
    ranges = random.sample(rules.ip_rules, min(_SAMPLE, len(rules.ip_rules)))
    listed = random.sample(rules.virtual_network_rules, min(_SAMPLE, len(rules.virtual_network_rules)))
    found = [Request(address=rule.block.first) for rule in ranges]
    return found + [Request(address=requests.private(random), subnet=rule.id) for rule in listed]


def _base(bench: Bench, random: Random, kind: RuleList, shares: _Shares) -> list[Request] | None:
    """Put a rule set with such shares of the maxima; requests that show whether it is in force. None if refused."""
    values = [blocks.text(blocks.block(random, prefix)) for prefix in (24, 32, 12)]
    gone = _some_callers(bench, random)
    more = int(kind.maximum * random.uniform(*shares.of_list))
    ids = [subnet.id for subnet in bench.vault.network.subnets[-2 - more :]] if kind.member == "id" else []
    count = more if kind.member == "value" else int(bench.profile.max_ip_rules * random.uniform(*shares.beside))
    values += [blocks.text(blocks.block(random, random.randrange(18, 31))) for _ in range(count)]
    if not bench.put(wire_rules(dict.fromkeys(values), ids)):
        return None
    bench.ask(gone, aim="STA-1")
    rules = bench.vault.rules
    found = [*rules.ip_rules[:3], *_some(random, rules.ip_rules[3:])]
    listed = rules.virtual_network_rules
    listed = (*listed[:1], *_some(random, listed[1:-2]), *listed[-2:])
    asked = [Request(address=rule.block.last) for rule in found]
    asked += [Request(address=requests.private(random), subnet=rule.id) for rule in listed]
    return [*asked, Request(address=requests.outside(random, rules))]


def _some(random: Random, rules: Sequence[_T]) -> list[_T]:
    return random.sample(rules, min(_ASKED_ABOUT, len(rules)))


def _over(bench: Bench, random: Random, kind: RuleList) -> None:
    """One more than the maximum is refused, as is any greater number; the rules in force stay (LIM-6)."""
    before = _base(bench, random, kind, _MANY)
    if before is None:
        return
    bench.ask(before)
    maximum = kind.maximum
    by_one = 2 if bench.capabilities.incremental else 6  # adding asks it again and again
    overs = [maximum + 1] * by_one + ([] if bench.capabilities.incremental else [maximum + 3]) + [maximum * 2 + 3]
    for turn, count in enumerate(overs):
        rules = _mergeable(random, count) if turn == 1 and kind.member == "value" else kind.fill(random, count)
        switches = SWITCHES[random.randrange(4)]
        _refused_whole(bench, random, kind.acls(rules, switches), before, exercises=(), aim=kind.refused)
    if bench.capabilities.incremental:  # a refused set takes no room
        bench.write(kind.add, {kind.member: kind.fill(random, 1)[0]}, aim="LIM-6")
    bench.limit_found(kind.accepted, str(maximum))


def _refused_whole(
    bench: Bench, random: Random, acls: WireRules, before: Sequence[Request], *, exercises: Sequence[str], aim: str
) -> None:
    bench.put(acls, exercises=exercises, aim=aim)
    bench.read()
    asked = [*before, *_of(random, acls)]
    bench.ask(asked, exercises=dict.fromkeys(asked, ("LIM-6",)), aim="LIM-6")


def _of(random: Random, acls: WireRules) -> list[Request]:
    """Callers that the refused rule set would have admitted: by its first rule, its last, and the rule between."""
    found = []
    entries = acls["virtualNetworkRules"]
    if isinstance(entries, list) and entries:
        ids = (entries[place]["id"] for place in (0, len(entries) // 2, -1))
        found += [Request(address=requests.private(random), subnet=str(one)) for one in ids]
    entries = acls["ipRules"]
    if isinstance(entries, list) and entries:
        values = (str(entries[place]["value"]) for place in (0, len(entries) // 2, -1))
        found += [Request(address=address_from_text(one.partition("/")[0])) for one in values]
    return found


def _whatever_the_switches(bench: Bench, random: Random, kind: RuleList) -> None:
    """LIM-9: the same limits under each default action and bypass."""
    before = _base(bench, random, kind, _SOME)
    if before is None:
        return
    bench.ask(before)
    for switches in SWITCHES[2:] if bench.capabilities.incremental else SWITCHES:  # adding covers the first two
        bench.put(kind.acls(kind.fill(random, kind.maximum), switches), exercises=("LIM-9",), aim="LIM-9")
        for more in (1,) if bench.capabilities.incremental else (1, 2, 5):
            rules = kind.fill(random, kind.maximum + more)
            bench.put(kind.acls(rules, switches), exercises=("LIM-9",), aim="LIM-9")


def _both(bench: Bench, random: Random, kinds: Sequence[RuleList]) -> None:
    """LIM-5: both maxima at once; a full list takes nothing from the other. One IP rule contains all the others."""
    ip, subnet = kinds
    values = [blocks.text(one) for one in blocks.engulfed(random, ip.maximum - 1)]
    ids = subnet.fill(random, subnet.maximum)
    if bench.put(wire_rules(values, ids), exercises=("LIM-5",), aim="LIM-5"):
        bench.read()
        ask_every_rule(bench, random, "LIM-5")
        widest = widest_of(bench)
        bench.ask([Request(address=address) for address in edges(widest)])  # first, though last in the list
        if bench.capabilities.incremental:
            without_and_with(bench, random, widest)


def _merged(bench: Bench, random: Random, kind: RuleList) -> None:
    """Rules that can be merged into few fill the list: another inside, beside or around them is a rule too many."""
    rules = _mergeable(random, kind.maximum)
    if not bench.put(kind.acls(rules), exercises=(kind.accepted,), aim=kind.accepted):
        return
    widest = widest_of(bench)
    inside, size = Block(widest.first + 8, widest.first + 11), widest.last - widest.first + 1
    beside = Block(widest.last + 1, widest.last + 4)
    around = Block(widest.first - widest.first % (2 * size), widest.first - widest.first % (2 * size) + 2 * size - 1)
    for one in random.sample((inside, beside, around), 3):
        bench.write(kind.add, {kind.member: blocks.text(one)}, exercises=("LIM-7",), aim="LIM-7")


def _at_once(setting: Setting) -> Iterator[Scenario]:
    """The limits of both lists, shown by writes and few decisions."""
    kinds = rule_lists(setting)
    aims = tuple(clause for kind in kinds for clause in (kind.accepted, kind.refused))
    for index in setting.rounds(1):

        def run(bench: Bench, index: int = index) -> None:
            bench.settle_in(network_of(setting.profile, kinds))
            _full_and_over(bench, setting.random("limits at once", index), kinds)

        yield Scenario(aims=aims, run=run)


def _full_and_over(bench: Bench, random: Random, kinds: Sequence[RuleList]) -> None:
    """Every list full; each with one more rule, by a whole set and by a single change; a place freed and taken.

    A subnet whose endpoint may be missing counts like any other, as does a subnet that has lost it.
    """
    filled = {kind.accepted: kind.fill(random, kind.maximum + 1) for kind in kinds}

    def acls(over: RuleList | None = None) -> WireRules:
        found = wire_rules((), bypass="AzureServices")
        for kind in kinds:
            rules = filled[kind.accepted][: kind.maximum + (kind is over)]
            found |= {member: entries for member, entries in kind.acls(rules).items() if entries and member in _LISTS}
        ids = entries_of(found, "virtualNetworkRules")
        return {**found, "virtualNetworkRules": [{**entry, FLAG: True} for entry in ids]}

    limits = ("LIM-5", "LIM-1", "LIM-3") if len(kinds) > 1 else ("LIM-1",)
    if not bench.put(acls(), exercises=limits, aim=limits[0]):
        return
    bench.read()
    for kind in kinds:
        *_, last, spare = filled[kind.accepted]
        if bench.capabilities.refusals:
            bench.put(acls(kind), aim=kind.refused)
            bench.read()
        if bench.capabilities.refusals and bench.capabilities.incremental:
            bench.write(kind.add, {kind.member: spare}, exercises=("LIM-7",), aim="LIM-7")
            bench.read()
            bench.write(kind.remove, {kind.member: last}, exercises=("LIM-8",), aim="LIM-8")
            bench.write(kind.add, {kind.member: spare}, exercises=("LIM-8",), aim="LIM-8")
            bench.read()
            if bench.vault.profile.choice("duplicates") in ("keep", "collapse"):
                bench.write(kind.add, {kind.member: spare}, aim="DEC-5")
            if kind.member == "id":
                late = acls()
                late["virtualNetworkRules"] = [*({"id": one} for one in filled[kind.accepted][:-2]), {"id": f"{last}/"}]
                bench.put(late, aim="VAL-7")
                bench.read()
            if kind.member == "id" and bench.capabilities.endpoints:
                first = filled[kind.accepted][0]
                bench.endpoints(first, networks.NO_ENDPOINTS[0])
                bench.write(kind.add, {kind.member: last}, exercises=("LIM-7",), aim="LIM-7")
                bench.endpoints(first, networks.ENDPOINTS[0])
    bench.ask(_ends(random, bench.vault), aim=limits[0])


def _ends(random: Random, vault: Vault) -> list[Request]:
    """Callers of the first and last rule of each list, and a caller whom no rule admits."""
    rules = vault.rules
    found = [Request(address=rule.block.first) for rule in (*rules.ip_rules[:1], *rules.ip_rules[-1:])]
    listed = (*rules.virtual_network_rules[:1], *rules.virtual_network_rules[-1:])
    found += [Request(address=requests.private(random), subnet=rule.id) for rule in listed]
    return [*found, Request(address=requests.outside(random, rules))]


LIMITS = Exploration(
    name="limits",
    serves=("LIM-1", "LIM-2", "LIM-3", "LIM-4", "LIM-5", "LIM-6", "LIM-7", "LIM-8", "LIM-9"),
    scenarios=_scenarios,
)
LIMITS_AT_ONCE = Exploration(
    name="limits at once",
    serves=LIMITS.serves,
    scenarios=_at_once,
    in_breadth=LIMITS.name,
)
