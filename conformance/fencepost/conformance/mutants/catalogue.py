"""The catalogue of mutants by id, and the functions that make an implementation of one or several mutants."""

import difflib
from collections.abc import Iterable, Mapping
from importlib import import_module
from types import MappingProxyType

from fencepost.adapters.contract import SubjectError
from fencepost.conformance.mutants import flaws
from fencepost.conformance.mutants.mutant import Mutant
from fencepost.conformance.mutants.values import PROFILES
from fencepost.conformance.mutants.vault import Vault

_MODULES = """
    range_ends masks wide_and_single address_text address_spellings value_spellings prefix_lengths rule_selection
    rule_search rule_index page_forms range_bounds thresholds subnet_identity subnet_keys subnet_rules endpoint_history
    services service_names service_sources default_action absent_members credentials caller_members control_plane
    control_from_subnets limits limits_one_by_one counting_rules private_ranges public_ranges accepted_rules
    unchecked_values words declared_forms subnet_ids endpoint_checks grown_contract replacement fingerprints
    second_vault kept_state updates switching_back read_back adding after_refusals short_cuts lagging undone rolled_back
    removing removing_others load call_sizes address_memory overlapping wire_forms
"""
"""The modules of the flaws, group by group."""


def _entries(name: str) -> Iterable[Mutant]:
    module = import_module(f"{flaws.__name__}.{name}")
    return (entry for entry in vars(module).values() if isinstance(entry, Mutant))


ENTRIES: tuple[Mutant, ...] = tuple(entry for name in _MODULES.split() for entry in _entries(name))
"""Every mutant, group by group."""

CATALOGUE: Mapping[str, Mutant] = MappingProxyType({entry.id: entry for entry in ENTRIES})
"""Every mutant by its id."""


def mutant(name: str, *, profile: str | None = None) -> Vault:
    """A new implementation with this one flaw, in the first profile that shows it unless `profile` names another.

    Raises `SubjectError` with similar ids if the id does not exist.
    """
    entry = _find(name)
    return entry.flaw(profile or entry.profiles[0])


def compose(names: str, *, profile: str | None = None) -> Vault:
    """A new implementation with several flaws, `id+id…`, in the first profile that shows them all.

    If two flaws replace the same method and the first does not call `super()`, only the first takes effect. Raises
    `SubjectError`, with similar ids if an id does not exist, or if `profile` is None and no profile shows them all.
    """
    entries = tuple(dict.fromkeys(_find(name) for name in names.split("+")))
    if len(entries) == 1:
        return mutant(entries[0].id, profile=profile)
    shared = [name for name in PROFILES if all(name in entry.profiles for entry in entries)]
    if profile is None and not shared:
        raise SubjectError(
            subject=f"mutant:{names}", reason="no profile shows all of these flaws", try_instead="Name a profile."
        )
    flaws = tuple(entry.flaw for entry in entries)
    composed: type[Vault] = type("Composed", flaws, {"title": f"mutant:{names}"})
    return composed(profile or shared[0])


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
