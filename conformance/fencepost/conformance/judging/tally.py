"""A record for each clause: what was asked, what was decisive, what was wrong, and why it may not be judged."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields

from fencepost.conformance.judging.call_sizes import CallSizes
from fencepost.conformance.judging.not_put import NotPut
from fencepost.reports.model import Counterexample
from msgspec import Struct

SIDE_EFFECT = 0.25
"""The largest share of a clause's answers that may be wrong while another clause fails and this clause passes."""


class ClauseRecord(Struct, omit_defaults=True, kw_only=True):
    """The counts and findings of one clause: its answers, the decisive answers, and the outcomes of decisive decisions.

    `failures` show in each replay; `unsteady` failures did not. `limit` and `remark` are shown beside a verdict. The
    other texts are reasons for a verdict: each is None until there is such a reason, and the first reason stays.
    """

    asked: int = 0
    decisive: int = 0
    allowed: int = 0
    denied: int = 0
    inconclusive: int = 0
    inconclusive_writes: int = 0
    failures: list[Counterexample] = []
    unsteady: list[Counterexample] = []
    error: str | None = None
    hindered: str | None = None
    unstable: str | None = None
    unconfirmed: str | None = None
    depends: str | None = None
    left_out: str | None = None
    limit: str | None = None
    remark: str | None = None

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
    """Every clause's record, and the outcomes of the whole run."""

    records: dict[str, ClauseRecord] = field(default_factory=lambda: defaultdict(ClauseRecord))
    allowed: int = 0
    denied: int = 0
    inconclusive: int = 0
    inconclusive_writes: int = 0
    writes_by_kind: dict[str, tuple[int, int]] = field(default_factory=dict)
    clauses_by_kind: dict[str, tuple[str, ...]] = field(default_factory=dict)
    not_put: NotPut = field(default_factory=NotPut)
    call_sizes: CallSizes = field(default_factory=CallSizes)
    faults: int = 0

    def __post_init__(self) -> None:
        self.records = defaultdict(ClauseRecord, self.records)

    def __getitem__(self, clause: str) -> ClauseRecord:
        """The record of the clause, which is made where there is none."""
        return self.records[clause]

    @property
    def failures(self) -> Mapping[str, list[Counterexample]]:
        """The clauses with failures that show in each replay."""
        return {clause: record.failures for clause, record in self.records.items() if record.failures}

    @property
    def failed(self) -> frozenset[str]:
        """The clauses with failures, steady or unsteady."""
        return frozenset(clause for clause, one in self.records.items() if one.failures or one.unsteady)

    @property
    def is_unstable(self) -> bool:
        """Whether the subject has answered the same calls differently."""
        return any(record.unstable is not None for record in self.records.values())

    def reasons(self, name: str) -> Mapping[str, str]:
        """The clauses that have a reason or a remark of this name, each with its text."""
        texts = {clause: getattr(record, name) for clause, record in self.records.items()}
        return {clause: text for clause, text in texts.items() if text is not None}

    def note(self, clause: str, **reasons: str | None) -> None:
        """Give the clause these reasons, each by its name in the record; a reason that it has already stays."""
        record = self.records[clause]
        for name, text in reasons.items():
            if getattr(record, name) is None:
                setattr(record, name, text)

    def decision(self, clauses: Iterable[str], outcome: str, *, is_right: bool) -> None:
        """Count one decision and, if it is right, a decisive answer for each of its clauses."""
        if outcome == "allow":
            self.allowed += 1
        elif outcome == "deny":
            self.denied += 1
        else:
            self.inconclusive += 1
        for clause in clauses:
            record = self.records[clause]
            record.asked += 1
            if outcome == "inconclusive":
                record.inconclusive += 1
            elif is_right:
                record.decisive += 1
                if outcome == "allow":
                    record.allowed += 1
                else:
                    record.denied += 1

    def write(self, kind: str, clauses: Iterable[str], *, is_put: bool = True) -> None:
        """Count one write for its kind; `clauses` are those that depend on the kind."""
        put, not_put = self.writes_by_kind.get(kind, (0, 0))
        self.writes_by_kind[kind] = (put + is_put, not_put + (not is_put))
        if not is_put:
            known = self.clauses_by_kind.get(kind, ())
            self.clauses_by_kind[kind] = tuple(dict.fromkeys((*known, *clauses)))

    def inconclusive_write(self, kinds: Iterable[str], clauses: Sequence[str]) -> None:
        """Count one write of these kinds that could not be put as asked. It counts for none of its clauses."""
        for kind in kinds:
            self.write(kind, clauses, is_put=False)
        self.inconclusive_writes += 1
        for clause in clauses:
            self.records[clause].asked += 1
            self.records[clause].inconclusive += 1
            self.records[clause].inconclusive_writes += 1

    def counted_not_put(self) -> Iterator[str]:
        """How many requests and writes could not be put as asked, in one line; nothing where each could."""
        of_all = ((self.inconclusive, "requests"), (self.inconclusive_writes, "writes"))
        texts = [f"{number:,} {name}" for number, name in of_all if number]
        if texts:
            yield f"inconclusive, and counted for nothing: {' and '.join(texts)}"

    @property
    def kinds_never_put(self) -> dict[str, str]:
        """The clauses whose writes of one kind were all inconclusive, each with that kind."""
        never = [kind for kind, (put, not_put) in self.writes_by_kind.items() if not_put and not put]
        return {clause: kind for kind in never for clause in self.clauses_by_kind.get(kind, ())}

    def answer(self, clauses: Iterable[str]) -> None:
        """Count one right answer that is no decision, but answers a write or `getRules`."""
        for clause in clauses:
            record = self.records[clause]
            record.asked += 1
            record.decisive += 1

    def wrong(self, clauses: Iterable[str]) -> None:
        """Count one wrong answer that is no decision."""
        for clause in clauses:
            self.records[clause].asked += 1

    def take_over(self, other: "Tally") -> None:
        """Continue from the counts of another tally."""
        for each in fields(Tally):
            setattr(self, each.name, getattr(other, each.name))
