"""Rule sets at the limits, one over them, and what a write refused for its size leaves behind (LIM-1 … LIM-9)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from random import Random

from fencepost.conformance.bench.bench import Bench
from fencepost.conformance.bench.setting import Exploration, Scenario, Setting
from fencepost.conformance.generate import blocks, networks, requests
from fencepost.conformance.generate.boundaries import edges
from fencepost.conformance.generate.rule_sets import FLAG
from fencepost.conformance.lockstep.wire import WireRules, wire_rules
from fencepost.reference import Block, Network, Profile, Request, Subnet, Vault, address_from_text, is_public

_SWITCHES = (("Deny", "None"), ("Deny", "AzureServices"), ("Allow", "None"), ("Allow", "AzureServices"))
_SPARE = 3
_ADDED, _SUBNETS_ADDED, _REMOVED = 17, 9, 5
"""How many places are filled one by one, and how many rules go in a row: more than a small store for changes would hold."""
_LISTS = ("ipRules", "virtualNetworkRules")


@dataclass(frozen=True, slots=True)
class _Kind:
    """One of the two lists: its clauses, its maximum, how to fill it, and the requests that show its rules in force."""

    accepted: str
    refused: str
    maximum: int
    fill: Callable[[Random, int], list[str]]
    add: str
    remove: str
    member: str

    def acls(self, rules: Sequence[str], switches: tuple[str, str] = _SWITCHES[0]) -> WireRules:
        """A rule set of just these rules."""
        ip_values, subnets = ((), rules) if self.member == "id" else (rules, ())
        return wire_rules(ip_values, subnets, default_action=switches[0], bypass=switches[1])


def _kinds(setting: Setting) -> list[_Kind]:
    profile = setting.profile
    fill = partial(_ip_values, slash_32=profile.prefix_32 == "accept")
    found = [
        _Kind("LIM-1", "LIM-2", profile.max_ip_rules, fill, "addIpRule", "removeIpRule", "value"),
    ]
    if setting.capabilities.subnets:
        maximum = profile.max_virtual_network_rules
        add, remove = "addVirtualNetworkRule", "removeVirtualNetworkRule"
        found.append(_Kind("LIM-3", "LIM-4", maximum, _subnet_ids, add, remove, "id"))
    return found


def _ip_values(random: Random, count: int, *, slash_32: bool) -> list[str]:
    return [blocks.text(one, random, slash_32=slash_32) for one in blocks.many(random, count)]


def _mergeable(random: Random, count: int) -> list[str]:
    """Different values that whoever merges ranges would count as fewer: neighbours, and ranges inside one of them."""
    start = blocks.block(random, 12).first
    outer = Block(start + 2**16, start + 2**17 - 1)
    inside = [Block(at, at + 3) for at in range(outer.first, outer.first + 16 * (count // 2), 16)]
    beside = [Block(start + n, start + n) for n in range(count - len(inside) - 1)]
    found = [blocks.text(one) for one in (outer, *inside, *beside)]
    random.shuffle(found)
    return found


def _apart(random: Random, values: Sequence[str]) -> str:
    """A range that has nothing in common with these rules."""
    taken = {address_from_text(one.partition("/")[0]) >> 16 for one in values}
    while True:
        found = blocks.block(random, 24)
        if taken.isdisjoint((found.first >> 16, (found.first >> 16) - 1, (found.first >> 16) + 1)):
            return blocks.text(found)


def _subnet_ids(random: Random, count: int) -> list[str]:
    found = networks.long_subnets(count)
    if random.randrange(2):
        random.shuffle(found)
    return found


def _network(profile: Profile, kinds: Sequence[_Kind]) -> Network:
    """A network with every subnet that a list at or over the limit names."""
    if len(kinds) < 2:
        return Network()
    ids = networks.long_subnets(2 * profile.max_virtual_network_rules + 3)
    return Network(subnets=tuple(Subnet(id=one) for one in ids))


def _scenarios(setting: Setting) -> Iterator[Scenario]:
    kinds = _kinds(setting)
    network = _network(setting.profile, kinds)

    def scenario(aims: tuple[str, ...], body: Callable[[Bench, Random], None], *purpose: object) -> Scenario:
        def run(bench: Bench) -> None:
            bench.settle_in(network)
            body(bench, setting.random("limits", *purpose))

        return Scenario(aims=aims, run=run)

    for index in setting.rounds(1):
        for kind in kinds:
            name = kind.accepted

            def full(bench: Bench, random: Random, kind: _Kind = kind) -> None:
                _full(bench, random, kind)

            yield scenario((kind.accepted,), full, name, "full", index)
            if setting.capabilities.refusals:
                for clause, body in ((kind.refused, _over), ("LIM-9", _whatever_the_switches)):

                    def over(
                        bench: Bench,
                        random: Random,
                        kind: _Kind = kind,
                        body: Callable[[Bench, Random, _Kind], None] = body,
                    ) -> None:
                        body(bench, random, kind)

                    yield scenario((clause, "LIM-6"), over, name, clause, index)
            if setting.capabilities.refusals and setting.capabilities.incremental:

                def by_adding(bench: Bench, random: Random, kind: _Kind = kind) -> None:
                    others = [other for other in kinds if other is not kind]
                    _by_adding(bench, random, kind, others)

                yield scenario(("LIM-7", "LIM-8"), by_adding, name, "add", index)
        if len(kinds) == 2:

            def both(bench: Bench, random: Random) -> None:
                _both(bench, random, kinds)

            yield scenario(("LIM-5",), both, "both", index)


def _full(bench: Bench, random: Random, kind: _Kind) -> None:
    """The maximum is accepted and every rule of it is in force, whatever stands where; with one rule fewer; with long text."""
    counts = (
        (kind.maximum,) if bench.capabilities.incremental else (kind.maximum, kind.maximum - 1)
    )  # adding passes by one fewer
    filled = [kind.fill(random, count) for count in counts]
    longest = [blocks.text(one) for one in blocks.longest(kind.maximum)]
    for rules in (*filled, longest) if kind.member == "value" else filled:
        count = len(rules)
        exercises = (kind.accepted,) if count == kind.maximum else ()
        if bench.put(kind.acls(rules, _SWITCHES[random.randrange(2)]), exercises=exercises, aim=kind.accepted):
            bench.tally.limits.setdefault(kind.accepted, f"at least {count}")
            bench.read()
            _ask_every_rule(bench, random, kind.accepted, _SWITCHES[0])


def _ask_every_rule(bench: Bench, random: Random, clause: str, _: tuple[str, str]) -> None:
    """Each rule admits; beside the first, the last and a few others, nobody is let in."""
    rules = bench.vault.rules
    inside = [Request(address=rule.block.first) for rule in rules.ip_rules]
    inside += [Request(address=requests.private(random), subnet=rule.id) for rule in rules.virtual_network_rules]
    some = random.sample(rules.ip_rules, min(20, len(rules.ip_rules)))
    beside = [Request(address=address) for rule in some for address in edges(rule.block) if is_public(address)]
    unlisted = [
        Request(address=requests.private(random), subnet=subnet.id)
        for subnet in bench.vault.network.subnets[-20:]
        if rules.rule_for_subnet(subnet.id) is None
    ]
    bench.ask(inside, exercises=dict.fromkeys(inside, (clause,)), aim=clause)
    bench.ask([*beside, *unlisted])  # whoever is let in beside them is no matter of the limit


def _base(bench: Bench, random: Random, kind: _Kind) -> list[Request] | None:
    """A small rule set in force, and requests that tell whether it still is; None where it was refused."""
    ids = [subnet.id for subnet in bench.vault.network.subnets[-2:]]
    values = [blocks.text(blocks.block(random, prefix)) for prefix in (24, 32, 12)]
    if not bench.put(wire_rules(values, ids if kind.member == "id" else ())):
        return None
    rules = bench.vault.rules
    asked = [Request(address=rule.block.last) for rule in rules.ip_rules]
    asked += [Request(address=requests.private(random), subnet=rule.id) for rule in rules.virtual_network_rules]
    return [*asked, Request(address=requests.outside(random, rules))]


def _over(bench: Bench, random: Random, kind: _Kind) -> None:
    """One more than the maximum is refused, and so is any number beyond; what was in force stays so (LIM-6)."""
    before = _base(bench, random, kind)
    if before is None:
        return
    maximum = kind.maximum
    by_one = 2 if bench.capabilities.incremental else 6  # adding asks it again and again
    overs = [maximum + 1] * by_one + ([] if bench.capabilities.incremental else [maximum + 3]) + [maximum * 2 + 3]
    for turn, count in enumerate(overs):
        rules = _mergeable(random, count) if turn == 1 and kind.member == "value" else kind.fill(random, count)
        switches = _SWITCHES[random.randrange(4)]
        _refused_whole(bench, random, kind.acls(rules, switches), before, exercises=(), aim=kind.refused)
    bench.tally.limits[kind.accepted] = str(maximum)


def _refused_whole(
    bench: Bench, random: Random, acls: WireRules, before: Sequence[Request], *, exercises: Sequence[str], aim: str
) -> None:
    bench.put(acls, exercises=exercises, aim=aim)
    bench.read()
    asked = [*before, *_of(random, acls)]
    bench.ask(asked, exercises=dict.fromkeys(asked, ("LIM-6",)), aim="LIM-6")


def _of(random: Random, acls: WireRules) -> list[Request]:
    """Callers that the refused rule set would have let in: its first and its last rule's."""
    found = []
    entries = acls["virtualNetworkRules"]
    if isinstance(entries, list) and entries:
        ends = (entries[0]["id"], entries[-1]["id"])
        found += [Request(address=requests.private(random), subnet=str(one)) for one in ends]
    entries = acls["ipRules"]
    if isinstance(entries, list) and entries:
        ends = (str(entries[0]["value"]), str(entries[-1]["value"]))
        found += [Request(address=address_from_text(one.partition("/")[0])) for one in ends]
    return found


