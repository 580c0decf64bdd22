"""Ranges that resemble one another, contain one another, or share an end come and go by turns (STA-2)."""

from itertools import pairwise

from fencepost.conformance.explorations.alternating_vault import Alternation
from fencepost.conformance.generate import blocks, requests, shapes
from fencepost.conformance.generate.boundaries import edges
from fencepost.conformance.generate.shapes import around, first_half, other_half
from fencepost.conformance.lockstep.wire import wire_rules
from fencepost.reference import Block, Request, address_from_text, is_clear, is_public

_ALIKE = 6
"""The first so many subnets of a network differ in one part each."""

_BITS, _PARTS, _GONE = 32, 256, 3

_APART, _EXCHANGED = 6, 3
"""So many ranges apart from one another, and how many of them give way to another range."""

_BEGUN, _OTHERS, _SETS = 6, 4, 9
"""So many ranges that begin alike are in one set, so many of them change each time, and how many sets there are."""


def alike(alternation: Alternation) -> None:
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


def bared(alternation: Alternation) -> None:
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


def halved(alternation: Alternation, octet: int) -> None:
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


def stairs(alternation: Alternation) -> None:
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


def packed(alternation: Alternation) -> None:
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


def narrowed(alternation: Alternation) -> None:
    """A range gives way to a part of it, where it begins or inside, and comes back; nobody is asked between."""
    whole = blocks.block(alternation.random, 24)
    quarters = shapes.cut(whole, 4)
    alternation.world += [Request(address=address) for one in quarters for address in (one.first, one.last)]
    half = Block(whole.first, quarters[1].last)
    if not alternation.put(wire_rules([blocks.text(whole), alternation.rule()])):
        return
    for before, after in pairwise((whole, half, quarters[1], whole)):
        alternation.unseen("removeIpRule", value=blocks.text(before))
        alternation.write("addIpRule", value=blocks.text(after))


def abutting(alternation: Alternation) -> None:
    """Three ranges end before one address, and others that begin with it come and go; then the other way round.

    A program that counts ranges at their bounds has several bounds in one place: an end and a beginning cancel out.
    """
    random = alternation.random
    lower = blocks.block(random, random.randrange(8, 15))
    upper = Block(lower.last + 1, 2 * lower.last - lower.first + 1)
    sides = []
    for one, bound in ((lower, lower.last), (upper, upper.first)):
        lengths = random.sample(range(16, blocks.LONGEST + 1), 2)
        sides.append([one, *(around(bound, length) for length in lengths)])
    if not all(map(is_clear, sides[0] + sides[1])):
        return
    alternation.ask_about(sides[0] + sides[1])
    add, remove = "addIpRule", "removeIpRule"
    for there, beside in (sides, sides[::-1]):
        if not alternation.put(wire_rules([blocks.text(one) for one in random.sample(there, len(there))])):
            return
        one, other = random.sample(beside, 2)
        for method, changed in (
            (add, one),
            (add, other),
            (remove, one),
            (remove, random.choice(there)),
            (remove, other),
        ):
            alternation.write(method, value=blocks.text(changed))


def exchanged(alternation: Alternation) -> None:
    """Of ranges apart from one another, one after another is exchanged for a range just before it or just behind it.

    The list stays as long, and no range passes another. A program that keeps more than the ranges, such as the highest
    end so far, must work it out again.
    """
    random = alternation.random
    home = blocks.block(random, random.choice((8, 12, 16)))
    parts = shapes.cut(home, 64)
    places = sorted(random.sample(range(4, 60, 4), _APART))
    chosen = {place: parts[place] for place in places}
    for place in places:
        alternation.ask_about(parts[place - 1 : place + 2])
    if not alternation.put(wire_rules([blocks.text(one) for one in chosen.values()])):
        return
    for number, place in enumerate((*random.sample(places[:-1], _EXCHANGED), places[0])):
        old, chosen[place] = chosen[place], parts[place + random.choice((1, 1, -1))]
        if old == chosen[place]:
            chosen[place] = parts[place]
        if number % 2:
            alternation.put(wire_rules([blocks.text(one) for one in chosen.values()]))
        else:
            alternation.unseen("removeIpRule", value=blocks.text(old))
            alternation.write("addIpRule", value=blocks.text(chosen[place]))


def beginning_alike(alternation: Alternation) -> None:
    """Sets of six ranges that all begin with the same address: from set to set four of the prefix lengths change.

    A program that tells changes by the first addresses, or by a sum of them, takes each set for the set before. In a
    log of 8, 16 or 32 such changes as many ranges come as go.
    """
    random = alternation.random
    outer = blocks.block(random, random.randrange(8, 13))
    every = [outer, *(around(outer.first, length) for length in (*range(13, blocks.LONGEST + 1), 32))]
    alternation.ask_about(every[::2])
    some = random.sample(every, _BEGUN)
    for _ in range(_SETS):
        if not alternation.put(wire_rules([blocks.text(one) for one in some])):
            return
        others = random.sample([one for one in every if one not in some], _OTHERS)
        some = random.sample([*random.sample(some, _BEGUN - _OTHERS), *others], _BEGUN)


def new_vaults(alternation: Alternation) -> None:
    """The first set of a vault lists an inner range before the outer; the next vault gets the same ranges one by one.

    A program may note something of the first ranges of a vault, or keep something of the vault before: both show while
    the ranges are few.
    """
    outer, inner, *_ = shapes.nest(alternation.random)
    beside = other_half(inner)
    alternation.ask_about((outer, inner, beside))
    add, remove = "addIpRule", "removeIpRule"

    def change(*changes: tuple[str, Block]) -> None:
        for method, one in changes:
            alternation.write(method, value=blocks.text(one))

    if not alternation.put(wire_rules([blocks.text(one) for one in (inner, outer)])):
        return
    change((add, beside), (remove, outer))
    alternation.bench.reset(alternation.bench.vault.network)
    alternation.put(wire_rules(()))
    change((add, beside), (remove, beside), (add, inner), (add, outer), (remove, inner))
