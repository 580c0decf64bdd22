"""Shrink passes over long histories: the last few writes, one plain change repeated, no refused writes."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from fencepost.conformance.diagnosis.reproduction import minimal_setup
from fencepost.conformance.diagnosis.request_passes import PLAIN_PUBLIC
from fencepost.conformance.diagnosis.trials import Trials
from fencepost.conformance.lockstep.case import Case, WriteStep, through_the_reference
from fencepost.reference import Vault, Verdict, text_from_address

_LAST = (1, 2, 3, 5, 8, 13, 21, 34)
"""So many of the last calls are tried after the rules before them, put at once."""

_LONG = 25
"""In a history of more writes than this their number may be the point."""

_PLAIN_RULE = text_from_address(PLAIN_PUBLIC ^ 1)


def recent_history(trials: Trials) -> None:
    """Put the rules as they were before the last few calls at once, in place of all earlier calls."""
    *earlier, last = trials.case.steps
    if trials.case.spans_vaults:
        return
    vaults = [vault for vault, _ in _states(trials)]
    for count in (count for count in _LAST if count < len(earlier) - 1):
        setup = minimal_setup(vaults[len(earlier) - count], last)
        if trials.attempt(replace(setup, steps=(*setup.steps[:-1], *earlier[-count:], last))):
            return


def plain_history(trials: Trials) -> None:
    """If the number of writes matters: add and remove one plain rule so often, after the rules put at once."""
    *earlier, last = trials.case.steps
    count = sum(isinstance(step, WriteStep) for step in earlier)
    is_by_single_changes = any(isinstance(step, WriteStep) and step.method == "addIpRule" for step in earlier)
    if count <= _LONG or not is_by_single_changes or trials.case.spans_vaults:
        return
    *_, (vault, _) = _states(trials)
    setup = minimal_setup(vault, last)
    pair = tuple(WriteStep(method=f"{what}IpRule", params={"value": _PLAIN_RULE}) for what in ("add", "remove"))

    def rebuild(setup: Case, pairs: int) -> Case:
        return replace(setup, steps=(*setup.steps[:-1], *pair * pairs, last))

    for bare in (_without_rules(setup), setup):
        if trials.attempt(rebuild(bare, count // 2)):
            trials.smallest_count(count // 2, partial(rebuild, bare))
            return


def _without_rules(setup: Case) -> Case:
    """The case whose first call puts the same switches and no rules."""
    first, *others = setup.steps
    acls = first.params["networkAcls"] if isinstance(first, WriteStep) else None
    assert isinstance(acls, dict)
    bare = {**acls, "ipRules": [], "virtualNetworkRules": []}
    return replace(setup, steps=(WriteStep(method="putRules", params={"networkAcls": bare}), *others))


def no_refused_writes(trials: Trials) -> None:
    """Take away all earlier writes that must be refused, at once: a long history has many."""
    *earlier, last = trials.case.steps
    refused = [is_refused for _, is_refused in _states(trials)]
    kept = [step for step, is_refused in zip(earlier, refused, strict=False) if not is_refused]
    trials.attempt(replace(trials.case, steps=(*kept, last)))


def _states(trials: Trials) -> Iterator[tuple[Vault, bool]]:
    """The reference's vault before each call, and whether the call is a write that must be refused."""
    new = Vault(profile=trials.mismatch.vault.profile).reset(trials.case.network)
    for _, vault, write in through_the_reference(trials.case.steps, new):
        yield vault, write is not None and write.verdict is Verdict.REFUSED
