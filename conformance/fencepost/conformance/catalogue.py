"""The clause catalogue as data: what an implementation promises, one clause a value."""

import difflib
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """One promise. `level` is `core` or `extended`; `needs` are the abilities that it takes to be asked."""

    id: str
    level: str
    group: str
    text: str
    needs: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """All clauses in their order, and the catalogue's version."""

    version: str
    clauses: tuple[Clause, ...]

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
    return Catalogue(
        version=data["version"],
        clauses=tuple(Clause(**{**clause, "needs": tuple(clause["needs"])}) for clause in data["clauses"]),
    )
