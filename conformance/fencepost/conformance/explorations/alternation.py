"""Whole sets and single changes in turns, each followed by requests from the callers concerned (STA-1 … STA-5)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from random import Random

from fencepost.conformance.bench.bench import Bench
from fencepost.conformance.bench.exploration import Exploration, Scenario
from fencepost.conformance.bench.setting import Setting
from fencepost.conformance.generate import blocks, callers, networks, requests
from fencepost.conformance.generate.boundaries import edges
from fencepost.conformance.generate.shapes import around, first_half, other_half
from fencepost.conformance.lockstep.wire import WireRules, wire_rules
from fencepost.reference import Block, Network, Request, address_from_text, is_clear, is_public, text_from_address

_BODIES = 4
"""So many scenarios share a vault."""

_ALIKE = 6
"""The first so many subnets of a network differ in one part each."""

_OCTETS = (8, 16, 24)
"""The prefix lengths at which an octet ends."""

_BITS, _PARTS, _GONE = 32, 256, 3


@dataclass(slots=True)
class _Alternation:
    """A vault that is written and asked; the callers in `world` are asked after every write."""

    bench: Bench
    setting: Setting
    random: Random
    ids: Sequence[str]
    world: list[Request]

    def put(self, acls: WireRules, *, aim: str = "STA-1") -> bool:
        """Put a whole set."""
        return self.bench.put(acls, exercises=(aim,), aim=aim) and self.look(aim)

    def write(self, method: str, *, aim: str = "STA-2", **params: object) -> bool:
        """Make a single change."""
        return self.bench.write(method, params, exercises=(aim,), aim=aim) and self.look(aim)

    def unseen(self, method: str, **params: object) -> None:
        """Make a single change after which nobody is asked."""
        self.bench.write(method, params, exercises=("STA-2",), aim="STA-2")

    def switch(self, subnet: str, endpoints: Sequence[str], before: Request, after: Request) -> None:
        """Give a subnet these endpoints, with which its caller shows another address."""
        self.bench.endpoints(subnet, endpoints)
        self.world[self.world.index(before)] = after
        self.look("STA-10")

    def look(self, aim: str) -> bool:
        """Ask all callers, and read the rules."""
        self.bench.ask(self.world, exercises=dict.fromkeys(self.world, (aim,)), aim=aim)
        self.bench.read()
        return True

    def rule(self, length: int = 32) -> str:
        """A new rule; a caller inside it is asked from now on."""
        block = blocks.block(self.random, length)
        self.world.append(Request(address=block.last))
        return blocks.text(block)

    def over_a_gap(self, text: str) -> str:
        """An address with one address between it and this one; both are asked from now on."""
        address = address_from_text(text)
        other = address ^ 2
        self.world += [Request(address=other), Request(address=min(address, other) + 1)]
        return text_from_address(other)

    def subnet(self, place: int) -> list[str]:
        """The subnet at this place, and a caller in it from now on; empty if the subject offers no subnets."""
        found = list(self.ids[place : place + 1])
        self.world += [Request(address=requests.private(self.random), subnet=one) for one in found]
        return found


def _scenarios(setting: Setting) -> Iterator[Scenario]:
    if not setting.capabilities.incremental or not setting.capabilities.refusals:
        return  # a subject that only decides is asked less; its walks cover this
    bodies: tuple[tuple[str, Callable[[_Alternation], None]], ...] = (
        ("STA-1", _put_again),
        ("STA-1", _emptied),
        *((("STA-4", _asleep),) if setting.capabilities.default_action else ()),
        ("STA-2", _alike),
        *((("STA-10", _without_endpoint),) if setting.capabilities.endpoints else ()),
        ("STA-2", _narrowed),
        ("STA-2", _bared),
        *(("STA-2", partial(_halved, octet=octet)) for octet in _OCTETS),
        ("STA-2", _stairs),
        ("STA-2", _packed),
        *((("STA-2", _repeated),) if setting.profile.choice("duplicates") in ("keep", "collapse") else ()),
    )
    for index in setting.rounds(1):
        for place, (clause, body) in enumerate(bodies):
            purpose, fresh = ("turns", place, index), place % _BODIES == 0
            run = partial(_run, setting=setting, purpose=purpose, body=body, fresh=fresh)
            yield Scenario(aims=(clause, "STA-2"), run=run)


def _run(
    bench: Bench, setting: Setting, purpose: Sequence[object], body: Callable[[_Alternation], None], *, fresh: bool
) -> None:
    random = setting.random(*purpose)
    network = Network()
    if setting.capabilities.subnets:
        network = networks.network(setting.random(*purpose[::2]), some_without_endpoint=False)
    if fresh:
        bench.reset(network)
    else:
        bench.settle_in(network)
    outside = [Request(address=blocks.block(random, 32).first) for _ in range(2)]
    services = callers.some(random, callers.trusted_callers(setting.profile, setting.capabilities), 1)
    world = [*outside, *(Request(address=outside[0].address, caller=one) for one in services)]
    body(
        _Alternation(
            bench,
            setting,
            random,
            random.sample([one.id for one in network.subnets], min(4, len(network.subnets))),
            world,
        )
    )


def _put_again(alternation: _Alternation) -> None:
    """A set, a single change of each kind, and the same set again, which must undo the changes."""
    lasting, gone = alternation.rule(24), alternation.rule(32)
    acls = wire_rules([lasting, gone], alternation.subnet(0))
    if not alternation.put(acls):
        return
    alternation.write("addIpRule", value=alternation.over_a_gap(gone))
    for one in alternation.subnet(1):
        alternation.write("addVirtualNetworkRule", id=one)
    alternation.put(acls)
    alternation.write("removeIpRule", value=gone)
    alternation.put(acls)
    for one in alternation.ids[:1]:
        alternation.write("removeVirtualNetworkRule", id=one)
        alternation.put(acls)
    alternation.write("updateRules", aim="STA-3", bypass="AzureServices", defaultAction="Allow")
    alternation.put(acls)


def _emptied(alternation: _Alternation) -> None:
    """Sets without rules, with empty lists or none, and rules added in between: each set begins with no rules."""
    empty = wire_rules(())
    bare = {
        name: value
        for name, value in empty.items()
        if name == "virtualNetworkRules" and not alternation.setting.capabilities.subnets
    }
    absent = {**bare, **{name: value for name, value in empty.items() if not isinstance(value, list)}}
    for acls in (absent, empty):
        if not alternation.put(acls):
            return
        alternation.write("addIpRule", value=alternation.rule(28))
        for one in alternation.subnet(0 if acls is absent else 1):
            alternation.write("addVirtualNetworkRule", id=one)
    alternation.put(absent)


def _asleep(alternation: _Alternation) -> None:
    """Changes under Allow are kept under Deny, and stay when Deny is written again, or nothing at all."""
    gone, lasting, subnets = alternation.rule(32), alternation.rule(24), alternation.subnet(0)
    if not alternation.put(wire_rules([gone, lasting], [*subnets, *alternation.subnet(1)])):
        return
    removals = [("removeIpRule", {"value": gone}), *(("removeVirtualNetworkRule", {"id": one}) for one in subnets)]
    for method, params in removals:  # each alone: the next removal might hide a fault of this one
        alternation.write("updateRules", aim="STA-4", defaultAction="Allow")
        alternation.write(method, **params)
        alternation.write("updateRules", aim="STA-4", defaultAction="Deny")
    alternation.write("addIpRule", value=alternation.rule(30))
    alternation.write("updateRules", aim="STA-3", defaultAction="Deny")
    alternation.write("updateRules", aim="STA-3")
    if alternation.put(wire_rules((), default_action="Allow")):  # Deny without any rule is a valid state
        alternation.write("updateRules", aim="STA-4", defaultAction="Deny")


def _alike(alternation: _Alternation) -> None:
    """Of several rules that resemble each other one is removed, a subnet, an address or a range; the others stay."""
    a, b, c = (
        alternation.random.randrange(20, 24),
        alternation.random.randrange(1, 10),
        alternation.random.randrange(11, 20),
    )
    one = f"{a}.{b}.{c}.3"
    others = [
        *(f"1{one}", f"{one}0", f"{one}3", f"{a}.{b}.{c}.2", f"{a}.{b}.{c}.23", f"{a}.{c}.{b}.3", f"{b}.{a}.{c}.3"),
        *(f"{a}.{b}.{c + 1}.0", f"{a}.{b}.{c + 1}.0/26", f"1{a}.{b}.{c + 1}.0/24", f"{a}.{b}.{c}0.0/24"),
    ]
    wide, unknown = f"{a}.{b}.{c + 1}.0/24", f"{a}.{b}.{c + 1}.200"
    longest = f"1{a}.1{a}.1{a}.128"  # as an address can be: what differs comes after the slash
    for text in (one, *others):
        address, _, _ = text.partition("/")
        alternation.world.append(Request(address=address_from_text(address)))
    alternation.world.append(Request(address=address_from_text(unknown)))
    alternation.world += [Request(address=address_from_text(longest) + place) for place in (63, 127)]
    pair = [f"{longest}/25", f"{longest}/26"]
    values = alternation.random.sample([one, wide, *others, *pair], len(others) + 4)
    subnets = [subnet.id for subnet in alternation.bench.vault.network.subnets[:_ALIKE]]
    alternation.world += [Request(address=requests.private(alternation.random), subnet=subnet) for subnet in subnets]
    if not alternation.put(wire_rules(values, subnets)):
        return
    for subnet in subnets[:1]:
        alternation.write("removeVirtualNetworkRule", id=subnet)
    alternation.write("removeIpRule", value=one)
    alternation.write("removeIpRule", value=alternation.random.choice(pair))
    alternation.unseen("addIpRule", value=alternation.rule(30))
    alternation.write("removeIpRule", value=unknown)  # refused or not, the range that holds it stays
    alternation.look("STA-2")
    alternation.write("removeIpRule", value=wide)
    alternation.write("removeIpRule", value=one)  # once more, and in vain: nothing is freed, and nothing kept out
    for text in (unknown, one):
        alternation.write("addIpRule", value=text)


def _bared(alternation: _Alternation) -> None:
    """Nested ranges, removed from the outermost inwards: each range inside stays in force."""
    inner = blocks.block(alternation.random, 28)
    chain = [inner]
    for length in (24, 20, 16, 12):
        size = 2 ** (32 - length)
        first = inner.first - inner.first % size
        chain.insert(0, Block(first, first + size - 1))
    if not all(map(is_clear, chain)):
        return
    for one in chain:
        alternation.world += [Request(address=one.first), Request(address=one.last)]
    values = [blocks.text(one) for one in chain]
    if not alternation.put(wire_rules(alternation.random.sample(values, len(values)))):
        return
    for value in values[:3]:
        alternation.write("removeIpRule", value=value)


def _halved(alternation: _Alternation, octet: int) -> None:
    """A page of this prefix length, both its halves, and ranges at its ends and inside: halves and page come and go.

    Whoever joins halves, keeps the smaller part of a page or looks at the ends of a range alone loses what is inside.
    """
    random = alternation.random
    page = blocks.block(random, octet)
    size = (page.last - page.first + 1) // _PARTS
    lower = first_half(page)
    upper = other_half(lower)
    places = (0, random.randrange(1, _PARTS // 2), random.randrange(_PARTS // 2, _PARTS - 1), _PARTS - 1)
    inside = [Block(page.first + place * size, page.first + (place + 1) * size - 1) for place in places]
    asked = [one.first for one in inside]
    for half in (lower, upper):
        asked += [end for end in edges(half) if is_public(end)] + [random.randint(half.first, half.last)]
    alternation.world += [Request(address=address) for address in dict.fromkeys(asked)]
    rules = [blocks.text(one) for one in (*inside, lower, upper)]
    if not alternation.put(wire_rules(random.sample(rules, len(rules)))):
        return
    whole, (one, other) = blocks.text(page), random.sample(rules[-2:], 2)
    for method, value in (
        ("removeIpRule", one),
        ("removeIpRule", other),
        ("addIpRule", whole),
        ("removeIpRule", whole),
        ("addIpRule", other),
        ("addIpRule", one),
        ("removeIpRule", random.choice((one, other))),
    ):
        alternation.write(method, value=value)


def _stairs(alternation: _Alternation) -> None:
    """A range of each prefix length of an octet, each inside the range before; some of them go."""
    random = alternation.random
    stairs = []
    for shortest, octet in ((blocks.SHORTEST, 8), (9, 16), (17, 24)):
        outer = blocks.block(random, shortest)
        deep = random.choice((outer.first, outer.last, random.randint(outer.first, outer.last)))
        stairs.append([around(deep, length) for length in range(shortest, octet + 1)])
        alternation.world += [Request(address=end) for one in stairs[-1] for end in (one.first, one.last)]
        alternation.world.append(Request(address=deep))
    rules = [blocks.text(one) for ranges in stairs for one in ranges]
    if alternation.put(wire_rules(random.sample(rules, len(rules)))):
        for ranges in stairs:
            alternation.write("removeIpRule", value=blocks.text(random.choice(ranges[:-1])))


def _packed(alternation: _Alternation) -> None:
    """A range of each prefix length, and addresses in it that its first address and its length come to together.

    Whoever packs both into one number takes the range and such an address for one.
    """
    random = alternation.random
    ranges, singles = list[Block](), list[Block]()
    for length in range(9, blocks.LONGEST + 1):
        one = blocks.block(random, length)
        if not any(one.holds(other) or other.holds(one) for other in ranges):
            ranges.append(one)
            places = dict.fromkeys((length, _BITS - length))
            singles += [Block(one.first + at, one.first + at) for at in places if one.first + at < one.last]
    for one in ranges:
        alternation.world += [Request(address=one.first + 1), Request(address=one.last)]
    values = [blocks.text(one) for one in ranges]
    texts = [blocks.text(one) for one in singles]
    if not alternation.put(wire_rules(random.sample([*values, *texts], len(values) + len(texts)))):
        return
    for text in random.sample(texts, _GONE):
        alternation.write("removeIpRule", value=text)
    alternation.put(wire_rules(values))


def _repeated(alternation: _Alternation) -> None:
    """A rule that came twice, by sets, by additions or by both, goes with one removal; a shorter set drops a repeat."""
    text = alternation.rule()
    for held, added in (((), 2), ((text,), 1), ((text, text), 0)):
        if not alternation.put(wire_rules(held)):
            return
        for _ in range(added):
            alternation.unseen("addIpRule", value=text)
        if len(held) > 1:
            alternation.put(wire_rules(held[1:]))
        alternation.write("removeIpRule", value=text)


def _narrowed(alternation: _Alternation) -> None:
    """A range gives way to a part of it, where it begins or inside, and comes back; nobody is asked between."""
    whole = blocks.block(alternation.random, 24)
    size = (whole.last - whole.first + 1) // 4
    quarters = [Block(first, first + size - 1) for first in range(whole.first, whole.last, size)]
    alternation.world += [Request(address=address) for one in quarters for address in (one.first, one.last)]
    half = Block(whole.first, quarters[1].last)
    if not alternation.put(wire_rules([blocks.text(whole), alternation.rule()])):
        return
    for before, after in pairwise((whole, half, quarters[1], whole)):
        alternation.unseen("removeIpRule", value=blocks.text(before))
        alternation.write("addIpRule", value=blocks.text(after))


def _without_endpoint(alternation: _Alternation) -> None:
    """A subnet's endpoint goes off after a refused set, and its rule goes; without the endpoint no rule comes back."""
    (subnet,) = alternation.subnet(0)
    *_, inside = alternation.world
    outside = replace(inside, address=alternation.world[0].address)  # the address that shows without the endpoint
    if not alternation.put(wire_rules([alternation.rule()], [subnet])):
        return
    private = text_from_address(requests.private(alternation.random))
    alternation.bench.put(wire_rules([alternation.rule(), private]), aim="VAL-3")
    alternation.switch(subnet, networks.NO_ENDPOINTS[0], inside, outside)
    alternation.write("removeVirtualNetworkRule", id=subnet)
    alternation.write("addVirtualNetworkRule", aim="VAL-8", id=subnet)
    alternation.switch(subnet, networks.ENDPOINTS[0], outside, inside)


TURNS = Exploration(
    name="turns",
    serves=("STA-1", "STA-2", "STA-3", "STA-4", "STA-5"),
    scenarios=_scenarios,
    in_breadth="histories",
)
