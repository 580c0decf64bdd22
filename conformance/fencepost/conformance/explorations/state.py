"""Which rules stay and which go while rules change (STA-1, STA-3, STA-4, STA-6, STA-7, CTL-2)."""

from collections.abc import Callable, Iterator, Sequence
from random import Random

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.bench.bench import Bench
from fencepost.conformance.bench.exploration import Exploration, Scenario
from fencepost.conformance.bench.setting import Setting
from fencepost.conformance.generate import blocks, callers, networks, opened, requests
from fencepost.conformance.generate.boundaries import edges
from fencepost.conformance.lockstep.wire import WireRules, entries_of, wire_rules, wire_rules_in_force
from fencepost.reference import Block, Caller, Network, Outcome, Request, block_from_cidr, is_clear

_AIMS = ("STA-1", "STA-3", "STA-4", "STA-6", "STA-7", "CTL-2")


def _scenarios(setting: Setting) -> Iterator[Scenario]:
    bodies: list[tuple[str, Callable[[Bench, Setting, Random], None]]] = [
        ("STA-1", _replaced),
        ("STA-4", _switched),
        ("STA-6", _widened_and_narrowed),
        ("STA-3", _new),
    ]
    if setting.capabilities.control_plane:
        bodies.append(("CTL-2", _no_lock_out))
    once = (
        "CTL-2",
        "STA-3",
        *(("STA-1", "STA-4", "STA-6") if setting.capabilities.incremental else ()),
    )  # walks cover this
    for index in setting.rounds(2):
        for clause, body in bodies:
            if clause in once and index % 2:
                continue

            def run(
                bench: Bench,
                clause: str = clause,
                body: Callable[[Bench, Setting, Random], None] = body,
                index: int = index,
            ) -> None:
                random = setting.random("state", clause, index)
                bench.settle_in(_network(setting.random("state network", index), setting))
                body(bench, setting, random)

            aims = (clause, "STA-3") if clause == "STA-4" and index % 2 == 0 else (clause,)
            yield Scenario(aims=aims, run=run)


def _network(random: Random, setting: Setting) -> Network:
    return networks.network(random, some_without_endpoint=False) if setting.capabilities.subnets else Network()


def _some_rules(random: Random, bench: Bench, count: int = 3) -> WireRules:
    found = dict.fromkeys(blocks.block(random, blocks.prefix(random)) for _ in range(count))
    lenient = opened.narrow(bench.vault.profile)
    if lenient and random.randrange(2):
        found = dict.fromkeys([*list(found)[:-1], random.choice(lenient)])
    ids = [subnet.id for subnet in bench.vault.network.subnets]
    return wire_rules((blocks.text(one) for one in found), random.sample(ids, min(2, len(ids))))


def _callers(random: Random, bench: Bench, setting: Setting) -> list[Request]:
    """Callers of every kind under the rules in force, and trusted services without any rule."""
    found = [place.request() for place in requests.places(random, bench.vault)]
    found += [Request(address=rule.block.last) for rule in bench.vault.rules.ip_rules]
    trusted = callers.some(random, callers.trusted_callers(setting.profile, setting.capabilities), 1)
    outside = requests.outside(random, bench.vault.rules)
    return [*found, *(Request(address=outside, caller=caller) for caller in trusted)]


def _ask_changed(
    bench: Bench, asked: Sequence[Request], was: Sequence[Outcome], clauses: Sequence[str], aim: str
) -> None:
    """Ask, and count the clauses for each request whose outcome the change has altered."""
    exercises = {
        request: clauses
        for request, outcome in zip(asked, was, strict=True)
        if bench.vault.decide(request).outcome is not outcome
    }
    bench.ask(asked, exercises=exercises, aim=aim)


def _outcomes(bench: Bench, asked: Sequence[Request]) -> list[Outcome]:
    return [bench.vault.decide(request).outcome for request in asked]


