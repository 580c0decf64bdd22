"""Rule sets that must be accepted or refused, and the state after a refusal (VAL-1 … VAL-9)."""

from collections.abc import Iterator, Sequence
from functools import partial
from random import Random

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.bench.bench import Bench
from fencepost.conformance.bench.exploration import Exploration, Scenario
from fencepost.conformance.bench.setting import Setting
from fencepost.conformance.explorations import spellings
from fencepost.conformance.explorations.refusals import (
    ALWAYS,
    every_mistake,
    home,
    ignoring,
    only_in_whole_sets,
    small_set,
)
from fencepost.conformance.generate import blocks, mistakes, networks, opened, requests
from fencepost.conformance.generate.boundaries import edges
from fencepost.conformance.generate.mistakes import Mistake
from fencepost.conformance.generate.rule_sets import FLAG, without_empty_lists
from fencepost.conformance.lockstep.wire import WireRules, wire_rules, wire_rules_in_force
from fencepost.reference import Network, Request, Subnet, Vault

_PACK = 16
_ONE_BY_ONE = 2
_LONG = 3
"""Of the mistakes in whole sets, the first and every so many after it stand late in a long list."""
_SHORTER = 32
"""By fewer entries than this a long list is shorter than the greatest length."""

_SWITCHES = (("Deny", "None"), ("Allow", "AzureServices"), ("Deny", "AzureServices"), ("Allow", "None"))


def _scenarios(setting: Setting) -> Iterator[Scenario]:
    for index in setting.rounds(1):
        network = home(setting, index)
        yield _accepted(setting, index, "VAL-1", _valid(setting.random("valid", index)), network)
        if opened.wide(setting.profile) or opened.narrow(setting.profile):
            yield Scenario(aims=("VAL-1",), run=partial(_opened, setting=setting, index=index))
        if not setting.capabilities.refusals:
            continue
        yield from spellings.scenarios(setting)
        yield _accepted(setting, index, "VAL-3", list(mistakes.PUBLIC_NEIGHBOURS), network)
        if setting.profile.prefix_32 == "accept":
            random = setting.random("slash-32", index)
            singles = list(dict.fromkeys(f"{blocks.text(blocks.block(random, 32))}/32" for _ in range(28)))
            yield _accepted(setting, index, "VAL-2", singles, network)
        yield from _refused(setting, index, network)
        if setting.capabilities.endpoints and setting.profile.missing_endpoint == "reject":
            yield Scenario(aims=("VAL-8",), run=partial(_without_endpoint, setting=setting, index=index))


def _valid(random: Random) -> list[str]:
    """A range of every clear prefix, at random and at the ends of public space, and single addresses."""
    found = [blocks.block(random, prefix) for prefix in range(blocks.SHORTEST, 31) for _ in range(2)]
    found += [blocks.block(random, 32) for _ in range(12)]
    fixed = ["1.0.0.0", "1.0.0.0/8", "223.255.255.255", "223.255.255.0/24", "128.0.0.0", "126.255.255.255", "9.9.9.9"]
    fixed += ["191.10.18.0/24", "124.56.78.91", *mistakes.UNRESERVED_NEIGHBOURS]
    return list(dict.fromkeys([*(blocks.text(one) for one in found), *fixed]))


def _accepted(setting: Setting, index: int, clause: str, values: Sequence[str], network: Network) -> Scenario:
    """The values together by `putRules`, and singly by `addIpRule` if that is offered; each then admits its callers."""

    def run(bench: Bench) -> None:
        random = setting.random("accepted", clause, index)
        bench.settle_in(network)
        shuffled = random.sample(list(values), len(values))
        for start in range(0, len(shuffled), _PACK):
            acls = without_empty_lists(random, wire_rules(shuffled[start : start + _PACK]), setting.capabilities)
            if bench.put(acls, exercises=(clause,), aim=clause):
                _ask_ends(bench, clause)
        if setting.capabilities.incremental and bench.put(wire_rules(())):
            for value in shuffled[:_ONE_BY_ONE]:
                bench.write("addIpRule", {"value": value}, exercises=(clause,), aim=clause)
            _ask_ends(bench, clause)

    return Scenario(aims=(clause,), run=run)


