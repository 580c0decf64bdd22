"""What a run has found, as a value: all that its report is made of, beside the plan."""

from dataclasses import dataclass

from fencepost.adapters.contract import Statement
from fencepost.conformance.judging.tally import Tally
from fencepost.conformance.lockstep.cost import Cost
from fencepost.conformance.regression.baseline import Entry
from fencepost.reports.model import Decoy, Ending, LedgerEntry, Totals


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """The findings of a run that is over, and the statement of its subject.

    `served` are the clauses whose turn has come. `unfinished` says why the run ended before its end, and `ended` what
    ended it; both are empty otherwise. `changed_members` are those of the statement that the subject answered otherwise
    at the end, and `undescribed` is the fault if it did not answer then. `explored` is the cost of the explorations,
    and `first_failure` that up to the first failure. `known` is the list of known failures, each with its standing.
    """

    statement: Statement
    tally: Tally
    ledger: tuple[LedgerEntry, ...] = ()
    decoys: tuple[Decoy, ...] = ()
    served: frozenset[str] = frozenset()
    unfinished: str = ""
    ended: Ending = ""
    changed_members: tuple[str, ...] = ()
    undescribed: str = ""
    explored: Cost
    first_failure: Cost | None = None
    totals: Totals
    log: str = ""
    known: tuple[Entry, ...] = ()
