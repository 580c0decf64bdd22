"""Lines that a tool writes, read as decisions: in the order of the requests, or each naming its own."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

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
        return self._reader()(line)[0]

    def of_batch(self, sent: Sequence[str], received: Sequence[str]) -> tuple[list[str], Mapping[str, tuple[str, str]]]:
        """The outcome of each line that was sent; `Broken` where the lines do not match.

        Beside them, for each mapping that was used, and for `absent`, the first line sent and the line that came of it.
        """
        read = self._reader()
        firsts: dict[str, tuple[str, str]] = {}
        if not self.is_keyed:
            if len(received) != len(sent):
                raise Broken(
                    expected=f"{len(sent)} lines, one for each request",
                    came=str(len(received)),
                    offending="\n".join(received),
                )
            outcomes = [read(line)[0] for line in received]
            for outcome, asked, line in zip(outcomes, sent, received, strict=True):
                firsts.setdefault(outcome, (asked, line))
            return outcomes, firsts
        named: dict[str, str] = {}
        wanted = frozenset(sent)
        for line in received:
            outcome, found = read(line)
            key = found[_KEY]
            if key not in wanted:
                raise Broken(expected="lines about what was asked", came=f"a line about {key!r}", offending=line)
            if named.setdefault(key, outcome) != outcome:
                raise Broken(expected=f"one answer for {key!r}", came="two that differ", offending=line)
            firsts.setdefault(outcome, (key, line))
        missing = next((line for line in sent if line not in named), None)
        if missing is not None:
            if self.absent is None:
                raise Broken(expected=f"a line about {missing!r}", came="none", offending="\n".join(received))
            firsts["absent"] = (missing, "no line about it")
        absent = self.absent or ""
        return [named.get(line, absent) for line in sent], firsts

    def _reader(self) -> Callable[[str], tuple[str, re.Match[str]]]:
        """A function from a line to its meaning and what its mapping has found there."""
        finders = [(name, says.finder()) for name, says in self.mappings.items()]

        def read(line: str) -> tuple[str, re.Match[str]]:
            fitting = [(name, found) for name, find in finders if (found := find(line)) is not None]
            if len(fitting) != 1:
                raise not_one([name for name, _ in fitting], self.where, self.mappings, line)
            return fitting[0]

        return read
