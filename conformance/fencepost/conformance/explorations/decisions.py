"""Decisions on rule sets of every kind: the explorations that serve most clauses at once.

One vault's life comes early in a run, the volume late: the first few vaults show most faults.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from random import Random

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.bench.bench import Bench
from fencepost.conformance.bench.exploration import Exploration, Scenario
from fencepost.conformance.bench.setting import Setting
from fencepost.conformance.generate import blocks, callers, networks, opened, requests
from fencepost.conformance.generate.changes import other_spelling
from fencepost.conformance.generate.networks import CASES, ENDPOINTS, NO_ENDPOINTS, other_case
from fencepost.conformance.generate.rule_sets import with_flags, without_empty_lists
from fencepost.conformance.lockstep.wire import WireRules, wire_rules
from fencepost.reference import (
    Block,
    Caller,
    Network,
    Request,
    address_from_text,
    block_from_cidr,
    read_ip_rule,
    text_from_address,
)

_AIMS = (
    *("DEC-2", "DEC-3", "DEC-1", "DEC-4", "DEC-5", "DEC-6", "DEC-7", "DEC-8", "DEC-11", "DEC-12", "DEC-13"),
    *("DEC-14", "DEC-15", "DEC-16", "DEC-17"),
    *("CRED-1", "CRED-2", "CRED-3", "CRED-4", "CTL-1", "CTL-3", "CTL-4", "CTL-5", "STA-1"),
)


_LIVES, _FIRST = 4, 1
_STRIDE, _GONE, _OTHERS, _OPENED = 11, 8, 6, 3


def _lives(setting: Setting, indices: Sequence[int]) -> Iterator[Scenario]:
    for index in indices:
        aims = (_AIMS[index % len(_AIMS)], *_AIMS)
        yield Scenario(aims=aims, run=partial(_vault_life, setting=setting, index=index))


def _letters(setting: Setting, indices: Sequence[int]) -> Iterator[Scenario]:
    if setting.capabilities.subnets:
        for index in indices:
            yield Scenario(aims=("DEC-8",), run=partial(_other_letters, random=setting.random("letters", index)))
            run = partial(_network_in_other_letters, setting=setting, random=setting.random("network letters", index))
            yield Scenario(aims=("DEC-8",), run=run)


def _first(setting: Setting) -> Iterator[Scenario]:
    if not setting.wave:
        yield from _lives(setting, range(_FIRST))
        yield from _letters(setting, range(_FIRST))


def _rest(setting: Setting) -> Iterator[Scenario]:
    if setting.profile.choice("duplicates") in ("keep", "collapse"):
        for index in setting.rounds(1):
            yield Scenario(aims=("DEC-5",), run=partial(_repeated, setting=setting, index=index))
    elif setting.profile.choice("duplicates") == "reject" and setting.capabilities.refusals:
        for index in setting.rounds(1):
            yield Scenario(aims=("DEC-5",), run=partial(_refused_again, setting=setting, index=index))
    asked = 0 if setting.wave else _FIRST
    yield from _lives(setting, setting.rounds(_LIVES, decisions_only=2)[asked:])
    yield from _letters(setting, setting.rounds(2, decisions_only=1)[asked:])


def _vault_life(bench: Bench, setting: Setting, index: int) -> None:
    """One vault and a dozen rule sets in turn, rich ones and bare ones alternating."""
    random = setting.random("decisions", index)
    network = network_of(random, setting)
    bench.reset(network)
    for place, (kind, default_action, bypass) in enumerate((*_PLANS, _LAST_PLANS[index % len(_LAST_PLANS)])):
        plan = setting.random("decisions", index, place)
        acls = rule_set(plan, setting, network, kind, default_action, bypass, turn=index * (len(_PLANS) + 1) + place)
        gone = [rule.block.last for rule in bench.vault.rules.ip_rules][-_GONE:]
        if bench.put(acls, exercises=("VAL-1",) if acls.get("ipRules") else (), aim=None):
            _ask(bench, setting, plan, rich=kind == "rich", place=place)
            bench.ask([Request(address=one) for one in gone], aim="STA-1")
            bench.read()


_PLANS = (
    ("rich", "Deny", "None"),
    ("rich", "Deny", "AzureServices"),
    ("empty", "Deny", "None"),
    ("single", "Deny", "None"),
    ("rich", "Allow", "None"),
    ("subnets", "Deny", "None"),
    ("pair", "Deny", "AzureServices"),
    ("holes", "Deny", "None"),
    ("empty", "Deny", "AzureServices"),
    ("rich", "Deny", "None"),
    ("single", "Deny", "AzureServices"),
    ("pair", "Deny", "None"),
    ("subnets", "Deny", "AzureServices"),
    ("crowded", "Deny", "None"),
)
"""The kinds of rule sets in a vault's life and their switches."""