def _whatever_the_switches(bench: Bench, random: Random, kind: _Kind) -> None:
    """LIM-9: the same limits under each default action and bypass."""
    if _base(bench, random, kind) is None:
        return
    for switches in (
        _SWITCHES[2:] if bench.capabilities.incremental else _SWITCHES
    ):  # adding asks it under the first two
        bench.put(kind.acls(kind.fill(random, kind.maximum), switches), exercises=("LIM-9",), aim="LIM-9")
        for more in (1,) if bench.capabilities.incremental else (1, 2, 5):
            rules = kind.fill(random, kind.maximum + more)
            bench.put(kind.acls(rules, switches), exercises=("LIM-9",), aim="LIM-9")


@dataclass(slots=True)
class _Filling:
    """A list that is filled rule by rule: those that are in it, in their order, and those that are not."""

    bench: Bench
    kind: _Kind
    held: list[str]
    spare: list[str]

    def put(self, count: int, others: WireRules) -> bool:
        """So many rules by a whole set, the other list as given."""
        rules = [*self.held, *self.spare]
        self.held, self.spare = rules[:count], rules[count:]
        member = "virtualNetworkRules" if self.kind.member == "id" else "ipRules"
        acls = {**others, member: self.kind.acls(self.held)[member]}
        return self.bench.put(acls, exercises=("LIM-5",), aim="LIM-5")

    def add(self, aim: str) -> None:
        """One rule more."""
        self.held.append(self.spare.pop(0))
        self._write(self.kind.add, self.held[-1], aim)

    def add_in_vain(self, aim: str) -> None:
        """One rule too many, another every time."""
        self.spare.append(self.spare.pop(0))
        self._write(self.kind.add, self.spare[-1], aim)

    def remove(self, place: int, aim: str = "LIM-8") -> None:
        """The rule at this place away."""
        self.spare.append(self.held.pop(place))
        self._write(self.kind.remove, self.spare[-1], aim)
        self.bench.read()  # a removal that takes more, or nothing, is no matter of the limit

    def _write(self, method: str, rule: str, aim: str) -> None:
        self.bench.write(method, {self.kind.member: rule}, exercises=(aim,), aim=aim)