def _opened(bench: Bench, setting: Setting, index: int) -> None:
    """What this subject's choices accept: wide ranges one by one, each around a narrow one; narrow ones apart."""
    random = setting.random("opened", index)
    wide, narrow = opened.wide(setting.profile), opened.narrow(setting.profile)
    bench.settle_in(home(setting, index))
    kept = blocks.text(blocks.block(random, 24))
    for one in random.sample(wide, len(wide)):
        text = blocks.text(one)
        if bench.put(wire_rules([text]), exercises=("VAL-1",), aim="VAL-1"):
            _ask_ends(bench, "VAL-1")
        inner = [other for other in narrow if one.holds(other)]
        begin_alike = [other for other in inner if other.first == one.first]
        inside = dict.fromkeys((*random.sample(inner, min(1, len(inner))), *begin_alike[:1]))
        beside = [kept, *map(blocks.text, inside)]
        if not bench.put(wire_rules([text, *beside]), exercises=("DEC-5",), aim="DEC-5"):
            continue
        if setting.capabilities.incremental:
            bench.write("removeIpRule", {"value": text}, aim="STA-2")
            bench.ask([Request(address=end) for some in (one, *inside) for end in edges(some)], aim="STA-2")
            bench.write("addIpRule", {"value": text}, exercises=("VAL-1",), aim="VAL-1")
        _ask_ends(bench, "VAL-1")
        bench.read()
    for some in opened.apart(random.sample(narrow, len(narrow)), _PACK):
        if bench.put(wire_rules(map(blocks.text, some)), exercises=("VAL-1",), aim="VAL-1"):
            _ask_ends(bench, "VAL-1")
            bench.read()


def _ask_ends(bench: Bench, clause: str) -> None:
    """Both ends of each rule and their neighbours: an accepted value must admit its own addresses."""
    rules = bench.vault.rules.ip_rules
    ends = dict.fromkeys(end for rule in rules for end in edges(rule.block))
    admitted = dict.fromkeys((Request(address=rule.block.first) for rule in rules), (clause,))
    bench.ask([Request(address=end) for end in ends], exercises=admitted)
    bench.read()


def _refused(setting: Setting, index: int, network: Network) -> Iterator[Scenario]:
    """Every mistake in a list of good rules, first, last or in the middle."""
    for clause, of_clause in every_mistake(setting, network, index).items():

        def run(bench: Bench, clause: str = clause, of_clause: Sequence[Mistake] = of_clause) -> None:
            bench.settle_in(network)
            before = small_set(bench, setting.random("refused", index))
            if before is not None:
                chosen = of_clause
                if setting.capabilities.incremental:
                    always = [mistake for mistake in of_clause if mistake.entry or mistake.name in ALWAYS]
                    chosen = [*only_in_whole_sets(setting, clause, index, of_clause), *always]
                _refuse_each(bench, setting, setting.random("refused", clause, index), before, chosen)

        yield Scenario(aims=(clause, "VAL-9"), run=run)


def _refuse_each(
    bench: Bench, setting: Setting, random: Random, before: Sequence[Request], found: Sequence[Mistake]
) -> None:
    """Whole sets with each of these mistakes."""
    exercises = dict.fromkeys(before, ("VAL-9",))
    for turn, mistake in enumerate(found):
        acls, would = _with_mistake(random, bench.vault.network, mistake, turn)
        if mistake.member == "ipRules" and turn % _LONG == 0:
            acls, would = _late_in_a_long_list(random, setting, acls, would, mistake, is_last=turn == 0)
        elif mistake.member == "virtualNetworkRules" and turn % _LONG == 0:
            entries: list[object] = [{"id": one.id} for one in bench.vault.network.subnets]
            _insert_late(random, entries, _entry(mistake), is_last=turn == 0)
            acls = {**acls, "virtualNetworkRules": entries}
        elif turn % _LONG == 1:
            acls, would = _in_place_of_a_rule(random, bench.vault, mistake), []
        bench.put(acls, aim=mistake.clause)
        bench.read()
        bench.ask([*before, *would], exercises={**exercises, **dict.fromkeys(would, ("VAL-9",))}, aim="VAL-9")


def _with_mistake(random: Random, network: Network, mistake: Mistake, turn: int) -> tuple[WireRules, list[Request]]:
    """A rule set of good rules and one mistake, and callers whom the good rules would admit."""
    good = [blocks.block(random, prefix) for prefix in random.sample((8, 16, 20, 25, 30), 3)]
    values: list[object] = [{"value": blocks.text(one)} for one in good]
    subnets: list[object] = [{"id": subnet.id} for subnet in network.subnets[1:3]]
    default_action, bypass = _SWITCHES[turn % len(_SWITCHES)]
    acls = wire_rules((), default_action=default_action, bypass=bypass)
    place = (0, 3, 1)[turn % 3]
    if mistake.member == "ipRules":
        values.insert(place, _entry(mistake))
    elif mistake.member == "virtualNetworkRules":
        subnets.insert(min(place, len(subnets)), _entry(mistake))
    else:
        acls[mistake.member] = mistake.value
    would = [Request(address=one.last) for one in good[:2]]
    if network.subnets:
        would.append(Request(address=requests.private(random), subnet=network.subnets[1].id))
    return {**acls, "ipRules": values, "virtualNetworkRules": subnets}, would