def _replaced(bench: Bench, setting: Setting, random: Random) -> None:
    """STA-1: sets that replace each other: as long, shorter, empty, equal but for a switch, and the first again."""
    first = _some_rules(random, bench)
    other = _some_rules(random, bench)
    entries = first["ipRules"]
    one_less = {**first, "ipRules": entries[:-1] if isinstance(entries, list) else []}
    switched = {**first, "bypass": "AzureServices"}
    sets = [first, other, one_less, first, wire_rules(()), first, one_less]
    sets += [{**other, "virtualNetworkRules": []}, switched, {**other, "defaultAction": "Allow"}, first, first]
    sets += [switched, first, {**first, "defaultAction": "Allow"}, first]  # the same rules, one switch changed
    sets += _nearly(random, first, other)
    respelled = _respelled(setting, random, first)
    sets += respelled
    changed = _changed_in_one_thing(random, first, other)
    sets += changed
    if not bench.put(first):
        return
    asked = _callers(random, bench, setting)
    for acls in (*changed[:2], *respelled[:1]):
        asked += [Request(address=_block(str(entry["value"])).first) for entry in entries_of(acls, "ipRules")]
    if not bench.put(other):
        return
    asked += _callers(random, bench, setting)
    for middle in entries_of(other, "ipRules")[:2]:
        asked += _around(str(middle["value"]), random)
    for acls in sets:
        was = _outcomes(bench, asked)
        if bench.put(acls):
            _ask_changed(bench, asked, was, ("STA-1",), "STA-1")
            bench.read()


def _nearly(random: Random, first: WireRules, other: WireRules) -> list[WireRules]:
    """Sets that a cheap comparison takes for the one before: the same ends, another order, or one other subnet."""
    ends, middles = entries_of(first, "ipRules"), entries_of(other, "ipRules")
    one = {**first, "ipRules": [ends[0], middles[0], ends[-1]]}
    two = {**first, "ipRules": [ends[0], middles[-1], ends[-1]]}
    found: list[WireRules] = [one, two]
    subnets = entries_of(first, "virtualNetworkRules")
    others = [one for one in entries_of(other, "virtualNetworkRules") if one not in subnets]
    if others:
        found.append({**two, "virtualNetworkRules": [random.choice(others), *subnets[1:]]})
    found.append({**found[-1], "ipRules": [ends[-1], middles[-1], ends[0]]})
    return found


def _respelled(setting: Setting, random: Random, first: WireRules) -> list[WireRules]:
    """The set with one address more, then each rule spelled otherwise, then as before: texts compared, all are others.

    A single address is also its /32 in today's profile; the ids of subnets come in other letters.
    """
    text = blocks.text(blocks.block(random, 32))
    again = f"{text}/32" if setting.profile.prefix_32 == "accept" else text
    subnets = entries_of(first, "virtualNetworkRules")
    others = [{**entry, "id": networks.other_case(random, str(entry["id"]))} for entry in subnets]
    plain = {**first, "ipRules": [*entries_of(first, "ipRules"), {"value": text}]}
    spelled = {"ipRules": [*entries_of(first, "ipRules"), {"value": again}], "virtualNetworkRules": others}
    return [plain, {**plain, **spelled}, plain]


def _changed_in_one_thing(random: Random, first: WireRules, other: WireRules) -> list[WireRules]:
    """The set, then the same with another prefix, another first octet, or other subnets, and no other change."""
    shorter = [blocks.narrowed(_block(str(entry["value"]))) for entry in entries_of(first, "ipRules")]
    elsewhere = [blocks.moved(random, one) for one in shorter]
    found = [{**first, "ipRules": [{"value": blocks.text(one)} for one in those]} for those in (shorter, elsewhere)]
    found.append({**found[-1], "virtualNetworkRules": other["virtualNetworkRules"]})
    return [first, *found] if all(map(_is_plain, (*shorter, *elsewhere))) else [first]


def _is_plain(block: Block) -> bool:
    return is_clear(block) and _has_a_plain_prefix(block) and block.first % (block.last - block.first + 1) == 0


def _new(bench: Bench, setting: Setting, random: Random) -> None:
    """A vault without any write admits everybody; nothing is left of an earlier vault, in the same network or another.

    Then, if offered, its switches and rules come one by one (STA-3).
    """
    left = _a_few_from_outside(random, bench, setting)
    bench.ask(left)
    _begin_anew(bench, setting, _network(random, setting), left)  # the present vault has the rules of STA-6
    default = setting.profile.choice("default-of-bypass")
    if not bench.put({**_some_rules(random, bench), "bypass": "AzureServices" if default == "None" else "None"}):
        return
    before = _callers(random, bench, setting)
    bench.ask(before)
    network = bench.vault.network
    _begin_anew(bench, setting, network, before)
    if not setting.capabilities.incremental:
        return
    if default is None:
        bench.write("updateRules", {"bypass": "None"}, aim="STA-3")
    changes: list[tuple[str, JsonObject]] = []
    if setting.capabilities.default_action:
        changes.append(("updateRules", {"defaultAction": "Deny"}))
    changes.append(("addIpRule", {"value": blocks.text(blocks.block(random, 27))}))
    if network.subnets:
        changes.append(("addVirtualNetworkRule", {"id": network.subnets[-1].id}))
    changes += [("updateRules", {"bypass": word}) for word in ("AzureServices", "None")]  # after the rules, too
    for method, params in changes:
        if not bench.write(method, params, exercises=("STA-3",), aim="STA-3"):
            return
        bench.read()
        asked = [*before, *_callers(random, bench, setting)]
        bench.ask(asked, exercises=dict.fromkeys(asked, ("STA-3",)), aim="STA-3")