_LAST_PLANS = (("single", "Allow", "AzureServices"), ("empty", "Allow", "None"))
"""The rule sets that end a life, in turn."""


def network_of(random: Random, setting: Setting) -> Network:
    """The subnets around a vault, some without their endpoint if that is offered; none if no subnets are offered."""
    if not setting.capabilities.subnets:
        return Network()
    return networks.network(random, some_without_endpoint=setting.capabilities.endpoints)


def rule_set(
    random: Random, setting: Setting, network: Network, kind: str, default_action: str, bypass: str, *, turn: int
) -> WireRules:
    """A rule set of this kind; `turn` selects its prefix lengths and subnets.

    The kinds are "rich", "empty", "single", "subnets", "pair", "holes" and "crowded".
    """
    slash_32 = setting.profile.prefix_32 == "accept"
    found = _blocks(random, setting, kind, turn)
    values = [blocks.text(one, random, slash_32=slash_32) for one in found]
    if kind == "rich" and setting.profile.choice("duplicates") in ("keep", "collapse"):
        again = random.sample(values, min(2, len(values)))
        values += [f"{one}/32" if slash_32 and "/" not in one else one for one in again]
    how = random.randrange(3)
    if how == 0:
        random.shuffle(values)
    elif how == 1:
        values.reverse()
    listed = _listed(random, network, kind, turn)
    if kind == "rich" and len(values) > len(found) and listed:
        listed = [*listed, other_case(random, listed[0]) if random.randrange(2) else listed[0]]
    acls = with_flags(random, wire_rules(values, listed, default_action=default_action, bypass=bypass))
    return without_empty_lists(random, acls, setting.capabilities)


