"""The correct structures whose source is mutated, and which of them the suite may be developed against."""

import importlib
import inspect
from dataclasses import dataclass
from types import ModuleType

_PACKAGE = "fencepost.conformance.peers.structures"


@dataclass(frozen=True, slots=True, kw_only=True)
class Structure:
    """A module with a class `Structure`; a structure that is not `in_sample` is only ever measured."""

    name: str
    in_sample: bool

    @property
    def module(self) -> ModuleType:
        """The module itself."""
        return importlib.import_module(f"{_PACKAGE}.{self.name.replace('-', '_')}")

    @property
    def source(self) -> str:
        """Its source text."""
        return inspect.getsource(self.module)


STRUCTURES = {
    structure.name: structure
    for structure in (
        Structure(name="scan", in_sample=True),
        Structure(name="prefix-sets", in_sample=True),
        Structure(name="multibit", in_sample=True),
        Structure(name="interval-tree", in_sample=True),
        Structure(name="counted", in_sample=True),
        Structure(name="lru", in_sample=True),
        Structure(name="intervals", in_sample=False),
        Structure(name="patricia", in_sample=False),
        Structure(name="treap", in_sample=False),
        Structure(name="bitmap-pages", in_sample=False),
        Structure(name="sql", in_sample=False),
        Structure(name="journal", in_sample=False),
    )
}
"""By name. The split was made before anything was measured."""