def _a_few_from_outside(random: Random, bench: Bench, setting: Setting) -> list[Request]:
    """Callers possible in any network: outside of all rules, inside one rule, and a trusted service."""
    outside = requests.outside(random, bench.vault.rules)
    trusted = callers.some(random, callers.trusted_callers(setting.profile, setting.capabilities), 1)
    found = [Request(address=outside, caller=caller) for caller in (Caller(), *trusted)]
    return [*found, *(Request(address=rule.block.first) for rule in bench.vault.rules.ip_rules[:1])]


def _begin_anew(bench: Bench, setting: Setting, network: Network, asked: Sequence[Request]) -> None:
    """Read the present vault, then ask and read a new one before its first write; not read if its bypass is unknown."""
    bench.read()
    bench.reset(network)
    bench.ask(asked, aim="DEC-1")
    if setting.profile.choice("default-of-bypass") is not None:
        bench.read()


def _switched(bench: Bench, setting: Setting, random: Random) -> None:
    """STA-3 and STA-4: one or both switches change; all else stays, rules become dormant and take effect again.

    Rules written while the default action was Allow take effect, too, once it is Deny.
    """
    if not bench.put({**_some_rules(random, bench), "defaultAction": random.choice(("Allow", "Deny"))}):
        return
    asked = _callers(random, bench, setting)
    bench.ask(asked)
    added: list[Request] = []
    for turn, wanted in enumerate(_CHANGES):
        change = {
            name: word for name, word in wanted.items() if name == "bypass" or setting.capabilities.default_action
        }
        if not change:
            continue
        clauses = ("STA-4", "STA-3") if "defaultAction" in change else ("STA-3",)
        if not _update(bench, setting, change, clauses):
            return
        if turn == _ADDED_AT:  # a rule written while the others are dormant
            rule = blocks.text(blocks.block(random, 29))
            if not _change_rules(bench, setting, "add", rule, aim="STA-4"):
                return
            added = _around(rule, random)
        if turn in _UNASKED and setting.capabilities.default_action:
            continue
        bench.read()
        now = [*asked, *added]
        bench.ask(now, exercises=dict.fromkeys(now, clauses), aim=clauses[0])


_CHANGES: tuple[dict[str, str], ...] = (
    {"defaultAction": "Allow"},
    {"defaultAction": "Deny"},
    {"bypass": "AzureServices"},
    {"defaultAction": "Allow"},
    {"defaultAction": "Deny"},
    {"bypass": "None"},
    {"defaultAction": "Allow", "bypass": "AzureServices"},
    {"bypass": "None"},
    {"defaultAction": "Deny"},
    {"defaultAction": "Deny", "bypass": "AzureServices"},
)
_ADDED_AT = 6
"""The turn in which a rule is added."""

_UNASKED = (4, 7)
"""The turns after which nothing is asked or read: the next one changes the other switch."""


def _update(bench: Bench, setting: Setting, change: dict[str, str], clauses: Sequence[str]) -> bool:
    """Change one switch, by `updateRules` if it is offered, else by the changed set."""
    if setting.capabilities.incremental:
        return bench.write("updateRules", change, exercises=clauses, aim=clauses[0])
    return bench.put({**wire_rules_in_force(bench.vault.rules), **change}, exercises=clauses, aim=clauses[0])