def _blocks(random: Random, setting: Setting, kind: str, turn: int) -> list[Block]:
    found: list[Block] = []
    if kind == "rich":
        # Every prefix in turn, whatever the random numbers.
        found += [blocks.block(random, 3 + (turn * 4 + step * 7) % 28) for step in range(4)]
        for constellation in random.sample(blocks.CONSTELLATIONS, 5):
            found += constellation(random)
        found += _in_turn(opened.narrow(setting.profile), turn)
    elif kind == "single" and turn // 7 % 2 == 0 and _lenient(setting):
        lenient = _lenient(setting)
        found = [lenient[turn // 14 % len(lenient)]]
    elif kind == "single":
        found = [blocks.block(random, 32 if turn % 6 == 3 else 3 + turn * 5 % 28)]
    elif kind == "crowded":  # longer than a small structure holds, with every constellation
        count = random.choice((31, 33, 64, 66, 100, 120))
        if turn % 4 < 2:
            return blocks.engulfed(random, random.choice((34, 66, 100)))
        while len(set(found)) < count:
            found += random.choice(blocks.CONSTELLATIONS)(random)
        found = list(dict.fromkeys(found))[:count]
    elif kind == "holes":
        found = blocks.with_holes(random)
    elif kind == "pair":
        found = random.choice(blocks.CONSTELLATIONS[1:])(random)
    elif kind == "subnets" and random.randrange(2):
        found = blocks.single(random)
    return list(dict.fromkeys(found))


def _in_turn(found: Sequence[Block], turn: int) -> list[Block]:
    """A few of the ranges that this subject's choices accept, other ranges in each turn."""
    return [found[(turn * _OPENED + step) % len(found)] for step in range(min(_OPENED, len(found)))]


def _lenient(setting: Setting) -> list[Block]:
    """Ranges that only some subjects accept, as this subject does: a /31, ranges around private space, 0.0.0.0/0."""
    texts = (
        *("0.0.0.0/0", "128.0.0.0/1", "172.0.0.0/8", "128.0.0.0/2", "31.7.7.6/31"),
        *("192.168.0.0/15", "0.0.0.0/1", "64.0.0.0/2"),
    )
    readings = ((text, read_ip_rule(text, setting.profile)) for text in texts)
    return [
        block_from_cidr(text)
        for text, reading in readings
        if reading.is_accepted or (setting.capabilities.refusals and not reading.is_refused)
    ]


def _listed(random: Random, network: Network, kind: str, turn: int) -> list[str]:
    """Subnets to list: the plain look-alike, a few, five in turn, or all but two.

    All of them have their endpoint.
    """
    candidates = [subnet.id for subnet in network.subnets if network.has_endpoint(subnet.id)]
    if not candidates or kind in ("empty", "single", "holes"):
        return []
    if kind == "pair":
        return random.sample(candidates, 1) if random.randrange(2) else []
    if kind == "subnets":
        count = len(candidates)
        return [candidates[(turn // 7 * 5 + step) * _STRIDE % count] for step in range(1, 1 + min(5, count))]
    if kind == "crowded":
        return random.sample(candidates, len(candidates) - 2)
    count = random.randrange(1, 4)
    return random.sample(candidates, count) if random.randrange(2) else candidates[:count]


def _ask(bench: Bench, setting: Setting, random: Random, *, rich: bool, place: int) -> None:
    vault, capabilities = bench.vault, setting.capabilities
    budget = max(260 if rich else 110, 4 * len(vault.rules.ip_rules))
    asked = [Request(address=address) for address in requests.addresses(random, vault.rules, budget=budget)]
    exercises: dict[Request, Sequence[str]] = {}
    asked += requests.crossed(random, vault, capabilities, share=2 if rich else 3)
    if capabilities.subnets:
        asked += requests.in_other_letters(random, vault)
        exercises |= {one: ("DEC-8",) for one in asked[-4:] if _in_other_letters(one, vault.network)}
    asked += requests.at_landmarks(random, vault, capabilities)
    if place in (1, 7, 8, 4):
        asked += requests.every_operation(random, vault, capabilities)
    if place in (0, 1, 6):
        asked += requests.every_service(random, vault, capabilities)
    if capabilities.control_plane and vault.rules.default_action.value == "Deny":
        pair = requests.portal_pair(random, vault)
        asked += pair
        exercises |= dict.fromkeys(pair, ("CTL-5",))
    again = random.sample(asked, min(12, len(asked)))
    exercises |= {one: (*exercises.get(one, ()), "DEC-17") for one in again}
    if place % 2:
        random.shuffle(asked)
    bench.ask([*asked, *again], exercises=exercises)


def _in_other_letters(request: Request, network: Network) -> bool:
    return request.subnet is not None and request.subnet not in {subnet.id for subnet in network.subnets}


def _other_letters(bench: Bench, random: Random) -> None:
    """DEC-8 with the rule's or the network's id in other letters, and the caller's id in the network's letters.

    Callers of other subnets with ids in such letters are still not listed (DEC-7).
    """
    network = networks.network(random, some_without_endpoint=False)
    bench.reset(network)
    for how in range(CASES):
        target = random.choice(network.subnets).id
        written = other_case(random, target, how)
        if not bench.put(wire_rules((), [written]), exercises=("DEC-8",), aim="DEC-8"):
            continue
        asked = [Request(address=requests.private(random), subnet=subnet.id) for subnet in network.subnets]
        asked += [Request(address=requests.private(random), subnet=other_case(random, target)) for _ in range(3)]
        others = random.sample([subnet.id for subnet in network.subnets if subnet.id != target], _OTHERS)
        asked += [Request(address=requests.private(random), subnet=other_case(random, one, how)) for one in others]
        bench.ask(asked, exercises=dict.fromkeys((one for one in asked if _is_same(one, target)), ("DEC-8",)))


def _network_in_other_letters(bench: Bench, setting: Setting, random: Random) -> None:
    """DEC-8 where the network's id differs: `reset` and `setServiceEndpoints` use other letters than the rules do."""
    plain = networks.network(random, some_without_endpoint=False)
    target, beside, *_ = (subnet.id for subnet in plain.subnets)
    asked = [Request(address=requests.private(random), subnet=one) for one in (target, beside)]
    for how in range(CASES):
        spelled = {target: other_case(random, target, how)}
        bench.reset(Network(subnets=tuple(replace(one, id=spelled.get(one.id, one.id)) for one in plain.subnets)))
        if not bench.put(wire_rules((), [target]), exercises=("DEC-8",), aim="DEC-8"):
            continue
        bench.ask(asked, exercises=dict.fromkeys(asked, ("DEC-8",)), aim="DEC-8")
        if not setting.capabilities.endpoints:
            continue
        named = other_case(random, target, (how + 1) % CASES)
        bench.endpoints(named, random.choice(NO_ENDPOINTS))
        off = Request(address=requests.outside(random, bench.vault.rules), subnet=target)
        bench.ask([off, asked[1]], exercises={off: ("DEC-8",)}, aim="DEC-8")
        bench.endpoints(named, random.choice(ENDPOINTS))
        bench.ask(asked, exercises=dict.fromkeys(asked, ("DEC-8",)), aim="DEC-8")


def _repeated(bench: Bench, setting: Setting, index: int) -> None:
    """DEC-5: rules written several times admit like one rule; a removal takes all equal rules away."""
    random = setting.random("repeated", index)
    network = _plain_network(random, setting)
    bench.reset(network)
    found = [one for constellation in (blocks.crowd, blocks.same_start) for one in constellation(random)]
    values = list(dict.fromkeys(blocks.text(one) for one in found))[:4]
    ids = [subnet.id for subnet in random.sample(network.subnets, min(4, len(network.subnets)))]
    repeated, again = _written_again(random, setting, values), [one for name in ids[:2] for one in (name, ids[-1])]
    written = [*ids, other_case(random, ids[0]), *again] if ids else []
    if not bench.put(wire_rules(repeated, written), exercises=("DEC-5",), aim="DEC-5"):
        return
    ends = [Request(address=end) for rule in bench.vault.rules.ip_rules for end in (rule.block.first, rule.block.last)]
    asked = [*dict.fromkeys(ends), *(Request(address=requests.private(random), subnet=one) for one in ids)]
    gone: list[tuple[str, JsonObject]] = [("removeIpRule", {"value": values[place]}) for place in (0, -1)]
    gone += [("removeVirtualNetworkRule", {"id": ids[place]}) for place in (0, -1) if ids]
    exercises = dict.fromkeys(asked, ("DEC-5",))
    bench.ask(asked, exercises=exercises, aim="DEC-5")
    for method, params in gone if setting.capabilities.incremental else ():
        if not bench.write(method, params, exercises=("DEC-5",), aim="DEC-5"):
            return
        bench.read()
        bench.ask(asked, exercises=exercises, aim="DEC-5")


def _refused_again(bench: Bench, setting: Setting, index: int) -> None:
    """DEC-5: a subject that refuses repeated rules keeps its rules and switches."""
    random = setting.random("refused again", index)
    network = _plain_network(random, setting)
    bench.reset(network)
    values = [blocks.text(one) for one in dict.fromkeys(blocks.crowd(random))]
    ids = [subnet.id for subnet in random.sample(network.subnets, min(3, len(network.subnets)))]
    if not bench.put(wire_rules(values, ids), aim="DEC-5"):
        return
    other = [blocks.text(one) for one in dict.fromkeys(blocks.crowd(random))]
    single = text_from_address(blocks.block(random, 32).first)
    repeated: list[tuple[str, JsonObject]] = [
        ("putRules", {"networkAcls": wire_rules(twice, ids[:1], default_action="Allow")})
        for twice in ([*other, other[0]], [single, *other, other_spelling(single, setting.profile)])
    ]
    if ids:
        acls = wire_rules(other, [ids[0], *ids[1:2], other_case(random, ids[0])], bypass="AzureServices")
        repeated.append(("putRules", {"networkAcls": acls}))
    if setting.capabilities.incremental:
        rules = bench.vault.rules.ip_rules
        alone = [one.text for one in rules if sum(one.block.last in other.block for other in rules) == 1]
        repeated.append(("addIpRule", {"value": random.choice(alone or values)}))
        repeated += [("addVirtualNetworkRule", {"id": other_case(random, one)}) for one in ids[:1]]
    asked = [place.request() for place in requests.places(random, bench.vault)]
    asked += [Request(address=rule.block.last) for rule in bench.vault.rules.ip_rules]
    asked += [Request(address=address_from_text(one.partition("/")[0])) for one in other]
    asked += [Request(address=asked[-1].address, caller=one) for one in _trusted(setting)[:1]]
    for method, params in repeated:
        bench.write(method, params, aim="DEC-5")
        bench.ask(asked, aim="STA-2")
        bench.read()


def _trusted(setting: Setting) -> list[Caller]:
    return callers.trusted_callers(setting.profile, setting.capabilities)


def _written_again(random: Random, setting: Setting, values: Sequence[str]) -> list[str]:
    """Each value, the first and the last repeated, an address also as its /32 if that is the same rule."""
    found = [*values, values[0], values[-1], values[0]]
    if setting.profile.prefix_32 == "accept":
        found += [f"{one}/32" for one in (values[0], values[-1]) if "/" not in one]
    random.shuffle(found)
    return found


def _plain_network(random: Random, setting: Setting) -> Network:
    return networks.network(random, some_without_endpoint=False) if setting.capabilities.subnets else Network()


def _is_same(request: Request, subnet: str) -> bool:
    return request.subnet is not None and request.subnet.lower() == subnet.lower()


DECISIONS = Exploration(name="decisions", serves=_AIMS, scenarios=_first)
MORE_DECISIONS = Exploration(name="more decisions", serves=_AIMS, scenarios=_rest)