def _by_adding(bench: Bench, random: Random, kind: _Kind, others: Sequence[_Kind]) -> None:
    """LIM-7 and LIM-8: the last few places filled one by one, by every mix of writes that can lead there.

    A place that has become free is free for one rule, of this list alone, until the whole set is replaced; what was
    refused, or was not there, frees none and takes none. The other list is full all the while (LIM-5).
    """
    rules = kind.fill(random, kind.maximum + _SPARE + 12)
    if kind.member == "value":  # the first that makes room is a range, whatever the others are
        rules[0] = _apart(random, rules)
    one_by_one = {"value": _ADDED, "id": _SUBNETS_ADDED}[kind.member]
    filling = _Filling(bench, kind, rules[: kind.maximum - one_by_one], rules[kind.maximum - one_by_one :])
    beside, filled = wire_rules(()), [other.fill(random, other.maximum + 1) for other in others]
    for other, texts in zip(others, filled, strict=True):
        full = other.acls(texts[:-1])
        beside |= {member: full[member] for member in ("ipRules", "virtualNetworkRules") if full[member]}
    if not filling.put(kind.maximum - one_by_one, beside):
        return
    for _ in range(one_by_one - 1):
        filling.add("LIM-7")
    _add_malformed(bench, kind)
    filling.add("LIM-7")
    filling.add_in_vain("LIM-7")
    _ask_every_rule(bench, random, "LIM-7", _SWITCHES[0])
    for turn in range(3):
        filling.remove((0, -1, random.randrange(len(filling.held)))[turn])
        if turn == 1:  # what is not there makes no room, and what is malformed takes none
            bench.write(kind.remove, {kind.member: filling.spare[0]})
            _add_malformed(bench, kind)
        filling.add("LIM-8")
        filling.add_in_vain("LIM-8")
    for _ in range(_REMOVED if kind.member == "value" else 1):
        filling.remove(random.randrange(len(filling.held)))
    _ask_every_rule(bench, random, "LIM-8", _SWITCHES[0])
    if filling.put(kind.maximum, beside):  # a place that was free before a whole set is not free after it
        filling.add_in_vain("LIM-7")
    for other, texts in zip(others, filled, strict=True):
        _exchanged(filling, other, texts)
    bench.put(kind.acls([*filling.held, filling.spare[0]]), aim=kind.refused)  # a whole set refused leaves the count
    filling.add_in_vain("LIM-7")
    filling.remove(-1)
    filling.add("LIM-8")
    if filling.put(kind.maximum - 1, beside):
        filling.add("LIM-7")
        filling.add_in_vain("LIM-7")
    switched, usual = {"defaultAction": "Allow"}, {"defaultAction": "Deny"}
    if not bench.capabilities.default_action:
        switched, usual = {"bypass": "AzureServices"}, {"bypass": "None"}
    bench.write("updateRules", switched)
    bench.write(kind.add, {kind.member: filling.spare[0]}, exercises=("LIM-9", "LIM-7"), aim="LIM-9")
    filling.remove(0, "LIM-9")
    filling.add("LIM-9")
    bench.read()
    filling.add_in_vain("LIM-9")
    bench.write("updateRules", usual)
    bench.read()
    _ask_every_rule(bench, random, "LIM-7", _SWITCHES[0])


