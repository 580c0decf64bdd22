"""Histories of one vault: nested ranges come and go; requests are asked then, and again much later (STA-2)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, islice, repeat

from fencepost.conformance.bench.bench import Bench
from fencepost.conformance.bench.exploration import Exploration, Scenario
from fencepost.conformance.bench.setting import Setting
from fencepost.conformance.explorations.whole_sets import offered, send
from fencepost.conformance.generate import blocks, callers, networks, opened, requests, shapes
from fencepost.conformance.generate.changes import Change, GeneratorState, add, call, put, remove, requests_about
from fencepost.conformance.generate.groves import Grove, Life, put_in_new, put_in_place, put_one, set_of
from fencepost.conformance.generate.shapes import SHAPES
from fencepost.conformance.generate.turns import (
    SINGLE_CHANGES,
    all_but_few,
    bare,
    bypass_switched,
    connected,
    elsewhere,
    gone,
    gone_and_back,
    outermost_last,
    range_in_vain,
    turns,
)
from fencepost.conformance.lockstep.case import WriteStep
from fencepost.conformance.lockstep.wire import WireRules, wire_rules
from fencepost.reference import Block, Network, Request, Subnet, is_clear, read_ip_rule

_SUBNETS = 3
_CROWD, _CROWDED_FOR = 1_000, 4
"""How many addresses are asked, and after how many turns they are asked again."""

_OFTEN = 24
"""How many addresses are asked in each of the first turns, and again in one of the last."""

_WITHOUT_SETS = (1, 2)
"""The shapes at these places come one after the other by single changes alone, after the bypass has changed."""

_BACK = 2
"""So many of the first shapes come back at the end of a long life."""

_LENGTHS = (16, 32, 64, 100)
"""Lengths of lists at which a program may take another structure."""

_LONG = 105
"""A list that is longer than any of them, and fits into the limit of each profile."""

_FEW = 3
"""So many of the ranges that stay are asked after each change."""

_LAST_FIRST = 8
"""So many of the requests that were asked last are asked first after the next change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Length:
    """How many shapes a long life has beside one of each, in how many turns; and how many vaults there are in short."""

    more: int
    turns: int
    vaults: int
    short: int


_SINGLE_CHANGES = _Length(more=2, turns=10, vaults=7, short=2)
_WHOLE_SETS = _Length(more=0, turns=12, vaults=6, short=3)
_DECISIONS_ONLY = _Length(more=0, turns=1, vaults=2, short=1)

_PAGES = (70, 70, 135, 260)
"""Numbers of pages: more than a cache of 64, 128 or 256 of them holds."""

_TAKEN, _EQUAL = 7, 256
"""So many of the ranges around one address go at once, twice; and so often stands one range in a list."""

_FOLDED = 64
"""So many rules are replaced at once: a store of changes that is folded when it is full is as long as before."""


def _scenarios(setting: Setting) -> Iterator[Scenario]:
    capabilities = setting.capabilities
    length = _SINGLE_CHANGES if capabilities.incremental else _WHOLE_SETS
    if not capabilities.refusals:
        length = _DECISIONS_ONLY
    for index in setting.rounds(1):
        others = (("pages", _paged), ("long list", _long_lists), ("heap", _heaped))
        for name, run_other in others if capabilities.refusals else ():  # a decisions-only run has few writes
            yield Scenario(aims=("STA-2",), run=partial(run_other, setting=setting, purpose=(name, index)))
        for number, run in ((1, _short_lives), (0, _long_life)):  # the long life ends where the writes do
            run_one = partial(run, setting=setting, purpose=("grove", index, number), length=length)
            yield Scenario(aims=("STA-2",), run=run_one)
        if not capabilities.refusals:
            yield Scenario(aims=("STA-2",), run=partial(_paged, setting=setting, purpose=("pages", index)))


