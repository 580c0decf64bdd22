"""Lines that a tool writes, read as decisions: in the order of the requests, or each naming its own."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from operator import is_not, itemgetter

from fencepost.adapters.cli.sections import Decide, Says
from fencepost.adapters.declared.reading import Broken, compiled, not_one

_KEY = "key"


@dataclass(frozen=True, slots=True, kw_only=True)
class LineReading:
    """How lines are read: the mappings, and what a request means that no line names."""

    where: str
    mappings: Mapping[str, Says]
    absent: str | None = None

    @classmethod
    def of_decisions(cls, decide: Decide) -> "LineReading":
        """The mappings of `decide`."""
        return cls(where="decide", mappings=decide.outcomes, absent=decide.absent)

    @property
    def is_keyed(self) -> bool:
        """Whether each line says which request it means."""
        return all(_KEY in compiled(says.line or "").groupindex for says in self.mappings.values())

    def of_line(self, line: str) -> str:
        """The meaning of one line; `Broken` where no mapping fits it."""
        return self.reader()(line)[0]

    def batch(self, sent: Sequence[str]) -> "Batch":
        """What comes back for these lines."""
        return Batch(reading=self, sent=sent)

    def reader(self) -> Callable[[str], tuple[str, re.Match[str]]]:
        """A function from a line to its meaning and what its mapping has found there."""
        finders = [(name, says.finder()) for name, says in self.mappings.items()]

        def read(line: str) -> tuple[str, re.Match[str]]:
            fitting = [(name, found) for name, find in finders if (found := find(line)) is not None]
            if len(fitting) != 1:
                raise not_one([name for name, _ in fitting], self.where, self.mappings, line)
            return fitting[0]

        return read


class Batch:
    """The lines that came back for a batch, read as they come: while the tool works, the kit reads.

    Each mapping reads many lines at once. Only where that does not come out even are they read one after the other,
    which says what is wrong.
    """

    def __init__(self, *, reading: LineReading, sent: Sequence[str]) -> None:
        self._reading = reading
        self._sent = sent
        self._received: list[str] = []
        self._finders = [(name, says.finder()) for name, says in reading.mappings.items()]
        self._named: dict[str, str] = {}
        self._firsts: dict[str, tuple[str, str]] = {}
        self._is_even = True
        self._part = b""

    def hear(self, chunk: bytes) -> None:
        """Read the lines that end in this chunk of the output."""
        whole, end, rest = chunk.rpartition(b"\n")
        if end:
            self._read(self._part + whole)
            self._part = rest
        else:
            self._part += chunk

    def outcomes(self) -> tuple[list[str], Mapping[str, tuple[str, str]]]:
        """The outcome of each line that was sent, once all is heard; `Broken` where the lines do not match.

        Beside them, for each mapping that was used, and for `absent`, the first line sent and the line that came of it.
        """
        if self._part:
            self._read(self._part)
            self._part = b""
        return self._by_key() if self._reading.is_keyed else self._in_order()

    def _read(self, text: bytes) -> None:
        lines = text.decode("utf-8", errors="backslashreplace").splitlines()
        self._received += lines
        if not self._reading.is_keyed:
            return
        columns = [list(map(find, lines)) for _, find in self._finders]
        for (name, _), column in zip(self._finders, columns, strict=True):
            found = list(filter(None, column))
            self._named.update(dict.fromkeys(map(itemgetter(_KEY), found), name))
            if found:
                self._firsts.setdefault(name, (found[0][_KEY], found[0].string))
        self._is_even = self._is_even and _is_each_read_once(columns, len(lines))

    def _in_order(self) -> tuple[list[str], Mapping[str, tuple[str, str]]]:
        if len(self._received) != len(self._sent):
            expected, came = f"{len(self._sent)} lines, one for each request", str(len(self._received))
            raise Broken(expected=expected, came=came, offending="\n".join(self._received))
        read = self._reading.reader()
        outcomes = [read(line)[0] for line in self._received]
        firsts: dict[str, tuple[str, str]] = {}
        for outcome, asked, line in zip(outcomes, self._sent, self._received, strict=True):
            firsts.setdefault(outcome, (asked, line))
        return outcomes, firsts

    def _by_key(self) -> tuple[list[str], Mapping[str, tuple[str, str]]]:
        firsts = self._firsts
        outcomes = list(map(self._named.get, self._sent)) if self._named else [None] * len(self._sent)
        unnamed = outcomes.count(None)
        if not self._is_even or not len(self._named) == len(self._received) == len(self._sent) - unnamed:
            outcomes = list(map(self._one_by_one().get, self._sent))
            unnamed = outcomes.count(None)
        absent = self._reading.absent or ""
        if unnamed:
            missing = self._sent[outcomes.index(None)]
            if not absent:
                raise Broken(expected=f"a line about {missing!r}", came="none", offending="\n".join(self._received))
            firsts["absent"] = (missing, "no line about it")
        if unnamed == len(outcomes):
            return [absent] * unnamed, firsts
        return [outcome or absent for outcome in outcomes], firsts

    def _one_by_one(self) -> dict[str, str]:
        """The outcome of each line that was sent and is named; `Broken` at the first line that does not match."""
        named: dict[str, str] = {}
        wanted, read = frozenset(self._sent), self._reading.reader()
        for line in self._received:
            outcome, found = read(line)
            key = found[_KEY]
            if key not in wanted:
                raise Broken(expected="lines about what was asked", came=f"a line about {key!r}", offending=line)
            if named.setdefault(key, outcome) != outcome:
                raise Broken(expected=f"one answer for {key!r}", came="two that differ", offending=line)
        return named


def _is_each_read_once(columns: Sequence[Sequence[re.Match[str] | None]], lines: int) -> bool:
    """Whether just one mapping fits each line, given what each mapping has found in each."""
    fitting = [len(column) - column.count(None) for column in columns]
    if sum(fitting) != lines or lines in fitting:
        return sum(fitting) == lines
    flags = (map(is_not, column, repeat(None)) for column in columns)
    return all(sum(pattern) == 1 for pattern in set(zip(*flags, strict=True)))
