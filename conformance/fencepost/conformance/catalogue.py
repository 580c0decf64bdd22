"""The clause catalogue as data: what an implementation promises, one clause a value."""

import difflib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
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

    `since` is the version of the suite, which is the kit's, in which the clause came.
    `level` is `core` or `extended`; `needs` are the abilities that it takes to be asked; `basis` is one of `BASES`;
    `note` states what is asked and what is not; it is empty if the text is complete.
    """

    id: str
    since: str
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

    @property
    def groups(self) -> Mapping[str, tuple[Clause, ...]]:
        """The clauses by group, both in the catalogue's order."""
        names = dict.fromkeys(clause.group for clause in self.clauses)
        return {name: tuple(one for one in self.clauses if one.group == name) for name in names}

    def at(self, suite_version: str) -> tuple[Clause, ...]:
        """The clauses that have been in the suite since this version or longer; `UnknownVersion` if it had none.

        >>> len(catalogue().at("0.1.0")) == len(catalogue().clauses)
        True
        """
        wanted, ours = _release(suite_version), version("fencepost")
        found = tuple(one for one in self.clauses if wanted and _release(one.since) <= wanted <= _release(ours))
        if not found:
            first = min((one.since for one in self.clauses), key=_release)
            raise UnknownVersion(suite_version=suite_version, first=first, last=ours)
        return found

    def _unknown(self, clause_id: str) -> "UnknownClause":
        ids = [clause.id for clause in self.clauses]
        if "-" not in clause_id:
            ids += dict.fromkeys(one.partition("-")[0] for one in ids)
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


@dataclass(kw_only=True, eq=False)
class UnknownVersion(LookupError):
    """The suite had no such version, or it is newer than the installed suite."""

    suite_version: str
    first: str
    last: str

    def __str__(self) -> str:
        """The version, and those that there are."""
        return f"no suite has the version {self.suite_version!r:.40}: expected one from {self.first} to {self.last}"


def _release(text: str) -> tuple[int, ...]:
    """The numbers of a version, `0.1.0`; none if the text is no version."""
    found = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,9}){0,5})(?:\.?(?:a|b|rc|post|dev)[0-9]+)*", text)
    return tuple(map(int, found[1].split("."))) if found else ()


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
        since=data["since"],
        level=data["level"],
        group=data["group"],
        text=data["text"],
        note=data.get("note", ""),
        needs=tuple(data["needs"]),
        basis=data["basis"],
        citations=tuple(Citation(source=sources[key], says=says) for key, says in data["source"]),
    )