@dataclass(slots=True)
class _Watched:
    """A life on the bench: its turns are made, and the same callers asked after each.

    They are asked when the next write is known: what it changes is asked last before it, and first after it. So an
    answer shows that is kept for the last few addresses only.
    """

    bench: Bench
    setting: Setting
    life: Life
    network: Network
    before: list[Request] = field(default_factory=list)
    more: Sequence[int] = ()
    last: Change | None = None
    is_due: bool = False

    def grow(self, shape: shapes.Shape) -> None:
        """From now on other ranges come and go."""
        life = self.life
        life.grove = Grove.of(shape, life.random, opened.wide(self.setting.profile))
        life.is_open = bool(life.random.randrange(2))

    def enter(self, acls: WireRules, *, is_new: bool) -> bool:
        """Put a whole set, in a new vault or in the present one; what was asked before is asked after it."""
        if is_new:
            self.bench.reset(self.network)
        self.more = [one.address for one in self.before if one.subnet is None and one.caller.service is None]
        self.last, self.is_due = None, True
        return self.bench.put(acls, aim="STA-2")

    def take(self, turn: Iterator[Change], more: Sequence[int] = ()) -> None:
        """Make the writes of a turn, after requests about the turn before. `more` are asked after it."""
        first = next(turn, None)
        if first is None:
            return
        self.look(_changed_by(self.life, first))
        for change in chain((first,), turn):
            made = offered(change, self.bench.vault, self.setting.capabilities)
            if made is not None:
                self.last, self.more, self.is_due = made, more, True
                send(self.bench, made)

    def look(self, soon: Sequence[int] = ()) -> None:
        """Ask, if a write was made, at the ends of every range, from every subnet, for two services, and more."""
        if not self.is_due:
            return
        bench, life = self.bench, self.life
        asked = [Request(address=one) for one in (*life.grove.ends, *life.grove.within(life.random))]
        asked += [Request(address=one.last) for one in life.random.sample(life.ballast, min(_FEW, len(life.ballast)))]
        asked += requests_about(life.state, (), [one.id for one in bench.vault.network.subnets])
        far = requests.Place(address=life.grove.ends[0])
        for kind in (callers.trusted_callers, callers.untrusted_callers):
            asked += [far.request(one) for one in kind(bench.vault.profile, life.state.capabilities)[:1]]
        asked += [Request(address=one) for one in self.more]
        life.random.shuffle(asked)
        known, ending = set(asked), [Request(address=one) for one in soon]
        latest = [one for one in self.before[: -_LAST_FIRST - 1 : -1] if one in known]
        rest = [one for one in asked if one not in ending]
        distinct = list(dict.fromkeys((*latest, *rest, *ending)))
        exercises = dict.fromkeys(distinct, self.last.clauses) if self.last is not None else {}
        bench.ask(distinct, exercises=exercises, aim="STA-2")
        self.before, self.is_due = distinct, False


def _changed_by(life: Life, change: Change) -> list[int]:
    """Some addresses, at the ends of ranges, whose answer hangs on the rule of a single change."""
    value = change.step.params.get("value") if isinstance(change.step, WriteStep) else None
    named = read_ip_rule(value, life.state.vault.profile).blocks if isinstance(value, str) else ()
    others = [rule.block for rule in life.state.ip_rules if rule.block not in named]
    found = [
        one for one in life.grove.ends for block in named if one in block and not any(one in other for other in others)
    ]
    return life.random.sample(found, min(_LAST_FIRST, len(found)))


def _watched(bench: Bench, setting: Setting, purpose: Sequence[object]) -> _Watched:
    state = GeneratorState(random=setting.random(*purpose), capabilities=setting.capabilities, now=lambda: bench.vault)
    network = Network()
    if setting.capabilities.subnets:
        *ids, lacking = networks.subnet_ids(state.random)[: _SUBNETS + 1]
        subnets = [Subnet(id=one) for one in ids]
        if setting.capabilities.endpoints:
            subnets.append(Subnet(id=lacking, service_endpoints=state.random.choice(networks.NO_ENDPOINTS)))
        network = Network(subnets=tuple(subnets))
    return _Watched(bench, setting, Life(state=state, grove=Grove.of(shapes.chain, state.random)), network)


