"""Lives of one vault: nested ranges that come and go, and who is asked about them then, and again much later (STA-2)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice

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
_CROWD = 600
"""How many addresses are asked for, then again after a change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Length:
    """How many turns lives take: several short ones, and one long one."""

    short: tuple[int, ...]
    long: int


_SINGLE_CHANGES = _Length(short=(35, 35), long=215)
_WHOLE_SETS = _Length(short=(25,), long=0)

_LATER = (1, 2, 4, 8, 16, 32, 64, 128, 256)
"""After how many writes an address is asked for again, for the first time."""
_OFTEN, _SELDOM = 12, 1
"""How many addresses are kept for the longest time, and how many for each of the others."""


def _scenarios(setting: Setting) -> Iterator[Scenario]:
    lengths = _SINGLE_CHANGES if setting.capabilities.incremental else _WHOLE_SETS
    for index in setting.rounds(1):
        for place, turns in enumerate((*lengths.short, lengths.long)):
            if turns:
                run = partial(_live, setting=setting, purpose=("grove", index, place), turns=turns)
                yield Scenario(aims=("STA-2",), run=run)


@dataclass(slots=True)
class _Recall:
    """Addresses that were asked for once, to be asked for again after so many writes.

    `count` is that of all writes or of those that were accepted.
    """

    count: int = 0
    asked: dict[int, dict[int, list[int]]] = field(default_factory=dict)

    def addresses(self, life: Life, most: int) -> list[int]:
        """Those that are due now, and new ones, which are due before the life has made `most` writes."""
        due = [one for later in _LATER for one in self.asked.get(self.count - later, {}).get(later, ())]
        new = {
            later: [life.grove.somewhere(life.random) for _ in range(_OFTEN if later == _LATER[-1] else _SELDOM)]
            for later in _LATER
            if self.count + later <= most
        }
        self.asked[self.count] = new
        return [*due, *(one for some in new.values() for one in some)]


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
    every, accepted = _Recall(), _Recall()
    _look(bench, life, ())
    crowd = [life.grove.somewhere(life.random) for _ in range(_CROWD)] if turns > max(_SINGLE_CHANGES.short) else []
    for turn, strokes in enumerate(islice(life.turns(), turns)):
        is_crowded = crowd and turn == turns // 2
        if is_crowded:
            bench.ask([Request(address=one) for one in crowd], aim="DEC-17")
        last: Stroke | None = None
        for stroke in strokes:
            made = offered(stroke, bench.vault, setting.capabilities)
            if made is not None and isinstance(made.step, WriteStep):
                last, before = made, bench.vault.rules
                bench.write(made.step.method, made.step.params, aim=made.aim)
                every.count += 1
                accepted.count += bench.vault.rules != before
        if last is not None:
            again = [*every.addresses(life, turns), *accepted.addresses(life, turns)]
            _look(bench, life, (*again, *(crowd if is_crowded else ())), last)


def _look(bench: Bench, life: Life, more: Sequence[int], stroke: Stroke | None = None) -> None:
    """Ask at the ends of every range, from every subnet, for a service that is trusted and one that is not, and for more."""
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
