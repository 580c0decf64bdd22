"""A clause's verdict as the outcome of a test: a pass, or an exception whose name gives the verdict."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

from fencepost.reports.counted import counted
from fencepost.reports.model import Clause, Counterexample, Decoy, LedgerEntry
from fencepost.reports.visible import abridged, as_json, visible, visible_lines


@dataclass(kw_only=True, eq=False)
class ClauseFailed(AssertionError):
    """The implementation breaks the clause; `row` has the smallest counterexample."""

    row: Clause

    def __str__(self) -> str:
        return "\n".join(failure_lines(self.row))


@dataclass(kw_only=True, eq=False)
class ChoiceBroken(AssertionError):
    """The implementation does not do what its statement declares for an open point."""

    entry: LedgerEntry

    def __str__(self) -> str:
        return visible(f"{self.entry.key}: declared {self.entry.declared}, found {self.entry.found}")


@dataclass(kw_only=True, eq=False)
class ClauseUnjudged(RuntimeError):
    """The clause neither passes nor fails; each of three subclasses is one such verdict."""

    row: Clause
    log: str = ""

    def __str__(self) -> str:
        line = visible(f"{self.row.id}: {self.row.verdict}: {self.row.detail}")
        return "\n".join([line, "the end of the subject's own log:", *visible_lines(self.log)]) if self.log else line


@dataclass(kw_only=True, eq=False)
class HarnessBroken(ClauseUnjudged):
    """The harness did not answer as the contract says: the implementation has not been judged."""


@dataclass(kw_only=True, eq=False)
class Inconclusive(ClauseUnjudged):
    """The same calls got different answers, or too many requests could not be put as asked."""


@dataclass(kw_only=True, eq=False)
class Vacuous(ClauseUnjudged):
    """The clause was decisive too seldom for a pass to mean anything."""


@dataclass(kw_only=True, eq=False)
class DecoysUnnoticed(RuntimeError):
    """The run would miss some faults injected into the implementation's own answers: its passes mean too little."""

    decoys: tuple[Decoy, ...]

    def __str__(self) -> str:
        return visible(
            "; ".join(
                f"the run would not notice an implementation that {one.text} ({one.clause})" for one in self.decoys
            )
        )


@dataclass(kw_only=True, eq=False)
class KnownFailureWrong(AssertionError):
    """An entry of the list of known failures does not hold; `entry` is the entry with its standing."""

    entry: str

    def __str__(self) -> str:
        return "\n".join(visible_lines(self.entry))


@dataclass(kw_only=True, eq=False)
class RunEnded(RuntimeError):
    """Harness faults have ended the run, and no test has reported one; `log` is the end of the subject's own log."""

    log: str

    def __str__(self) -> str:
        text = "three harness faults in a row ended the run: clauses that passed were asked less than planned"
        return "\n".join([text, *visible_lines(self.log.rstrip("\n"))])


Unreported: TypeAlias = ClauseFailed | ClauseUnjudged | ChoiceBroken | KnownFailureWrong | RunEnded


@dataclass(kw_only=True, eq=False)
class FoundBeside(AssertionError):
    """Failures that the run found and no test has reported: their clause was asked before, or not at all."""

    failures: tuple[Unreported, ...]

    def __str__(self) -> str:
        return "\n\n".join(["also found, and shown by no other test:", *(str(failure) for failure in self.failures)])


UNJUDGED: Mapping[str, type[ClauseUnjudged]] = MappingProxyType(
    {"error": HarnessBroken, "inconclusive": Inconclusive, "vacuous": Vacuous}
)
"""The verdicts that judge nothing, each with its exception."""


SHOWN_UNDER_ANOTHER = "shown under another"


def verdict_of(row: Clause) -> str:
    """The clause's verdict; `SHOWN_UNDER_ANOTHER` if answers were wrong that are failures of other clauses alone."""
    return SHOWN_UNDER_ANOTHER if row.shown_under and row.verdict != "fail" else row.verdict


def raise_unless_judged(row: Clause, *, log: str = "") -> None:
    """Return for a clause that has passed, failed or does not apply; else raise `ClauseUnjudged` with this log."""
    __tracebackhide__ = True
    kind = UNJUDGED.get(row.verdict)
    if kind is not None:
        raise kind(row=row, log=log)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClauseOutcome:
    """The result of a judged clause, and a line for each known failure of it that does not hold."""

    row: Clause
    wrong_entries: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """The clause and its verdict, which pytest shows as a failed test's argument."""
        return f"<{self.row.id}: {self.row.verdict}>"

    def must_pass(self) -> None:
        """Return if the clause has passed; else raise `ClauseFailed`.

        `KnownFailureWrong` if it has passed, and an entry of the list of known failures says otherwise.
        """
        __tracebackhide__ = True
        if self.row.verdict != "pass":
            raise ClauseFailed(row=self.row)
        if self.wrong_entries:
            raise KnownFailureWrong(entry="\n".join(self.wrong_entries))


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceOutcome:
    """The result of an open point for which the statement declares a choice."""

    entry: LedgerEntry

    def __repr__(self) -> str:
        return f"<{self.entry.key}: {self.entry.declared}>"

    def must_hold(self) -> None:
        """Return if the probed answer does not contradict the declared choice; else raise `ChoiceBroken`."""
        __tracebackhide__ = True
        if self.entry.broken:
            raise ChoiceBroken(entry=self.entry)


@dataclass(frozen=True, slots=True, kw_only=True)
class SensitivityOutcome:
    """The faults, injected into the implementation's own answers, that the run has noticed."""

    decoys: tuple[Decoy, ...]

    def __repr__(self) -> str:
        return f"<{counted(len(self.decoys), 'decoy')} noticed>"


def failure_lines(row: Clause) -> Iterator[str]:
    """The lines about a failed clause: its text, then its smallest counterexample. All of it is safe to show."""
    yield visible(f"{row.id} ({row.level}): {row.text}.")
    for one in row.counterexamples[:1]:
        yield from _counterexample_lines(one, row)


def _counterexample_lines(one: Counterexample, row: Clause) -> Iterator[str]:
    if one.rules is not None:
        yield f"  rules     {as_json(abridged(one.rules))}"
    yield f"  request   {as_json(abridged(one.request))}"
    yield f"  expected  {visible(one.expected)}"
    yield f"  got       {visible(one.got)}"
    why = one.why.removeprefix(f"{row.id}: {row.text}.").strip()
    if why:
        yield f"  why       {visible(why)}"
    for number, call in enumerate(one.calls, start=1):
        label = "calls" if number == 1 else ""
        yield f"  {label:<9} {number} {visible(call.method)} {as_json(abridged(call.params))}"
    yield f"  replay    {visible(one.replay)}"