def _long_life(bench: Bench, setting: Setting, purpose: Sequence[object], length: _Length) -> None:
    """One vault, in which one shape comes after another, once without a whole set; the first two come back."""
    watched = _watched(bench, setting, purpose)
    life, random = watched.life, watched.life.random
    every = list(SHAPES.values())
    order = [*random.sample(every, len(every)), *random.sample(every, length.more)]
    groves = list[Grove]()
    recalled = _recalled(life, len(order) * length.turns) if length.more else repeat([])
    for place in range(len(order) + _BACK):
        if place < len(order):
            watched.grow(order[place])
            groves.append(life.grove)
        else:
            life.grove = groves[place - len(order)]
        by_single_changes = length.more and place in _WITHOUT_SETS
        if not by_single_changes or place == _WITHOUT_SETS[0]:
            acls = put_in_place(life) if place else put_in_new(life, watched.network)
            if not watched.enter(acls, is_new=not place):
                return
            if not place:
                watched.take(connected(life))
            elif by_single_changes:
                watched.take(bypass_switched(life))
        is_crowded = length.more and place == len(order) // 2
        crowd = [life.grove.somewhere(random) for _ in range(_CROWD if is_crowded else 0)]
        table = SINGLE_CHANGES if by_single_changes else None
        made = islice(turns(life, table), length.turns if place < len(order) else length.turns // 3)
        for number, (turn, more) in enumerate(zip(made, recalled, strict=False)):
            watched.take(turn, (*more, *(crowd if number in (0, _CROWDED_FOR) else ())))
        for last in (gone_and_back, elsewhere)[: 1 + place % 2]:
            watched.take(last(life))
        watched.take(range_in_vain(life))
    if length.more:
        _filled_and_emptied(watched)


def _filled_and_emptied(watched: _Watched) -> None:
    """Equal ranges come in a row and go in thirds; a range over many first octets and another bypass stay.

    In half of the lives the list is longer than a log that is folded when it is full, and one of its other rules goes
    first. A rule goes and comes back before the others come. After each step a refused addition shows what a roll-back
    brings back or loses.
    """
    life, random = watched.life, watched.life.random
    watched.grow(shapes.slots)
    others = shapes.ballast(random, random.choice((0, _FOLDED)), life.grove.blocks)
    life.ballast = (shapes.beside(random, life.grove.blocks), *others)
    if not watched.enter(set_of(life, life.grove.blocks[:2]), is_new=False):
        return
    watched.look()
    watched.take(chain(bypass_switched(life), *(gone(life, one) for one in others[:1]), gone_and_back(life)))
    watched.take(add(life.state, block) for block in life.grove.blocks[2:])
    removals = all_but_few(life)
    for _ in range(3):
        watched.take(islice(removals, len(life.grove.blocks) // 3))
        watched.look()
        watched.bench.read()
        watched.take(range_in_vain(life))
    watched.look()
    watched.bench.read()


def _recalled(life: Life, turns: int) -> Iterator[list[int]]:
    """Other requests of each turn: new addresses in the first third, the same shuffled in the last, and later none.

    They are not asked in between, so that a stale answer may have been stored for hundreds of writes.
    """
    third = turns // 3
    known = list[list[int]]()
    for _ in range(third):
        known.append([life.grove.somewhere(life.random) for _ in range(_OFTEN)])
        yield known[-1]
    yield from repeat([], turns - 2 * third)
    again = life.random.sample(every := [one for some in known for one in some], len(every))
    yield from (again[place::third] for place in range(third))
    yield from repeat([])


def _short_lives(bench: Bench, setting: Setting, purpose: Sequence[object], length: _Length) -> None:
    """New vaults in a row, some with one rule, the others with a few changes; what came last there is not asked."""
    watched = _watched(bench, setting, purpose)
    life = watched.life
    takes_pairs = setting.profile.choice("duplicates") in ("keep", "collapse")
    alike = (_with_same_sums, _with_a_pair if takes_pairs else _halved, _halved)
    for place in range(length.vaults):
        if place % 3 == 0:
            watched.grow(life.random.choice(list(SHAPES.values())))
        if not watched.enter(put_one(life), is_new=True):
            return
        watched.look()
        (rule,) = life.state.ip_rules
        for some in alike[place // 3](rule.block) if place % 3 == 0 and shapes.has_quarters(rule.block) else ():
            watched.enter(wire_rules(map(blocks.text, some)), is_new=False)
            watched.look()
        if not watched.enter(put_in_new(life, watched.network), is_new=True):
            return
        watched.look()
        for turn in islice(turns(life), length.short):
            watched.take(turn)
        watched.take(outermost_last(life) if life.random.randrange(2) else next(turns(life)))


def _halved(block: Block) -> list[list[Block]]:
    """One range that begins where the block begins."""
    return [[shapes.first_half(block)]]


def _with_same_sums(block: Block) -> list[list[Block]]:
    """Two quarters, then the two others: as many ranges, of the same lengths, and the same sum of addresses."""
    quarters = shapes.cut(block, 4)
    return [[quarters[0], quarters[3]], [quarters[1], quarters[2]]]


def _with_a_pair(block: Block) -> list[list[Block]]:
    """Half of the block, then twice the other half as well: a sum by exclusive or has nothing of a pair."""
    half = shapes.first_half(block)
    return [[half], [half, *[shapes.other_half(half)] * 2]]


def _long_lists(bench: Bench, setting: Setting, purpose: Sequence[object]) -> None:
    """Nested ranges in a long list, in lists that get shorter, and ranges that fill a page."""
    watched = _watched(bench, setting, purpose)
    life, random = watched.life, watched.life.random

    def grown(length: int) -> tuple[Block, Block]:
        life.grove = Grove.of(shapes.nest, random)
        life.ballast = shapes.ballast(random, length, life.grove.blocks)
        outer, *nested = life.grove.blocks
        return outer, random.choice(nested)

    def entered(ranges: Sequence[Block], *, is_new: bool = False) -> None:
        watched.enter(set_of(life, ranges), is_new=is_new)
        watched.look()

    for is_absent in (False, True):
        outer, inner = grown(_LONG)
        entered([one for one in life.grove.blocks if one != inner or not is_absent], is_new=not is_absent)
        watched.take(bare(life, inner))
        watched.look()
    for one in (outer, inner):
        entered([one])
    for length in _LENGTHS:
        outer, inner = grown(length - 1)
        entered([outer, inner])
        for block in (*life.ballast[:2], outer):
            watched.take(gone(life, block))
        watched.look()
    life.ballast = ()
    for length in random.sample((8, 16, 24), 2):
        page, *parts = shapes.filled(random, length)
        life.grove = Grove(blocks=(page, *parts))
        entered(parts)
        watched.take(gone(life, random.choice(parts)))
        watched.look()


def _paged(bench: Bench, setting: Setting, purpose: Sequence[object]) -> None:
    """More pages than a cache holds, each with a range or two; changes in the first page, in the last, and between."""
    watched = _watched(bench, setting, purpose)
    state, random = watched.life.state, watched.life.random
    room = setting.profile.max_ip_rules - 1
    found = [one for one in shapes.pages(random, min(room, random.choice(_PAGES))) if all(map(is_clear, one))]
    firsts, seconds = [list(one) for one in zip(*found, strict=True)]
    bench.reset(watched.network)

    def look() -> None:
        asked = [Request(address=random.choice((one.first, one.last))) for pair in found for one in pair]
        bench.ask(random.sample(asked, len(asked)), aim="STA-2")

    def whole(some: Sequence[Block]) -> Change:
        texts = [blocks.text(one) for one in random.sample(some, len(some))]
        return put(wire_rules(texts), state.vault)

    def changes() -> Iterator[Change]:
        yield whole(firsts)
        for place in random.sample((0, len(seconds) // 2, len(seconds) - 1), 3):
            yield add(state, seconds[place])
        for block in (firsts[0], firsts[len(firsts) // 3]):
            yield from (remove(state, rule) for rule in state.ip_rules if rule.block == block)
        yield whole(firsts)
        yield whole([*seconds[:_FOLDED], *firsts[_FOLDED:]])
        yield whole([*seconds, *firsts][:room])

    for change in changes():
        watched.take(iter((change,)))
        watched.is_due = False
        look()


def _heaped(bench: Bench, setting: Setting, purpose: Sequence[object]) -> None:
    """Every prefix length around one address at once; and one range so often that a byte does not count it."""
    watched = _watched(bench, setting, purpose)
    life, random = watched.life, watched.life.random
    life.grove = Grove(blocks=tuple(shapes.every_length(random)))
    chosen = random.sample(life.grove.blocks, len(life.grove.blocks))
    if watched.enter(wire_rules(map(blocks.text, chosen)), is_new=True):
        watched.look()
        for some in (chosen[:_TAKEN], chosen[_TAKEN : 2 * _TAKEN], life.grove.blocks[:1]):
            watched.take(change for one in some for change in gone(life, one))
        watched.look()
    if setting.profile.choice("duplicates") in ("keep", "collapse"):
        watched.grow(shapes.nest)
        outer, inner, *_ = life.grove.blocks
        text = blocks.text(outer)
        equal = [text] * min(_EQUAL, setting.profile.max_ip_rules - 2)
        if watched.enter(wire_rules([blocks.text(inner), *equal]), is_new=True):
            watched.take(iter((call("addIpRule", value=text),)))
            watched.take(gone(life, outer))
            watched.look()


GROVES = Exploration(name="groves", serves=("STA-2", "STA-1", "STA-4", "VAL-9", "DEC-17"), scenarios=_scenarios)
