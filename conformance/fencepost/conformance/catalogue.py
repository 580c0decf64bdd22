"""The clause catalogue as data: what an implementation promises, one clause a value."""

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

BASES = ("documented", "recorded", "follows", "inferred")
"""How sure a clause is: stated by a page; done by the service; implied by what a rule is; or possibly otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A public page, file or thread: its name, and the date or commit of the copy that was read."""

    key: str
    name: str
    read: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """What one source says."""

    source: Source
    says: str

    def __str__(self) -> str:
        """The source, the copy that was read, and its statement."""
        return f"{self.source.name} ({self.source.read}): {self.says}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """One promise, in a text that stands alone.

    `level` is `core` or `extended`; `needs` are the abilities that it takes to be asked; `basis` is one of `BASES`;
    `note` states what is asked and what is not; it is empty if the text is complete.
    """

    id: str
    level: str
    group: str
    text: str
    note: str
    needs: tuple[str, ...]
    basis: str
    citations: tuple[Citation, ...]

    @property
    def source(self) -> str:
        """All sources as one text."""
        return "; ".join(map(str, self.citations))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """One sentence of the announcement, in short, and the clauses that cover it; without one, `why` says why."""

    says: str
    covered: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """All clauses in order, their sources, and the catalogue's version."""

    version: str
    clauses: tuple[Clause, ...]
    sources: tuple[Source, ...]
    announcement: tuple[Sentence, ...]

    def __getitem__(self, clause_id: str) -> Clause:
        """A clause by its id; `UnknownClause` otherwise."""
        for clause in self.clauses:
            if clause.id == clause_id:
                return clause
        raise self._unknown(clause_id)

    def matching(self, pattern: str) -> tuple[Clause, ...]:
        """The clause of that id, or every clause of a family (`VAL`) in any case; `UnknownClause` otherwise.

        >>> [clause.id for clause in catalogue().matching("ctl-2")]
        ['CTL-2']
        """
        wanted = pattern.strip().upper()
        found = tuple(one for one in self.clauses if one.id == wanted or one.id.partition("-")[0] == wanted)
        if not found:
            raise self._unknown(pattern)
        return found

    def _unknown(self, clause_id: str) -> "UnknownClause":
        ids = [clause.id for clause in self.clauses]
        return UnknownClause(
            clause_id=clause_id, near=tuple(difflib.get_close_matches(clause_id.upper(), ids, n=3, cutoff=0.5))
        )


@dataclass(kw_only=True, eq=False)
class UnknownClause(LookupError):
    """No clause has that id; `near` holds the near misses."""

    clause_id: str
    near: tuple[str, ...]

    def __str__(self) -> str:
        """The id, the near misses, and where to look."""
        meant = f"; did you mean {' or '.join(self.near)}?" if self.near else "; `fencepost clauses` lists them"
        return f"no clause is called {self.clause_id!r}{meant}"


@cache
def catalogue() -> Catalogue:
    """The catalogue that the kit carries."""
    data = tomllib.loads((files("fencepost.conformance") / "catalogue.toml").read_text(encoding="utf-8"))
    sources = {key: Source(key=key, **source) for key, source in data["sources"].items()}
    return Catalogue(
        version=data["version"],
        clauses=tuple(_clause(clause, sources) for clause in data["clauses"]),
        sources=tuple(sources.values()),
        announcement=tuple(
            Sentence(says=one["says"], covered=tuple(one["covered"]), why=one.get("why", ""))
            for one in data["announcement"]
        ),
    )


def _clause(data: Mapping[str, Any], sources: Mapping[str, Source]) -> Clause:
    return Clause(
        id=data["id"],
        level=data["level"],
        group=data["group"],
        text=data["text"],
        note=data.get("note", ""),
        needs=tuple(data["needs"]),
        basis=data["basis"],
        citations=tuple(Citation(source=sources[key], says=says) for key, says in data["source"]),
    )
