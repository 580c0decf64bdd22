"""The catalogue: every mutant by its id, and how one or several are made into an implementation."""

import difflib
from collections.abc import Iterable, Mapping
from types import MappingProxyType, ModuleType

from fencepost.adapters.contract import SubjectError
from fencepost.conformance.mutants import (
    address_arithmetic,
    address_text,
    control_plane,
    credentials,
    default_action,
    history,
    limits,
    load,
    parsing,
    rule_list,
    services,
    state,
    subnet_ids,
    subnets,
    validation,
)
from fencepost.conformance.mutants.mutant import Mutant
from fencepost.conformance.mutants.values import PREVIEW
from fencepost.conformance.mutants.vault import Vault

_MODULES = (
    address_arithmetic,
    address_text,
    parsing,
    rule_list,
    subnets,
    services,
    default_action,
    credentials,
    control_plane,
    limits,
    validation,
    subnet_ids,
    state,
    history,
    load,
)


def _entries(modules: Iterable[ModuleType]) -> Iterable[Mutant]:
    for module in modules:
        yield from (entry for entry in vars(module).values() if isinstance(entry, Mutant))


CATALOGUE: Mapping[str, Mutant] = MappingProxyType({entry.id: entry for entry in _entries(_MODULES)})
"""Every mutant by its id, group by group."""


def mutant(name: str, *, profile: str = PREVIEW.name) -> Vault:
    """A new implementation with this one flaw; `SubjectError` with the near misses where there is no such id."""
    return _find(name).flaw(profile)


def compose(names: str, *, profile: str = PREVIEW.name) -> Vault:
    """A new implementation with several flaws, `id+id…`; where two replace the same method, the first named has it."""
    ids = names.split("+")
    if len(ids) == 1:
        return mutant(names, profile=profile)
    flaws = tuple(dict.fromkeys(_find(name).flaw for name in ids))
    composed: type[Vault] = type("Composed", flaws, {"title": f"mutant:{names}"})
    return composed(profile)


def _find(name: str) -> Mutant:
    entry = CATALOGUE.get(name)
    if entry is None:
        near = difflib.get_close_matches(name, CATALOGUE, n=3, cutoff=0.4)
        meant = (
            f"Did you mean {' or '.join(near)}?"
            if near
            else f"There are {len(CATALOGUE)}, {next(iter(CATALOGUE))} the first."
        )
        raise SubjectError(subject=f"mutant:{name}", reason="no mutant has this id", try_instead=meant)
    return entry
