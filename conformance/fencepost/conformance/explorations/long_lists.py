"""Long lists that grow and shrink by single rules, and lists that fill pages: what tables and counts may get wrong."""

from collections.abc import Sequence
from random import Random

from fencepost.conformance.bench.bench import Bench
from fencepost.conformance.explorations.rule_lists import RuleList, ask_every_rule
from fencepost.conformance.generate import blocks
from fencepost.conformance.generate.boundaries import edges
from fencepost.conformance.generate.shapes import cut, first_half, other_half
from fencepost.reference import Block, Request, is_public

_LONG, _REMOVED, _IN_PAGE, _HOMES, _TURN = 66, 40, 12, 6, 5
"""A long list, how many rules leave it, how many of it lie in one /16, in how many others the rest, and how many
changes are made between requests."""

_SIZES = (64, 128, 256, 512)
"""Sizes of tables that grow by doubling."""

_SAMPLE = 40
_NEAR = 16
"""How many parts of a page are asked about after each change."""


def across_a_power_of_two(bench: Bench, random: Random, kind: RuleList) -> None:
    """A list of one rule more than a power of two loses the rule that contains all the others."""
    count = 256 if kind.maximum > 256 else 1 << (kind.maximum.bit_length() - 1)
    if bench.put(kind.acls([blocks.text(one) for one in blocks.engulfed(random, count)])):
        without_and_with(bench, random, widest_of(bench))


def grown(bench: Bench, random: Random, kind: RuleList) -> None:
    """A list of nearly as many rules as a table has places grows by single rules; every rule stays in force."""
    for size in _SIZES:
        if size + 2 > kind.maximum:
            return
        *rules, first, second = kind.fill(random, size + 1)
        if not bench.put(kind.acls(rules)):
            return
        for one in (first, second):
            bench.write(kind.add, {kind.member: one}, exercises=("STA-2",), aim="STA-2")
        ask_every_rule(bench, random, "STA-2")


def thinned(bench: Bench, random: Random, kind: RuleList) -> None:
    """A list, and a page of it, become much shorter by single removals, and the page fills again with other ranges.

    A table or a page that is kept in another form from some length on changes it both ways.
    """
    wide, page, *homes = _pages(random, (11, 16, *(random.randrange(15, 17) for _ in range(_HOMES))))
    in_page = random.sample(cut(page, 256), 3 * _IN_PAGE)
    first, later = in_page[:_IN_PAGE], in_page[_IN_PAGE : 2 * _IN_PAGE]
    others = [one for home in homes for one in random.sample(cut(home, 512), (_LONG - _IN_PAGE) // _HOMES)]
    rules = [wide, *homes[:1], *first, *others]
    if not bench.put(kind.acls([blocks.text(one) for one in random.sample(rules, len(rules))])):
        return
    asked = [wide.last, *(one.first for one in (*rules, *in_page)), *(home.last for home in homes)]
    requests_about = [Request(address=address) for address in asked]
    gone = [*first[: _IN_PAGE - 2], *random.sample(others, _REMOVED - _IN_PAGE)]
    changes = [("removeIpRule", one) for one in random.sample(gone, len(gone))]
    changes += [("addIpRule", one) for one in later]
    for turn, (method, one) in enumerate(changes):
        if not bench.write(method, {kind.member: blocks.text(one)}, exercises=("STA-2",), aim="STA-2"):
            return
        if turn % _TURN == _TURN - 1 or turn == len(changes) - 1:
            bench.ask(requests_about, exercises=dict.fromkeys(requests_about, ("STA-2",)), aim="STA-2")


def tiled(bench: Bench, random: Random, kind: RuleList) -> None:
    """Pages that equal rules fill, 256 of them where there is room: without one rule there is a hole of its size.

    Half a page and the two quarters in it are together as large as the page, and half of the page is outside them.
    """
    halved = (8, 16, 24)
    count = 1 << ((kind.maximum - 3 * len(halved)) // 3).bit_length() - 1
    bits = count.bit_length() - 1
    *tiled_pages, _, _, _ = found = _pages(random, (*(length - bits for length in (16, 24, 32)), *halved))
    halves = [first_half(page) for page in found[len(tiled_pages) :]]
    tiles = [cut(page, count) for page in tiled_pages]
    gone = [random.choice((tile[0], tile[-1], random.choice(tile))) for tile in tiles]
    rules = [*(one for tile in tiles for one in tile), *(one for half in halves for one in (half, *cut(half, 2)))]
    random.shuffle(rules)
    asked = [address for one in (*tiled_pages, *gone) for address in edges(one)]
    asked += [random.choice(tile).first for tile in tiles for _ in range(_NEAR)]
    asked += [random.randint(other.first, other.last) for other in map(other_half, halves)]
    requests_about = [Request(address=address) for address in asked if is_public(address)]

    def look() -> None:
        bench.ask(requests_about, exercises=dict.fromkeys(requests_about, ("STA-2",)), aim="STA-2")

    def put(without: Sequence[Block] = ()) -> bool:
        return bench.put(kind.acls([blocks.text(one) for one in rules if one not in without]))

    if not put():
        return
    ask_every_rule(bench, random, "STA-2")
    look()
    if not bench.capabilities.incremental or not bench.capabilities.refusals:
        for without in (gone, ()):
            if not put(without):
                return
            look()
        return
    add, remove = "addIpRule", "removeIpRule"
    changes: list[tuple[tuple[str, Block], ...]] = [((method, one),) for method in (remove, add) for one in gone]
    for page, one in zip(tiled_pages, gone, strict=True):
        changes += [((add, page), (remove, one)), ((remove, page),)]
    for writes in changes:
        for method, one in writes:
            if not bench.write(method, {kind.member: blocks.text(one)}, exercises=("STA-2",), aim="STA-2"):
                return
        look()


def _pages(random: Random, lengths: Sequence[int]) -> list[Block]:
    """A range of each prefix length, each in a /8 of its own."""
    found = dict[int, Block]()
    for length in lengths:
        page = blocks.block(random, length)
        while page.first >> 24 in found:
            page = blocks.block(random, length)
        found[page.first >> 24] = page
    return list(found.values())


def widest_of(bench: Bench) -> Block:
    """The widest range in force."""
    return max((rule.block for rule in bench.vault.rules.ip_rules), key=lambda block: block.last - block.first)


def without_and_with(bench: Bench, random: Random, widest: Block) -> None:
    """The rule that contains all others is removed, and added again: the others were never superfluous."""
    some = random.sample([rule.block for rule in bench.vault.rules.ip_rules if rule.block != widest], _SAMPLE)
    asked = [Request(address=one) for one in (*edges(widest), *(block.first for block in some))]
    for method in ("removeIpRule", "addIpRule"):
        if not bench.write(method, {"value": blocks.text(widest)}, aim="STA-2"):
            return
        bench.read()
        bench.ask(asked, exercises=dict.fromkeys(asked, ("STA-2",)), aim="STA-2")
