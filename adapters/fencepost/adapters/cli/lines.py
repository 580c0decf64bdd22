"""Lines that a tool writes, read as decisions: in the order of the requests, or each naming its own."""

import re
from collections.abc import Mapping, Sequence
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
        return self._read(line)[0]

    def of_batch(self, sent: Sequence[str], received: Sequence[str]) -> list[tuple[str, str]]:
        """For each line that was sent its outcome and the line that says so; `Broken` where they do not match."""
        if not self.is_keyed:
            if len(received) != len(sent):
                raise Broken(
                    expected=f"{len(sent)} lines, one for each request",
                    came=str(len(received)),
                    offending="\n".join(received),
                )
            return [(self.of_line(line), line) for line in received]
        named: dict[str, tuple[str, str]] = {}
        wanted = frozenset(sent)
        for line in received:
            outcome, found = self._read(line)
            key = found[_KEY]
            if key is None or key not in wanted:
                raise Broken(expected="lines about what was asked", came=f"a line about {key!r}", offending=line)
            if named.setdefault(key, (outcome, line))[0] != outcome:
                raise Broken(expected=f"one answer for {key!r}", came="two that differ", offending=line)
        missing = [line for line in sent if line not in named]
        if missing and self.absent is None:
            raise Broken(expected=f"a line about {missing[0]!r}", came="none", offending="\n".join(received))
        absent = (self.absent or "", "")
        return [named.get(line, absent) for line in sent]

    def _read(self, line: str) -> tuple[str, re.Match[str]]:
        """The meaning of one line, and what its mapping has found there."""
        fitting = [(name, found) for name, says in self.mappings.items() if (found := says.found_in(line)) is not None]
        if len(fitting) != 1:
            raise not_one([name for name, _ in fitting], self.where, self.mappings, line)
        return fitting[0]
