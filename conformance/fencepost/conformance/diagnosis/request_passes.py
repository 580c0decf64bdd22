"""Shrink passes over the request in question: the plain operation, caller, subnet and address."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from fencepost.conformance.diagnosis.trials import Trials
from fencepost.conformance.judging.exercised import PLAIN_OPERATION
from fencepost.conformance.lockstep.case import AskStep, Case, is_private
from fencepost.reference import Caller, Plane, Request, Vault

PLAIN_PUBLIC = (20 << 24) + (77 << 16) + (66 << 8) + 55
HIGH_PUBLIC = (220 << 24) + (77 << 16) + (66 << 8) + 55
PLAIN_PRIVATE = (10 << 24) + 4
_FEW = 12
"""So many callers beside the caller in question are made plain in turn."""


def plain_operation(request: Request, _: Vault) -> Iterator[Request]:
    """Ask for the plain operation of the plane."""
    yield replace(request, operation=PLAIN_OPERATION if request.plane is Plane.DATA else "VaultGet")


def plain_caller(request: Request, _: Vault) -> Iterator[Request]:
    """Ask as the plain caller, or as a caller with fewer peculiarities."""
    yield replace(request, caller=Caller())
    caller = request.caller
    if caller.service is not None:
        yield replace(request, caller=replace(caller, service=None, trusted=None))
    if not caller.authenticated and not caller.authorized:
        yield replace(request, caller=replace(caller, authenticated=True))
        yield replace(request, caller=replace(caller, authorized=True))


def no_subnet(request: Request, _: Vault) -> Iterator[Request]:
    """Ask from no subnet, with a public address."""
    if request.subnet is not None:
        address = PLAIN_PUBLIC if is_private(request.address) else request.address
        yield replace(request, subnet=None, address=address)


def plain_letters(request: Request, vault: Vault) -> Iterator[Request]:
    """Spell the caller's subnet as the network does."""
    for subnet in vault.network.subnets:
        if request.subnet is not None and subnet.id.lower() == request.subnet.lower():
            yield replace(request, subnet=subnet.id)


def plain_address(request: Request, vault: Vault) -> Iterator[Request]:
    """Ask from a plain address; from inside a rule's range rather than from its edge."""
    if request.subnet is not None and is_private(request.address):
        yield replace(request, address=PLAIN_PRIVATE)
        return
    rule = vault.rules.ip_rule_at(request.address)
    if rule is None:
        yield replace(request, address=PLAIN_PUBLIC)
    elif rule.block.last - rule.block.first > 2 and request.address in (rule.block.first, rule.block.last):
        yield replace(request, address=(rule.block.first + rule.block.last) // 2 + 1)


def plain_place_of_several(trials: Trials) -> None:
    """Move the caller in question and all others at its place: a subject may remember answers by address or subnet."""
    for plainer in (no_subnet, plain_address):
        last = trials.case.steps[-1]
        if not isinstance(last, AskStep):
            return
        request = last.requests[trials.place_in_question(last)]
        asked = (one for step in trials.case.steps if isinstance(step, AskStep) for one in step.requests)
        if sum(_is_at_the_place_of(one, request) for one in asked) > 1:
            for candidate in plainer(request, trials.mismatch.vault):
                trials.attempt(_moved(trials.case, request, candidate))


def _is_at_the_place_of(one: Request, other: Request) -> bool:
    return (one.address, one.subnet) == (other.address, other.subnet)


def _moved(case: Case, request: Request, candidate: Request) -> Case:
    """The case with the candidate's place wherever one asks from the place of the request."""
    return _with_requests(
        case,
        lambda one: (
            replace(one, address=candidate.address, subnet=candidate.subnet)
            if _is_at_the_place_of(one, request)
            else one
        ),
    )


def _with_requests(case: Case, change: Callable[[Request], Request]) -> Case:
    steps = (
        replace(step, requests=tuple(map(change, step.requests))) if isinstance(step, AskStep) else step
        for step in case.steps
    )
    return replace(case, steps=tuple(steps))


def default_members_left_out(trials: Trials) -> None:
    """Write out no member of a request that has its default value: in no call, or else not in the last."""
    steps = trials.case.steps
    plain = [replace(step, explicit={}) if isinstance(step, AskStep) else step for step in steps]
    if not trials.attempt(replace(trials.case, steps=tuple(plain))):
        trials.attempt(trials.case.with_last(plain[-1]))


def plain_company(trials: Trials) -> None:
    """Let everybody but the caller in question be a plain caller: all of them, or else each in turn."""
    _change_company(trials, lambda request: request.caller != Caller(), caller=Caller())


def no_subnets_in_company(trials: Trials) -> None:
    """Let nobody but the caller in question come from a subnet by its public address: all of them, or each in turn."""
    _change_company(trials, lambda request: request.subnet is not None and not is_private(request.address), subnet=None)


def _change_company(trials: Trials, is_meant: Callable[[Request], bool], **members: Any) -> None:
    callers = [
        (index, place)
        for index, step in enumerate(trials.case.steps)
        if isinstance(step, AskStep)
        for place, request in enumerate(step.requests)
        if is_meant(request) and not _is_in_question(trials, index, place)
    ]
    if not callers or trials.attempt(_changed(trials.case, callers, **members)) or len(callers) > _FEW:
        return
    for one in callers:
        trials.attempt(_changed(trials.case, [one], **members))


def _is_in_question(trials: Trials, index: int, place: int) -> bool:
    last = trials.case.steps[-1]
    is_last = index == len(trials.case.steps) - 1
    return is_last and isinstance(last, AskStep) and place == trials.place_in_question(last)


def _changed(case: Case, places: Sequence[tuple[int, int]], **members: Any) -> Case:
    """The case with these members in the requests at these places; a plain caller writes nothing out."""
    steps = list(case.steps)
    for index, place in places:
        step = steps[index]
        assert isinstance(step, AskStep)
        changed = replace(step.requests[place], **members)
        requests = (*step.requests[:place], changed, *step.requests[place + 1 :])
        explicit = {at: written for at, written in step.explicit.items() if at != place or "caller" not in members}
        steps[index] = replace(step, requests=requests, explicit=explicit)
    return replace(case, steps=tuple(steps))


def requesting(plainer: Callable[[Request, Vault], Iterator[Request]]) -> Callable[[Trials], None]:
    """The pass that replaces the request in question by a plainer request; if need be, wherever the case asks it."""

    def apply(trials: Trials) -> None:
        last = trials.case.steps[-1]
        if not isinstance(last, AskStep):
            return
        place = trials.place_in_question(last)
        request = last.requests[place]
        for candidate in plainer(request, trials.mismatch.vault):
            if candidate == request:
                continue
            changed = replace(last, requests=(*last.requests[:place], candidate, *last.requests[place + 1 :]))
            if trials.attempt(trials.case.with_last(changed)):
                break
            if trials.case.spans_vaults and trials.attempt(_replaced(trials.case, request, candidate)):
                break

    return apply


def _replaced(case: Case, request: Request, candidate: Request) -> Case:
    """The case with the candidate wherever it asks the request: a subject may remember the answer to that request."""
    return _with_requests(case, lambda one: candidate if one == request else one)