def _entry(mistake: Mistake) -> object:
    """The list's entry with the mistake."""
    if mistake.entry:
        return mistake.value
    return {"value": mistake.value} if mistake.member == "ipRules" else ignoring(mistake)


def _in_place_of_a_rule(random: Random, vault: Vault, mistake: Mistake) -> WireRules:
    """The set in force with the mistake in place of one of its rules, the last or another, or of a switch."""
    acls = wire_rules_in_force(vault.rules)
    entries = acls[mistake.member]
    if isinstance(entries, list):
        place = random.choice((len(entries) - 1, random.randrange(len(entries))))
        acls[mistake.member] = [*entries[:place], _entry(mistake), *entries[place + 1 :]]
    else:
        acls[mistake.member] = mistake.value
    if random.randrange(2):
        acls["defaultAction"] = acls["defaultAction"] if mistake.member == "defaultAction" else "Allow"
    return acls


def _insert_late(random: Random, entries: list[object], entry: object, *, is_last: bool) -> None:
    """Insert the entry as the last, or at a place beyond the middle."""
    place = len(entries) if is_last else random.randrange(len(entries) // 2, len(entries))
    entries.insert(place, entry)


def _late_in_a_long_list(
    random: Random, setting: Setting, acls: WireRules, would: Sequence[Request], mistake: Mistake, *, is_last: bool
) -> tuple[WireRules, list[Request]]:
    """The mistake in a list of about the greatest length: as the last entry, or at a place beyond the middle.

    A program may check a list in parts of equal length; in half of the lists the last part is shorter.
    """
    shorter = random.choice((0, random.randrange(1, _SHORTER)))
    good = blocks.many(random, setting.profile.max_ip_rules - 1 - shorter)
    values: list[object] = [{"value": blocks.text(one)} for one in good]
    _insert_late(random, values, _entry(mistake), is_last=is_last)
    inside = [Request(address=one.first) for one in (good[0], good[-1])]
    return {**acls, "ipRules": values}, [*inside, *(one for one in would if one.subnet is not None)]


def _without_endpoint(bench: Bench, setting: Setting, index: int) -> None:
    """VAL-8: a rule for a subnet without the endpoint is refused, unless the entry says that it may be missing.

    An earlier refused rule does not take effect when the endpoint comes.
    """
    random = setting.random("endpoint", index)
    kinds = [*networks.NO_ENDPOINTS, *networks.ENDPOINTS]
    pairs = zip(networks.subnet_ids(random), kinds, strict=False)
    network = Network(subnets=tuple(Subnet(id=one, service_endpoints=kind) for one, kind in pairs))
    on = [subnet.id for subnet in network.subnets if network.has_endpoint(subnet.id)]
    off = [subnet.id for subnet in network.subnets if not network.has_endpoint(subnet.id)]
    bench.settle_in(network)
    if not bench.put(wire_rules((), on[:1])):
        return
    for turn, subnet in enumerate(off):
        _brought_in(bench, setting, random, subnet, on, turn)
    _known_from_before(bench, setting, on[0], off[0])
    acls = wire_rules(())
    ignored, other, third, *_ = random.sample(off, len(off))
    ignoring: JsonObject = {"id": ignored, FLAG: True}
    alike: JsonObject = {"id": off[1], FLAG: True}
    pairs_of = ([ignoring, {"id": other}], [{"id": third}, ignoring], [{"id": off[0]}, alike], [alike, {"id": off[2]}])
    for pair in pairs_of:  # one entry's flag is not another's, not even in the same network
        bench.put({**acls, "virtualNetworkRules": pair}, aim="VAL-8")
    _asked_when_it_comes(bench, random, [*off[:3], other, third])
    acls["virtualNetworkRules"] = [*({"id": one} for one in on[:2]), ignoring]
    if bench.put(acls, exercises=("VAL-8",), aim="VAL-8"):
        public = requests.outside(random, bench.vault.rules)
        bench.ask([Request(address=public, subnet=ignored), Request(address=requests.private(random), subnet=on[0])])
    if setting.capabilities.incremental:
        may = {"id": other, FLAG: True}
        if bench.write("addVirtualNetworkRule", may, exercises=("VAL-8",), aim="VAL-8"):
            for one in off[:6]:  # refused after it, as before: whatever the ids have in common
                if one not in (other, ignored):
                    bench.write("addVirtualNetworkRule", {"id": one}, aim="VAL-8")
    _asked_when_it_comes(bench, random, [ignored, other, third])
    _flag_kept(bench, setting, random, on[0], ignored)


def _flag_kept(bench: Bench, setting: Setting, random: Random, on: str, off: str) -> None:
    """VAL-8: a rule accepted by its flag never causes a refusal of a write that omits it or repeats the flag."""
    flagged: JsonObject = {"id": off, FLAG: True}
    values = [blocks.text(blocks.block(random, prefix)) for prefix in (24, 28, 30)]
    acls = wire_rules(values[:1])
    bench.put(wire_rules(()))
    if not bench.put({**acls, "virtualNetworkRules": [flagged]}, exercises=("VAL-8",), aim="VAL-8"):
        return
    if setting.capabilities.incremental:
        later: list[tuple[str, JsonObject]] = [
            ("addIpRule", {"value": values[1]}),
            ("removeIpRule", {"value": values[0]}),
        ]
        later += [("addVirtualNetworkRule", {"id": on}), ("updateRules", {"bypass": "AzureServices"})]
        later += [("removeVirtualNetworkRule", {"id": on}), ("updateRules", {"defaultAction": "Deny"})]
        for method, params in later:
            bench.write(method, params, exercises=("VAL-8",), aim="VAL-8")
            bench.read()
        _asked_when_it_comes(bench, random, [off])
    again = {**wire_rules(values[1:]), "virtualNetworkRules": [{"id": on}, flagged]}
    if bench.put(again, exercises=("VAL-8",), aim="VAL-8"):
        bench.ask([Request(address=requests.outside(random, bench.vault.rules), subnet=off)], aim="VAL-8")
    bench.read()
    _asked_when_it_comes(bench, random, [off])
    if setting.capabilities.incremental:
        bench.write("removeVirtualNetworkRule", {"id": off}, aim="STA-2")
        bench.read()
        _asked_when_it_comes(bench, random, [off])


def _brought_in(bench: Bench, setting: Setting, random: Random, subnet: str, on: Sequence[str], turn: int) -> None:
    """A rule without the endpoint, by a whole set and by a single change: last or first, flag false, each switch."""
    entry: JsonObject = {"id": subnet, FLAG: False} if turn % 3 == 1 else {"id": subnet}
    by_call = setting.capabilities.incremental
    if not by_call or turn % 4 == 0:
        entries: list[JsonObject] = [{"id": one} for one in on]
        entries.insert(len(entries) if turn % 4 else 0, entry)
        would = blocks.block(random, 27)
        default_action, bypass = _SWITCHES[turn // 4 % 4 if by_call else turn % 3]
        acls = wire_rules([blocks.text(would)], default_action=default_action, bypass=bypass)
        bench.put({**acls, "virtualNetworkRules": entries}, aim="VAL-8")
        asked = [Request(address=would.last), Request(address=requests.private(random), subnet=on[-1])]
        bench.ask(asked, aim="VAL-9")
        if not by_call:
            bench.put({**acls, "virtualNetworkRules": [entry]}, aim="VAL-8")  # also alone
    if by_call and turn % 4:
        bench.write("addVirtualNetworkRule", entry, aim="VAL-8")
    bench.read()


def _known_from_before(bench: Bench, setting: Setting, on: str, off: str) -> None:
    """Whether the endpoint exists is decided anew by each write, not by an earlier write or refusal."""
    bench.put(wire_rules(()))
    for subnet, endpoints in ((on, networks.NO_ENDPOINTS[0]), (off, networks.ENDPOINTS[0])):
        bench.endpoints(subnet, endpoints)
    bench.put(wire_rules((), [on]), aim="VAL-8")
    bench.put(wire_rules((), [off]), exercises=("VAL-8",), aim="VAL-8")
    if setting.capabilities.incremental and bench.write("addVirtualNetworkRule", {"id": on, FLAG: True}, aim="VAL-8"):
        bench.write("removeVirtualNetworkRule", {"id": on})
        bench.write("addVirtualNetworkRule", {"id": on}, aim="VAL-8")  # an earlier permission does not last
    for subnet, endpoints in ((off, networks.NO_ENDPOINTS[0]), (on, networks.ENDPOINTS[0])):
        bench.endpoints(subnet, endpoints)


def _asked_when_it_comes(bench: Bench, random: Random, subnets: Sequence[str]) -> None:
    """The endpoints on: a refused rule is absent, a rule whose endpoint might be missing is in force."""
    before = {one: endpoints for one in subnets if (endpoints := _endpoints(bench, one)) is not None}
    for one in before:
        bench.endpoints(one, networks.ENDPOINTS[0])
    bench.ask([Request(address=requests.private(random), subnet=one) for one in before], aim="STA-2")
    for one, endpoints in before.items():
        bench.endpoints(one, endpoints)


def _endpoints(bench: Bench, subnet: str) -> tuple[str, ...] | None:
    found = (one.service_endpoints for one in bench.vault.network.subnets if one.id == subnet)
    return next(found, None)


VALIDATION = Exploration(
    name="validation",
    serves=("VAL-1", "VAL-2", "VAL-3", "VAL-4", "VAL-5", "VAL-6", "VAL-7", "VAL-8", "VAL-9"),
    scenarios=_scenarios,
)
