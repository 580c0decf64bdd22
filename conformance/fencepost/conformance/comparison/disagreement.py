"""The search for the smallest input on which two implementations differ; no reference says who is right."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from fencepost.adapters.contract import HarnessFault
from fencepost.conformance.bench.bench import Abandoned, Bench, EffortSpent, Unresponsive
from fencepost.conformance.bench.effort import Effort
from fencepost.conformance.bench.setting import Setting
from fencepost.conformance.capabilities import Capabilities
from fencepost.conformance.comparison.pair import PairLockstep
from fencepost.conformance.diagnosis.reproduction import minimal_setup
from fencepost.conformance.diagnosis.shrink import Shrinker
from fencepost.conformance.judging.tally import Tally
from fencepost.conformance.lockstep.case import AskStep, Case, Step, WriteStep
from fencepost.conformance.lockstep.mismatch import Found, Mismatch, WrongDecision, WrongRead, WrongWrite
from fencepost.conformance.run.campaign import in_waves
from fencepost.reference import Profile

_OF_TIME = frozenset(("STA-8", "STA-9"))
_CONFIRMATIONS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """One input and the two answers: `calls` after one another, the answers to the last of them."""

    case: Case
    first: str
    second: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What a search has come to: what was found, what it asked, and the fault that ended it early, if one did."""

    found: tuple[Disagreement, ...]
    writes: int
    decisions: int
    fault: str = ""


class _ApartError(Exception):
    """The two differ, for the first time in this way."""

    def __init__(self, found: Found) -> None:
        super().__init__()
        self.found = found


class _Meeting(Bench):
    """A bench that ends a scenario at the first new difference and judges nobody."""

    seen: set[tuple[str, ...]]

    def _wrong(self, found: list[Found]) -> None:
        for one in found:
            if kind_of(one.mismatch) not in self.seen:
                raise _ApartError(one)


def kind_of(mismatch: Mismatch) -> tuple[str, ...]:
    """What makes two differences of one kind: the call, and who answered what."""
    return (type(mismatch).__name__, *mismatch.direction)


def search(
    lockstep: PairLockstep,
    *,
    profile: Profile,
    capabilities: Capabilities,
    effort: Effort,
    seed: int,
    goes_on: bool,
    listener: Callable[[str, int], None] = lambda _, __: None,
) -> Search:
    """Ask both what the explorations ask, and make the first difference small; with `goes_on` one of each kind."""
    setting = Setting(profile=profile, capabilities=capabilities, effort=effort, seed=seed)
    tally = Tally()
    bench = _Meeting(
        lockstep, profile=profile, capabilities=capabilities, effort=effort, tally=tally, replay_line=lambda _: ""
    )
    bench.seen = set()
    found: list[Disagreement] = []
    fault = ""
    try:
        for one in _met(bench, setting, lockstep, listener):
            found.append(one)
            if not goes_on:
                break
    except Unresponsive:
        fault = next(reversed(tally.errors.values()), "three harness faults in a row")
    meter = lockstep.meter
    return Search(found=tuple(found), writes=meter.writes, decisions=meter.decisions, fault=fault)


def _met(
    bench: _Meeting, setting: Setting, lockstep: PairLockstep, listener: Callable[[str, int], None]
) -> Iterator[Disagreement]:
    for exploration in in_waves(setting.effort):
        if _OF_TIME & set(exploration.serves):
            continue
        listener(exploration.name, lockstep.meter.decisions)
        for scenario in exploration.scenarios(setting):
            bench.begin(scenario.aims)
            try:
                scenario.run(bench)
                bench.end()
            except Abandoned:
                continue
            except EffortSpent:
                return
            except _ApartError as apart:
                try:
                    told = _smallest(lockstep, apart.found)
                except HarnessFault:
                    continue
                bench.seen.add(kind_of(apart.found.mismatch))
                if told is not None:
                    yield told


def _smallest(lockstep: PairLockstep, found: Found) -> Disagreement | None:
    """The difference on the smallest case that shows it each time; None where no replay does."""
    case = lockstep.case()
    for candidate in _candidates(case, found):
        mismatch = _confirmed(lockstep, candidate, found.mismatch)
        if mismatch is not None:
            shrinker = Shrinker(candidate, mismatch, lockstep.replay)
            shrinker.shrink()
            answers = _answers(lockstep, shrinker.case, shrinker.mismatch)
            return Disagreement(case=shrinker.case, first=answers[0], second=answers[1])
    return None


def _candidates(case: Case, found: Found) -> Iterator[Case]:
    last: Step = case.steps[-1]
    if isinstance(last, AskStep):
        alone = last.only(found.index)
        yield minimal_setup(found.mismatch.vault, alone)
        yield case.with_last(alone)
        yield case.with_last(last.only(*range(found.index + 1)))
        return
    if isinstance(last, WriteStep):
        yield Case(network=found.mismatch.vault.network, steps=(last,))
    yield minimal_setup(found.mismatch.vault, last)
    yield case


def _confirmed(lockstep: PairLockstep, case: Case, like: Mismatch) -> Mismatch | None:
    shown: Mismatch | None = None
    for _ in range(_CONFIRMATIONS):
        shown = lockstep.replay(case)
        if shown is None or kind_of(shown) != kind_of(like):
            return None
    return shown


def _answers(lockstep: PairLockstep, case: Case, mismatch: Mismatch) -> tuple[str, str]:
    """Both answers to the last call, in words; the subjects stand where the case has led them."""
    match mismatch:
        case WrongDecision(request=request):
            asked = AskStep(requests=(request,)).wire()
            lockstep.replay(case)
            said = [client.decide(asked)[0] for client in (lockstep.client, lockstep.second)]
            if not mismatch.is_about_codes:
                return mismatch.expected.outcome.value, mismatch.got.outcome
            first, second = (f"deny with {one.status} {one.code or ''}".rstrip() for one in said)
            return first, second
        case WrongWrite():
            return ("accepted", "refused") if not mismatch.got.is_accepted else ("refused", "accepted")
        case WrongRead():
            lockstep.replay(case)
            read = [client.get_rules() for client in (lockstep.client, lockstep.second)]
            return repr(read[0]), repr(read[1])
