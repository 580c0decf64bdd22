"""Searches for the smallest input on which two implementations differ; it does not judge which is right."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from fencepost.adapters.contract import Client, HarnessFault
from fencepost.conformance.bench.bench import Bench
from fencepost.conformance.bench.effort import Effort
from fencepost.conformance.bench.exploration import Scenario, play
from fencepost.conformance.bench.fault_policy import Abandoned, Unresponsive
from fencepost.conformance.bench.setting import Setting
from fencepost.conformance.capabilities import Capabilities
from fencepost.conformance.diagnosis.replays import Replays
from fencepost.conformance.diagnosis.reproduction import minimal_setup
from fencepost.conformance.diagnosis.shrink import shrink
from fencepost.conformance.diagnosis.trials import Reproduction
from fencepost.conformance.judging.tally import Tally
from fencepost.conformance.lockstep.case import AskStep, Case, Step, WriteStep
from fencepost.conformance.lockstep.lockstep import Lockstep
from fencepost.conformance.lockstep.mismatch import Found, Mismatch, WrongDecision, WrongRead, WrongWrite
from fencepost.conformance.run.order import in_waves
from fencepost.reference import Profile

_OF_TIME = frozenset(("STA-8", "STA-9"))
_CONFIRMATIONS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """One input and the two answers: the calls in order, and both answers to the last call."""

    case: Case
    first: str
    second: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """The result of a search: the differences, the number of calls, and the fault that ended it early, if any."""

    found: tuple[Disagreement, ...]
    writes: int
    decisions: int
    fault: str = ""


def search(
    lockstep: Lockstep,
    first: Client,
    *,
    profile: Profile,
    capabilities: Capabilities,
    effort: Effort,
    seed: int,
    goes_on: bool,
    listener: Callable[[str, int], None] = lambda _, __: None,
) -> Search:
    """Ask both what the explorations ask, and make the first difference small; with `goes_on` one of each kind.

    The lockstep's oracle is the first subject, whose client is `first`.
    """
    setting = Setting(profile=profile, capabilities=capabilities, effort=effort, seed=seed)
    tally, found, fault = Tally(), list[Disagreement](), ""
    bench = Bench(lockstep, setting, tally, on_mismatch=_Shrinking(lockstep, first, found))
    try:
        for _ in play(bench, _scenarios(setting, lambda name: listener(name, lockstep.cost.decisions))):
            if found and not goes_on:
                break
    except Unresponsive as last:
        fault = str(last)
    cost = lockstep.cost
    return Search(found=tuple(found), writes=cost.writes, decisions=cost.decisions, fault=fault)


def _scenarios(setting: Setting, listener: Callable[[str], None]) -> Iterator[Scenario]:
    for exploration in in_waves(setting.effort):
        if _OF_TIME & set(exploration.serves):
            continue
        listener(exploration.name)
        yield from exploration.scenarios(setting)


class _Shrinking:
    """Called with the differences of one call: the first of a new kind is made small, and ends its scenario."""

    def __init__(self, lockstep: Lockstep, first: Client, found: list[Disagreement]) -> None:
        self._lockstep = lockstep
        self._first = first
        self._found = found
        self._seen: set[tuple[str, ...]] = set()

    def __call__(self, differences: Sequence[Found]) -> None:
        """`Abandoned` if a difference is of a new kind. The kind is then ignored, unless a subject fails meanwhile."""
        for one in differences:
            if one.mismatch.kind not in self._seen:
                with suppress(HarnessFault):
                    smallest = _smallest(self._lockstep, self._first, one)
                    self._seen.add(one.mismatch.kind)
                    self._found += [smallest] if smallest is not None else []
                raise Abandoned


def _smallest(lockstep: Lockstep, first: Client, found: Found) -> Disagreement | None:
    """The difference on the smallest case that shows it each time; None if no replay does."""
    case = lockstep.case()
    for candidate in _candidates(case, found):
        mismatch = Replays(lockstep).confirm(candidate, found.mismatch, _CONFIRMATIONS)
        if mismatch is not None:
            smallest = shrink(Reproduction(case=candidate, mismatch=mismatch), lockstep.replay)
            answers = _answers(lockstep, first, smallest.case, smallest.mismatch)
            return Disagreement(case=smallest.case, first=answers[0], second=answers[1])
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


def _answers(lockstep: Lockstep, first: Client, case: Case, mismatch: Mismatch) -> tuple[str, str]:
    """Both answers to the last call, in words; the case has left both subjects in its last state."""
    match mismatch:
        case WrongDecision(request=request):
            asked = AskStep(requests=(request,)).wire()
            lockstep.replay(case)
            answers = [client.decide(asked)[0] for client in (first, lockstep.client)]
            if not mismatch.is_about_codes:
                return mismatch.expected.outcome.value, mismatch.got.outcome
            one, other = (f"deny with {answer.status} {answer.code or ''}".rstrip() for answer in answers)
            return one, other
        case WrongWrite():
            return ("accepted", "refused") if not mismatch.got.is_accepted else ("refused", "accepted")
        case WrongRead():
            lockstep.replay(case)
            read = [client.get_rules() for client in (first, lockstep.client)]
            return repr(read[0]), repr(read[1])
