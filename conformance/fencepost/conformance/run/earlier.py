"""Known failures and stored cases: a run replays both before it searches for anything."""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from fencepost.adapters.contract import HarnessFault
from fencepost.conformance.diagnosis.counterexample import counterexample
from fencepost.conformance.regression.known import KnownFailure, known_from_json
from fencepost.conformance.regression.reading import NotACase
from fencepost.conformance.regression.replay import Replayed, State, replay_case
from fencepost.conformance.regression.stored_case import StoredCase, stored_from_json
from fencepost.conformance.rule_files.json_file import read_json
from fencepost.conformance.run.campaign import Campaign
from fencepost.reports.summary import quoted

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recalled:
    """The result of replaying stored cases: the id, the state and the reason of each."""

    states: tuple[tuple[str, State, str], ...] = ()

    @property
    def not_judged(self) -> tuple[str, ...]:
        """The cases that could not be judged, each with the reason."""
        return tuple(f"{case}: {reason}" for case, state, reason in self.states if state == "not judged")

    def __str__(self) -> str:
        """The counts of the three states."""
        counts = Counter(state for _, state, _ in self.states)
        text = ", ".join(f"{counts[state]} {state}" for state in ("fixed", "still failing", "not judged"))
        return f"stored cases: {text}"


def known_at(file: Path) -> tuple[KnownFailure, ...]:
    """The entries of a list of known failures; `NotACase` or `UnreadableInput` where the file is none."""
    return read_at(file, known_from_json)


def cases_at(folder: Path) -> tuple[StoredCase, ...]:
    """The stored cases of a folder, in the order of the file names. Raises as `known_at` does."""
    return tuple(case_at(path) for path in sorted(folder.glob("*.json")))


def case_at(file: Path) -> StoredCase:
    """The stored case of a file. Raises as `known_at` does."""
    return read_at(file, stored_from_json)


def read_at(file: Path, take: Callable[[object], _T]) -> _T:
    """The result of `take` for the JSON of a file; each reason of a `NotACase` begins with the file."""
    try:
        return take(read_json(str(file)))
    except NotACase as error:
        raise NotACase(reasons=tuple(f"{file}: {reason}" for reason in error.reasons)) from None


def replay_known(campaign: Campaign, known: Sequence[KnownFailure], file: Path | None) -> None:
    """Replay the list of known failures, if there is a file. Raises `HarnessFault` as the client does."""
    campaign.baseline.goes_on = file is not None
    line = f"fencepost replay {file} {quoted(campaign.plan.subject)}"
    today = datetime.now(UTC).date()
    campaign.baseline.replay(known, campaign.lockstep, campaign.capabilities, today=today, line=line)


def replay_stored(campaign: Campaign, cases: Sequence[StoredCase], folder: Path | None) -> Recalled:
    """Replay the stored cases: a case that still fails is a failure of its clause."""
    wanted = {clause.id for clause in campaign.selected()}
    return Recalled(states=tuple((one.id, *_state(one, campaign, wanted, folder)) for one in cases))


def _state(one: StoredCase, campaign: Campaign, wanted: Collection[str], folder: Path | None) -> tuple[State, str]:
    profile = campaign.lockstep.vault.profile.name
    if one.profile != profile:
        return "not judged", f"the case is for the profile {one.profile}, and the run judges by {profile}"
    if one.clause not in wanted:
        return "not judged", f"the run does not ask {one.clause}"
    try:
        replayed = replay_case(one.case, campaign.lockstep, campaign.capabilities)
    except HarnessFault as fault:
        campaign.tally.note(one.clause, error=str(fault))
        return "not judged", str(fault)
    _take_over(one, replayed, campaign, folder)
    return replayed.state, replayed.explanation


def _take_over(one: StoredCase, replayed: Replayed, campaign: Campaign, folder: Path | None) -> None:
    """Make a case that still fails a failure of the run, unless it is like a known failure."""
    found = replayed.mismatch
    if found is not None and replayed.is_steady and not campaign.baseline.knows(one.clause, one.case, found):
        line = f"fencepost replay {one.id} {quoted(campaign.plan.subject)} --folder {folder}"
        example = counterexample(one.clause, one.case, found, replay=line, calls_to_shrink=0)
        campaign.tally[one.clause].failures.append(example)
        if campaign.baseline.goes_on:
            campaign.baseline.learn(one.clause, one.case, found)