def _add_malformed(bench: Bench, kind: _Kind) -> None:
    """A write that is refused for what it says, not for the limit."""
    wrong = "10.1.2.3" if kind.member == "value" else "default"
    bench.write(kind.add, {kind.member: wrong}, aim="VAL-3" if kind.member == "value" else "VAL-7")


def _exchanged(filling: _Filling, other: _Kind, texts: Sequence[str]) -> None:
    """Both lists full: a place freed in one is none in the other, whose rules these are, and one more."""
    bench = filling.bench
    bench.write(other.remove, {other.member: texts[0]}, exercises=("LIM-8",), aim="LIM-8")
    filling.add_in_vain("LIM-7")
    bench.write(other.add, {other.member: texts[0]}, exercises=("LIM-8",), aim="LIM-8")
    filling.remove(0)
    bench.write(other.add, {other.member: texts[-1]}, exercises=("LIM-7",), aim="LIM-7")
    filling.add("LIM-8")
    filling.add_in_vain("LIM-8")


def _both(bench: Bench, random: Random, kinds: Sequence[_Kind]) -> None:
    """LIM-5: both maxima at once; a list that is full takes nothing from the other. One IP rule holds all the others."""
    ip, subnet = kinds
    values = [blocks.text(one) for one in blocks.engulfed(random, ip.maximum - 1)]
    ids = subnet.fill(random, subnet.maximum)
    if bench.put(wire_rules(values, ids), exercises=("LIM-5",), aim="LIM-5"):
        bench.read()
        _ask_every_rule(bench, random, "LIM-5", _SWITCHES[0])
        widest = max((rule.block for rule in bench.vault.rules.ip_rules), key=lambda block: block.last - block.first)
        bench.ask([Request(address=address) for address in edges(widest)])  # the first of all, behind all that it holds


def _at_once(setting: Setting) -> Iterator[Scenario]:
    """The limits of both lists, as far as writes tell and hardly a decision."""
    kinds = _kinds(setting)
    aims = tuple(clause for kind in kinds for clause in (kind.accepted, kind.refused))
    for index in setting.rounds(1):

        def run(bench: Bench, index: int = index) -> None:
            bench.settle_in(_network(setting.profile, kinds))
            _full_and_over(bench, setting.random("limits at once", index), kinds)

        yield Scenario(aims=aims, run=run)


def _full_and_over(bench: Bench, random: Random, kinds: Sequence[_Kind]) -> None:
    """Every list full; each with one rule more, by a whole set and by the call for it; a place freed and taken.

    A subnet that may lack its endpoint counts like any other, and so does one that has lost it.
    """
    filled = {kind.accepted: kind.fill(random, kind.maximum + 1) for kind in kinds}

    def acls(over: _Kind | None = None) -> WireRules:
        found = wire_rules((), bypass="AzureServices")
        for kind in kinds:
            rules = filled[kind.accepted][: kind.maximum + (kind is over)]
            found |= {member: entries for member, entries in kind.acls(rules).items() if entries and member in _LISTS}
        ids = found["virtualNetworkRules"]
        assert isinstance(ids, list)
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
            bench.write(kind.remove, {kind.member: last}, exercises=("LIM-8",), aim="LIM-8")
            bench.write(kind.add, {kind.member: spare}, exercises=("LIM-8",), aim="LIM-8")
            bench.read()
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
    """The first and the last rule of each list, and somebody whom none lets in."""
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
