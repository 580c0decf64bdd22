"""Counts for each clause: what was asked, what was decisive, what was wrong."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields

from fencepost.conformance.judging.call_sizes import CallSizes
from fencepost.conformance.judging.not_put import NotPut
from fencepost.reports.model import Counterexample

SIDE_EFFECT = 0.25
"""The largest share of a clause's answers that may be wrong while another clause fails and this clause passes."""


@dataclass(slots=True)
class Count:
    """One clause's counts: its answers, the decisive answers, and the outcomes of decisive decisions."""

    asked: int = 0
    decisive: int = 0
    allowed: int = 0
    denied: int = 0
    inconclusive: int = 0
    inconclusive_writes: int = 0

    @property
    def wrong(self) -> int:
        """Answers that differ from the reference's."""
        return self.asked - self.decisive - self.inconclusive

    @property
    def is_broken(self) -> bool:
        """Whether more answers are wrong than another clause's failure explains."""
        return self.wrong > SIDE_EFFECT * self.asked


@dataclass(slots=True)
class Tally:
    """Every clause's counts, failures and faults, and the outcomes of the whole run.

    `failures` show in each replay; `unsteady` failures did not.
    """

    counts: dict[str, Count] = field(default_factory=lambda: defaultdict(Count))
    failures: dict[str, list[Counterexample]] = field(default_factory=lambda: defaultdict(list))
    unsteady: dict[str, list[Counterexample]] = field(default_factory=lambda: defaultdict(list))
    errors: dict[str, str] = field(default_factory=dict)
    hindered: dict[str, str] = field(default_factory=dict)
    unstable: dict[str, str] = field(default_factory=dict)
    limits: dict[str, str] = field(default_factory=dict)
    unconfirmed: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    remarks: dict[str, str] = field(default_factory=dict)
    allowed: int = 0
    denied: int = 0
    inconclusive: int = 0
    inconclusive_writes: int = 0
    writes_by_kind: dict[str, tuple[int, int]] = field(default_factory=dict)
    clauses_by_kind: dict[str, tuple[str, ...]] = field(default_factory=dict)
    not_put: NotPut = field(default_factory=NotPut)
    call_sizes: CallSizes = field(default_factory=CallSizes)
    faults: int = 0

    @property
    def failed(self) -> frozenset[str]:
        """The clauses with failures, steady or unsteady."""
        return frozenset((*self.failures, *self.unsteady))

    def decision(self, clauses: Iterable[str], outcome: str, *, is_right: bool) -> None:
        """Count one decision and, if it is right, a decisive answer for each of its clauses."""
        if outcome == "allow":
            self.allowed += 1
        elif outcome == "deny":
            self.denied += 1
        else:
            self.inconclusive += 1
        for clause in clauses:
            count = self.counts[clause]
            count.asked += 1
            if outcome == "inconclusive":
                count.inconclusive += 1
            elif is_right:
                count.decisive += 1
                if outcome == "allow":
                    count.allowed += 1
                else:
                    count.denied += 1

    def write(self, kind: str, clauses: Iterable[str], *, is_inconclusive: bool) -> None:
        """Count one write of its kind. An inconclusive write counts for none of its clauses."""
        put, not_put = self.writes_by_kind.get(kind, (0, 0))
        self.writes_by_kind[kind] = (put + (not is_inconclusive), not_put + is_inconclusive)
        self.inconclusive_writes += is_inconclusive
        if is_inconclusive:
            known = self.clauses_by_kind.get(kind, ())
            self.clauses_by_kind[kind] = tuple(dict.fromkeys((*known, *clauses)))
            for clause in clauses:
                self.counts[clause].asked += 1
                self.counts[clause].inconclusive += 1
                self.counts[clause].inconclusive_writes += 1

    def counted_not_put(self) -> Iterator[str]:
        """How many requests and writes could not be put as asked, in one line; nothing where each could."""
        of_all = ((self.inconclusive, "requests"), (self.inconclusive_writes, "writes"))
        told = [f"{number:,} {name}" for number, name in of_all if number]
        if told:
            yield f"inconclusive, and counted for nothing: {' and '.join(told)}"

    @property
    def kinds_never_put(self) -> dict[str, str]:
        """The clauses whose writes of one kind were all inconclusive, each with that kind."""
        never = [kind for kind, (put, not_put) in self.writes_by_kind.items() if not_put and not put]
        return {clause: kind for kind in never for clause in self.clauses_by_kind.get(kind, ())}

    def answer(self, clauses: Iterable[str]) -> None:
        """Count one right answer that is no decision, but answers a write or `getRules`."""
        for clause in clauses:
            count = self.counts[clause]
            count.asked += 1
            count.decisive += 1

    def wrong(self, clauses: Iterable[str]) -> None:
        """Count one wrong answer that is no decision."""
        for clause in clauses:
            self.counts[clause].asked += 1

    def take_over(self, other: "Tally") -> None:
        """Continue from the counts of another tally."""
        for each in fields(Tally):
            setattr(self, each.name, getattr(other, each.name))
        self.counts = defaultdict(Count, other.counts)
        self.failures = defaultdict(list, other.failures)
        self.unsteady = defaultdict(list, other.unsteady)
