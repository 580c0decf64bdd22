"""One faulty vault put to the suite; if it survives, the question that distinguishes it from the original."""

from dataclasses import dataclass
from typing import Literal

from fencepost.adapters.contract import Client, HarnessFault
from fencepost.conformance.bench.effort import EFFORTS, Effort
from fencepost.conformance.mutants.direct import Direct
from fencepost.conformance.peers.structures.matcher import Matcher
from fencepost.conformance.peers.structures.vault import StructureVault
from fencepost.conformance.run.campaign import begin
from fencepost.conformance.run.plan import Plan
from fencepost.conformance.strength.generated.made import Made
from fencepost.reports.model import Report

Outcome = Literal["killed", "alive", "undecided", "error"]
"""Killed by every seed; alive and different; alive without a difference found; ended by crashes or by time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A faulty vault, and the runs that it has to stand."""

    made: Made
    profile: str
    effort: str
    seeds: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """The outcome of a faulty vault: `says` names the clauses that failed, the difference, or the error."""

    made: Made
    outcome: Outcome
    says: str


class StructureConnection(Direct):
    """A vault around a matcher, called in the same thread."""

    def __init__(self, matcher: Matcher, *, profile: str) -> None:
        vault = StructureVault(matcher, profile=profile)
        self.subject = vault  # type: ignore[assignment]  # any object with the methods
        self._restrictions = ()


def attempt(task: Task) -> Trial:
    """The outcome of a faulty vault: the first run that does not kill it decides."""
    made = task.made
    failed: dict[str, None] = {}
    try:
        mutant = made.matcher()
        for seed in task.seeds:
            report = run(mutant(), profile=task.profile, effort=EFFORTS[task.effort], seed=seed)
            if report.exit_status != 1:
                break
            failed |= dict.fromkeys(clause.id for clause in report.clauses if clause.verdict == "fail")
        else:
            return Trial(made=made, outcome="killed", says=", ".join(failed))
    except HarnessFault as fault:
        return Trial(made=made, outcome="error", says=str(fault))
    except Exception as error:  # Every mutant has a row, also one that cannot be made.
        return Trial(made=made, outcome="error", says=repr(error))
    if report.result == "error":
        return Trial(made=made, outcome="error", says="the mutant crashes, or a loop of it does not end")
    found = made.difference(seed=task.seeds[0])
    if found is None:
        return Trial(made=made, outcome="undecided", says="no difference found")
    return Trial(made=made, outcome="alive", says=found)


def run(matcher: Matcher, *, profile: str, effort: Effort, seed: int) -> Report:
    """The suite against a vault around the matcher, up to the first failure."""
    client = Client(StructureConnection(matcher, profile=profile))
    plan = Plan(subject="generated", effort=effort, seed=seed, profile=profile, fail_fast=True, with_decoys=False)
    campaign = begin(client, plan)
    campaign.settle()
    campaign.run()
    return campaign.report()
