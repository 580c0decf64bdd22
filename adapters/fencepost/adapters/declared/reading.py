"""From what a tool gave back to what it means: every mapping of the file is tried, and just one must fit."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, Protocol, TypeVar

from fencepost.adapters.contract.faults import HarnessFault, MalformedResult, shorten

_Output_contra = TypeVar("_Output_contra", contravariant=True)
_Output = TypeVar("_Output")


class Mapped(Protocol[_Output_contra]):
    """A mapping of the file: whether what came back is what it describes."""

    def fits(self, output: _Output_contra) -> bool:
        """Whether every condition holds."""
        ...


@dataclass(kw_only=True, eq=False)
class Broken(Exception):
    """The tool or the service did not answer in a way that the file maps; the connection makes it a harness fault."""

    expected: str
    came: str
    offending: str = ""
    kind: type[HarnessFault] = MalformedResult

    def __str__(self) -> str:
        return f"expected {self.expected}, got {self.came}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading(Generic[_Output]):
    """The mappings of one place in the file, by what they mean (`allow`, `deny`, `accepted` …)."""

    where: str
    mappings: Mapping[str, Mapped[_Output]]

    def of(self, output: _Output, shown: str) -> str:
        """What the output means; `Broken` where no mapping fits or several do. `shown` is the output as text."""
        fitting = [meaning for meaning, mapping in self.mappings.items() if mapping.fits(output)]
        if len(fitting) != 1:
            raise not_one(fitting, self.where, self.mappings, shown)
        return fitting[0]


def not_one(fitting: Sequence[str], where: str, mappings: Iterable[str], shown: str) -> Broken:
    """That none of the mappings fits an output, or several do. `shown` is the output as text."""
    names = " or ".join(f"{where}.{meaning}" for meaning in mappings)
    came = f"what {' and '.join(fitting)} fit" if fitting else "what no mapping fits"
    return Broken(expected=f"an answer that fits {names}", came=came, offending=shorten(shown, 2000))


@lru_cache(maxsize=256)
def compiled(pattern: str) -> re.Pattern[str]:
    """The regular expression of the file, `^` and `$` at the ends of lines."""
    return re.compile(pattern, re.MULTILINE)
