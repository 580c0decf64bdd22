"""Histories of one vault: nested ranges come and go; requests are asked then, and again much later (STA-2)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice, repeat

from fencepost.conformance.bench.bench import Bench
from fencepost.conformance.bench.exploration import Exploration, Scenario
from fencepost.conformance.bench.setting import Setting
from fencepost.conformance.explorations.whole_sets import offered
from fencepost.conformance.generate import blocks, callers, networks, requests
from fencepost.conformance.generate.groves import Grove, Life
from fencepost.conformance.generate.strokes import Scene, Stroke
from fencepost.conformance.lockstep.case import WriteStep
from fencepost.conformance.lockstep.wire import wire_rules
from fencepost.reference import Network, Request, Subnet

_SUBNETS = 3
_INSIDE = (10 << 24) + 4
_CROWD, _CROWDED_FOR = 1_000, 4
"""How many addresses are asked, and after how many turns they are asked again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Length:
    """How many turns a life has: several short lives, and a long one."""

    short: tuple[int, ...]
    long: int


_SINGLE_CHANGES = _Length(short=(35,), long=275)
_FEW = _Length(short=(25,), long=0)

_OFTEN = 40
"""How many addresses are asked in each of the first turns, and again in one of the last."""


def _scenarios(setting: Setting) -> Iterator[Scenario]:
    capabilities = setting.capabilities
    lengths = _SINGLE_CHANGES if capabilities.incremental and capabilities.refusals else _FEW
    for index in setting.rounds(1):
        for place, turns in enumerate((*lengths.short, lengths.long)):
            if turns:
                run = partial(_live, setting=setting, purpose=("grove", index, place), turns=turns)
                yield Scenario(aims=("STA-2",), run=run)


def _recalled(life: Life, turns: int) -> Iterator[list[int]]:
    """Other requests of each turn: new addresses in the first third, the same shuffled in the last.

    They are not asked in between, so that a stale answer may have been stored for hundreds of writes.
    """
    third = turns // 3
    known = [[life.grove.somewhere(life.random) for _ in range(_OFTEN)] for _ in range(third)]
    yield from known
    yield from ([] for _ in range(turns - 2 * third))
    again = life.random.sample(every := [one for some in known for one in some], len(every))
    yield from (again[place::third] for place in range(third))


def _live(bench: Bench, setting: Setting, purpose: Sequence[object], turns: int) -> None:
    scene = Scene(random=setting.random(*purpose), capabilities=setting.capabilities, now=lambda: bench.vault)
    network = Network()
    if setting.capabilities.subnets:
        network = Network(subnets=tuple(Subnet(id=one) for one in networks.subnet_ids(scene.random)[:_SUBNETS]))
    bench.reset(network)
    life = Life(scene=scene, grove=Grove.of(scene.random))
    some = scene.random.sample(life.grove.blocks, scene.random.randrange(3))
    if not bench.put(wire_rules([blocks.text(one) for one in some]), aim="STA-2"):
        return
    _look(bench, life, ())
    is_long = turns == _SINGLE_CHANGES.long
    crowd = [life.grove.somewhere(life.random) for _ in range(_CROWD if is_long else 0)]
    recalled = _recalled(life, turns) if is_long else repeat([])
    for turn, (strokes, more) in enumerate(zip(islice(life.turns(), turns), recalled, strict=False)):
        if crowd and turn == turns // 2:
            bench.ask([Request(address=one) for one in crowd], aim="STA-2")
        last: Stroke | None = None
        for stroke in strokes:
            made = offered(stroke, bench.vault, setting.capabilities)
            if made is not None and isinstance(made.step, WriteStep):
                last = made
                bench.write(made.step.method, made.step.params, aim=made.aim)
        if last is not None:
            _look(bench, life, (*more, *(crowd if turn == turns // 2 + _CROWDED_FOR else ())), last)


def _look(bench: Bench, life: Life, more: Sequence[int], stroke: Stroke | None = None) -> None:
    """Ask at the ends of every range, from every subnet, for a trusted and an untrusted service, and a few more."""
    asked = [Request(address=one) for one in life.grove.ends]
    asked += [Request(address=_INSIDE, subnet=one.id) for one in bench.vault.network.subnets]
    far = requests.Place(address=life.grove.ends[0])
    for kind in (callers.trusted_callers, callers.untrusted_callers):
        asked += [far.request(one) for one in kind(bench.vault.profile, life.scene.capabilities)[:1]]
    asked += [Request(address=one) for one in more]
    distinct = list(dict.fromkeys(asked))
    exercises = dict.fromkeys(distinct, stroke.clauses) if stroke is not None else {}
    bench.ask(distinct, exercises=exercises, aim="STA-2")


GROVES = Exploration(name="groves", serves=("STA-2", "STA-1", "STA-4", "VAL-9", "DEC-17"), scenarios=_scenarios)
