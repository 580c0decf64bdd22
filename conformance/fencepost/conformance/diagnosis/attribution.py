"""The clause that a mismatch breaks, read off its smallest case: everything that is left in it is needed."""

from fencepost.conformance.diagnosis.evidence import Evidence, M, Table, first, refusal_clause
from fencepost.conformance.diagnosis.wrong_decisions import DECISION, REQUEST
from fencepost.conformance.diagnosis.wrong_writes import WRITE
from fencepost.conformance.lockstep.case import Case
from fencepost.conformance.lockstep.mismatch import Mismatch, WrongDecision, WrongRead, WrongWrite

STATE = ("STA", "LIM", "VAL", "CTL-2", "DEC-10")
"""Families of clauses about more than one call."""


def is_about_the_form(evidence: Evidence[WrongRead]) -> bool:
    """The rules read back are in force, and are spelled otherwise than recorded."""
    return evidence.mismatch.form is not None


def takes_a_former_put(evidence: Evidence[WrongRead]) -> bool:
    """The form is right where the last rule set is the first, in an edition in which WIRE-6 is asked."""
    return len(evidence.writes) > 1 and evidence.mismatch.vault.profile.has_all_recordings


READ: Table[WrongRead] = (
    (refusal_clause,),
    ("WIRE-6", is_about_the_form, takes_a_former_put),
    (lambda evidence: evidence.mismatch.form,),
    ("STA-5",),
)
"""The rules that are read back are wrong, or their form is."""


def clause_of(mismatch: Mismatch, case: Case, aim: str | None = None) -> str:
    """The clause that the smallest case breaks. `aim` is the clause that its scenario tests, if any.

    If state leaked from an earlier vault, blame the clause about the current vault. If the current vault has since
    received a whole rule set, blame STA-1.
    """
    present = case.present

    def evidence(mismatch: M) -> Evidence[M]:
        return Evidence(
            mismatch=mismatch,
            aim=aim or "",
            network=present.network,
            steps=present.steps,
            follows_a_vault=case.spans_vaults,
        )

    match mismatch:
        case WrongDecision():
            clause = first(DECISION, evidence(mismatch))
        case WrongWrite():
            clause = first(WRITE, evidence(mismatch))
        case WrongRead():
            clause = first(READ, evidence(mismatch))
    assert clause is not None, "the last row of each table always holds"
    return clause


def provisional_clause(mismatch: Mismatch, aim: str | None) -> str:
    """The clause that the mismatch seems to break before its smallest case is known."""
    match mismatch:
        case WrongDecision():
            clause = first(REQUEST, Evidence(mismatch=mismatch, aim=aim or ""))
        case WrongWrite(step=step):
            clause = first(WRITE, Evidence(mismatch=mismatch, aim=aim or "", steps=(step,)))
        case WrongRead(form=form):
            return form or "STA-5"
    assert clause is not None, "the last row of each table always holds"
    return clause
