"""Samples of what could not be put as asked, each as calls of its own, to be put again at the end of the run."""

from collections.abc import Sequence

from fencepost.conformance.diagnosis.reproduction import minimal_setup
from fencepost.conformance.judging.not_put import NotPut, Sample, place_of
from fencepost.conformance.lockstep.case import AskStep, Case, WriteStep
from fencepost.conformance.lockstep.wire import wire_rules_in_force
from fencepost.reference import Vault


def keep_request(kept: NotPut, vault: Vault, alone: AskStep, clauses: Sequence[str]) -> None:
    """Keep the only request of this step, unless there is one of its place, its caller and each of its clauses."""
    (request,) = alone.requests
    if names := kept.wanted(request, clauses):
        calls = minimal_setup(vault, alone).calls()
        sample = Sample(place=place_of(request), clauses=tuple(clauses), calls=calls)
        kept.samples.update(dict.fromkeys(names, sample))


def keep_write(kept: NotPut, vault: Vault, step: WriteStep, kind: str, clauses: Sequence[str]) -> None:
    """Keep this write of a kind, with the rules in force before it, unless there is one of its kind and its clauses."""
    if names := kept.wanted_write(kind, clauses):
        before = WriteStep(method="putRules", params={"networkAcls": wire_rules_in_force(vault.rules)})
        calls = Case(network=vault.network, steps=(before, step)).calls()
        kept.samples.update(dict.fromkeys(names, Sample(place=f"write {kind}", clauses=tuple(clauses), calls=calls)))
