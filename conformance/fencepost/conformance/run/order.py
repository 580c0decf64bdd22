"""The order of the explorations in a run."""

from collections.abc import Iterator, Sequence

from fencepost.conformance.bench.effort import EFFORTS, Effort
from fencepost.conformance.bench.exploration import Exploration
from fencepost.conformance.capabilities import Capabilities
from fencepost.conformance.explorations.alternation import TURNS
from fencepost.conformance.explorations.bare_vaults import BARE_VAULTS
from fencepost.conformance.explorations.call_sizes import CALL_SIZES
from fencepost.conformance.explorations.concurrency import CONCURRENCY
from fencepost.conformance.explorations.convergence import CONVERGENCE
from fencepost.conformance.explorations.decisions import DECISIONS, MORE_DECISIONS
from fencepost.conformance.explorations.endpoints import ENDPOINT_SWITCHES
from fencepost.conformance.explorations.first_look import FIRST_LOOK
from fencepost.conformance.explorations.groves import GROVES
from fencepost.conformance.explorations.histories import HISTORIES
from fencepost.conformance.explorations.limit_search import RAMPS
from fencepost.conformance.explorations.limits import LIMITS, LIMITS_AT_ONCE
from fencepost.conformance.explorations.read_back import READ_BACK
from fencepost.conformance.explorations.recorded_forms import RECORDED_FORMS
from fencepost.conformance.explorations.refusals import REFUSALS
from fencepost.conformance.explorations.repetition import REPETITION
from fencepost.conformance.explorations.state import STATE
from fencepost.conformance.explorations.undone_writes import UNDONE_WRITES
from fencepost.conformance.explorations.validation import VALIDATION
from fencepost.conformance.lockstep.cost import Cost

EXPLORATIONS: tuple[Exploration, ...] = (
    LIMITS_AT_ONCE,
    REFUSALS,
    FIRST_LOOK,
    RECORDED_FORMS,
    TURNS,
    UNDONE_WRITES,
    VALIDATION,
    ENDPOINT_SWITCHES,
    BARE_VAULTS,
    DECISIONS,
    STATE,
    HISTORIES,
    GROVES,
    CONCURRENCY,
    LIMITS,
    CONVERGENCE,
    REPETITION,
    CALL_SIZES,
    RAMPS,
    READ_BACK,
    MORE_DECISIONS,
)
"""Every exploration, the cheapest and most telling first; the last has volume alone, and is asked as far as it can."""

DECISIONS_OF = {
    "first look": 100,
    "turns": 2_800,
    "validation": 1_200,
    "endpoints": 1_000,
    "bare vaults": 2_200,
    "decisions": 5_900,
    "state": 5_200,
    "histories": 7_200,
    "groves": 15_000,
    "concurrency": 300,
    "limits": 16_000,
    "repetition": 6_000,
    "call sizes": 21_600,
    "more decisions": 5_000,
}
"""About how many decisions the reference takes for each exploration at quick effort, if more than a hundred."""

_LEAST = 50

_KEPT_WRITES = {
    "refusals": 245,
    "turns": 134,
    "undone writes": 27,
    "validation": 145,
    "endpoints": 41,
    "bare vaults": 45,
    "decisions": 23,
    "state": 65,
    "concurrency": 15,
    "limits": 249,
    "repetition": 1,
    "call sizes": 10,
    "read-back": 6,
}
"""How many writes are kept for each of these explorations, for a subject that takes single changes and refuses."""


_KEPT_BY_DECISIONS_ONLY = {
    "concurrency": Cost(writes=15, decisions=900),
    "limits": Cost(writes=43, decisions=6_700),
    "repetition": Cost(writes=1, decisions=700),
    "call sizes": Cost(writes=4, decisions=600),
    "read-back": Cost(writes=8),
}
"""What is kept for each of these explorations, for a subject that only decides."""


def kept(left: Sequence[Exploration], at_hand: Exploration, capabilities: Capabilities, effort: Effort) -> Cost:
    """What is kept of an effort for the explorations that are left, beside the one at hand.

    Tests ask explorations in another order than a run. Of few decisions nothing is kept: they are asked in order.
    """
    others = [one.title for one in left if one is not at_hand]
    if capabilities.refusals:
        return Cost(writes=sum(_KEPT_WRITES.get(one, 0) for one in others) if capabilities.incremental else 0)
    found = sum((_KEPT_BY_DECISIONS_ONLY.get(one, Cost()) for one in others), start=Cost())
    return found if 2 * found.decisions < effort.decisions else Cost()


def share_through(order: Sequence[Exploration], at_hand: Exploration, part: float) -> float:
    """About which share of these explorations is through, by their decisions; of the present one this part is."""
    weights = {one.name: DECISIONS_OF.get(one.title, _LEAST) for one in order}
    before = sum(weights[one.name] for one in order[: order.index(at_hand)]) if at_hand in order else 0
    return min(1.0, (before + part * weights.get(at_hand.name, 0)) / max(1, sum(weights.values())))


def in_waves(effort: Effort, explorations: Sequence[Exploration] = EXPLORATIONS) -> tuple[Exploration, ...]:
    """An effort's explorations, wave by wave, so that a longer run begins like a shorter run."""
    return tuple(one.in_wave(wave) for wave in range(effort.scale) for one in explorations)


def explorations_for(clauses: Sequence[str], effort: Effort = EFFORTS["quick"]) -> Iterator[Exploration]:
    """The explorations that serve any of these clauses, wave by wave."""
    return (one for one in in_waves(effort) if set(clauses) & set(one.serves))