def _widened_and_narrowed(bench: Bench, setting: Setting, random: Random) -> None:
    """STA-6 and STA-7: an added rule excludes nobody, a removed rule admits nobody, and others do not change."""
    acls = _some_rules(random, bench, count=4)
    others = [_block(str(entry["value"])) for entry in entries_of(acls, "ipRules")]
    small = _small_apart(random, others)
    if not bench.put({**acls, "ipRules": [*entries_of(acls, "ipRules"), {"value": blocks.text(small)}]}):
        return
    for turn in range(4):
        rule = _rule_to_add(random, bench, turn, small)
        asked = [*_callers(random, bench, setting), *_around(rule, random)]
        bench.ask(asked, aim="STA-6")
        if not _change_rules(bench, setting, "add", rule):
            return
        _ask_unmoved(bench, asked)
        existing = [one.block for one in bench.vault.rules.ip_rules if one.block != small]
        gone = rule if turn else blocks.text(random.choice(existing))
        if not _change_rules(bench, setting, "remove", gone):
            return
        _ask_unmoved(bench, asked)


def _small_apart(random: Random, others: Sequence[Block]) -> Block:
    """A /26 that meets none of the others."""
    while True:
        found = blocks.block(random, 26)
        if not any(found.meets(other) for other in others):
            return found


def _ask_unmoved(bench: Bench, asked: Sequence[Request]) -> None:
    bench.ask(asked, exercises=dict.fromkeys(asked, ("STA-6", "STA-7")), aim="STA-6")


def _rule_to_add(random: Random, bench: Bench, turn: int, small: Block) -> str:
    """A new rule: anywhere, around a present rule, inside a present rule, or inside the small one."""
    held = {rule.block for rule in bench.vault.rules.ip_rules}
    base = small if turn == 3 else random.choice(tuple(held))
    size = base.last - base.first + 1
    candidates = [blocks.block(random, blocks.prefix(random)) for _ in range(12)]
    if turn == 1:
        wider = base.first - base.first % (4 * size)
        candidates.insert(0, Block(wider, wider + 4 * size - 1))
    if turn > 1 and size > 8:
        quarter = base.first + random.randrange(4) * size // 4
        candidates.insert(0, Block(quarter, quarter + size // 4 - 1))
    found = next(one for one in candidates if one not in held and is_clear(one) and _has_a_plain_prefix(one))
    return blocks.text(found)


def _has_a_plain_prefix(block: Block) -> bool:
    return block.last - block.first != 1


def _around(rule: str, random: Random) -> list[Request]:
    block = _block(rule)
    inside = random.randrange(block.first, block.last + 1)
    return [Request(address=address) for address in dict.fromkeys((*edges(block), inside))]


def _block(rule: str) -> Block:
    return block_from_cidr(rule if "/" in rule else f"{rule}/32")


def _change_rules(bench: Bench, setting: Setting, what: str, rule: str, *, aim: str = "STA-6") -> bool:
    if setting.capabilities.incremental:
        return bench.write(f"{what}IpRule", {"value": rule}, aim=aim)
    acls = wire_rules_in_force(bench.vault.rules)
    entries = entries_of(acls, "ipRules")
    kept = [one for one, held in zip(entries, bench.vault.rules.ip_rules, strict=True) if held.block != _block(rule)]
    return bench.put({**acls, "ipRules": [*entries, {"value": rule}] if what == "add" else kept}, aim=aim)


def _no_lock_out(bench: Bench, setting: Setting, random: Random) -> None:
    """CTL-2: a control operation passes from a blocked address, can change the rules, and the change takes effect."""
    if not bench.put(wire_rules((), bypass=random.choice(("None", "AzureServices")))):
        return
    for turn in range(4):
        blocked = requests.outside(random, bench.vault.rules)
        knock = requests.Place(address=blocked)
        named = ("VaultNetworkRuleSet", "VaultGet", callers.control_operation(random))
        controls = [knock.control(operation, Caller()) for operation in dict.fromkeys(named)]
        exercises = dict.fromkeys(controls, ("CTL-2",))
        bench.ask([knock.request(), *controls], exercises=exercises, aim="CTL-2")
        value = blocks.text(Block(blocked, blocked))
        if setting.capabilities.incremental and turn % 2:
            accepted = bench.write("addIpRule", {"value": value}, exercises=("CTL-2",), aim="CTL-2")
        else:
            accepted = bench.put(wire_rules([value]), exercises=("CTL-2",), aim="CTL-2")
        if not accepted:
            return
        bench.ask([knock.request(), *controls], exercises={knock.request(): ("CTL-2",)}, aim="CTL-2")
        if not bench.put(wire_rules(()), exercises=("CTL-2",), aim="CTL-2"):
            return
        bench.ask([knock.request(), *controls], exercises=exercises, aim="CTL-2")


STATE = Exploration(name="state", serves=_AIMS, scenarios=_scenarios)
