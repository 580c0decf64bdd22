"""Reproduction: the first of a few candidate cases that shows a mismatch each time it is replayed."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from fencepost.conformance.diagnosis.replays import Replays
from fencepost.conformance.diagnosis.trials import Reproduction
from fencepost.conformance.lockstep.case import (
    AskStep,
    Case,
    EndpointsStep,
    ResetStep,
    Step,
    WriteStep,
    one_after_another,
)
from fencepost.conformance.lockstep.mismatch import Found, Mismatch, WrongDecision
from fencepost.conformance.lockstep.wire import wire_rules_in_force
from fencepost.reference import SERVICE_ENDPOINT, Network, Request, Subnet, Vault

_MOST_STEPS = 40
"""A case of two vaults with more steps than this is not replayed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """The calls that were sent to the subject up to a mismatch.

    `case` has everything since the last `reset`, `recent` everything since the scenario began, `before` is the vault
    before, if there was one.
    """

    case: Case
    recent: Case
    before: Case | None = None


def reproduce(
    found: Found,
    conversation: Conversation,
    replays: Replays,
    *,
    times: int,
    with_batch: bool,
    with_earlier_batch: bool,
) -> Reproduction | None:
    """The first candidate that shows the mismatch in so many replays; None if none does.

    A case that may owe the mismatch to an earlier vault gives way to a case of both vaults. `with_batch` says whether
    candidates with other requests are worth a replay, `with_earlier_batch` whether requests to the earlier vault are.
    """

    def confirmed(candidates: Iterable[Case]) -> Reproduction | None:
        for case in candidates:
            if (mismatch := replays.confirm(case, found.mismatch, times)) is not None:
                return Reproduction(case=case, mismatch=mismatch)
        return None

    case, before = conversation.case, conversation.before
    shown = confirmed(candidates_in_one_vault(case, conversation.recent, found, with_batch=with_batch))
    if before is None or (shown is not None and replays.stands_alone(shown)):
        return shown
    return confirmed(candidates_in_two_vaults(before, case, found, with_batch=with_earlier_batch)) or shown


def wrong_gate(mismatch: Mismatch, replays: Replays) -> Reproduction | None:
    """The wrong outcome behind a wrong code: what the same caller gets with a token and permission."""
    if not isinstance(mismatch, WrongDecision) or not mismatch.is_about_codes:
        return None
    entitled = replace(mismatch.request.caller, authenticated=True, authorized=True)
    case = minimal_setup(mismatch.vault, AskStep(requests=(replace(mismatch.request, caller=entitled),)))
    wrong = replays.replay(case)
    if not isinstance(wrong, WrongDecision) or wrong.is_about_codes:
        return None
    return Reproduction(case=case, mismatch=wrong)


def in_the_same_state(found: Found, case: Case) -> Case:
    """The shortest case that asks the same in the same state; it writes nothing if nothing was written."""
    last = case.steps[-1]
    final = last.only(found.index) if isinstance(last, AskStep) and found.index >= 0 else last
    if not _without_answers(case.steps[:-1]):
        return replace(case, steps=(final,))
    return minimal_setup(found.mismatch.vault, final)


def plain_case(case: Case, mismatch: Mismatch) -> Case | None:
    """The case without a history, other requests or members written out; None if it has none, or uses two vaults.

    A whole rule set has no history: what was put before it is replaced.
    """
    last = case.steps[-1]
    if isinstance(last, AskStep) and isinstance(mismatch, WrongDecision):
        alone = last.only(max(place for place, one in enumerate(last.requests) if one == mismatch.request))
        last = replace(alone, explicit={})
    if isinstance(last, WriteStep) and last.method == "putRules":
        plain = Case(network=mismatch.vault.network, steps=(last,))
    else:
        plain = minimal_setup(mismatch.vault, last)
    is_shorter = len(plain.steps) < len(case.steps) or last != case.steps[-1]
    return plain if is_shorter and not case.spans_vaults else None


def in_another_order(case: Case) -> Iterator[tuple[str, Case]]:
    """The case of a single `putRules` and one question, with its IP rules in another order, and the order in words."""
    match case.steps:
        case (WriteStep(method="putRules", params={"networkAcls": {"ipRules": [_, _, *_] as rules, **others}}), last):
            for order, turned in (("reversed", rules[::-1]), ("sorted by their texts", sorted(rules, key=str))):
                step = WriteStep(method="putRules", params={"networkAcls": {**others, "ipRules": turned}})
                if turned != rules:
                    yield order, Case(network=case.network, steps=(step, last))


def candidates_in_one_vault(case: Case, recent: Case, found: Found, *, with_batch: bool) -> Iterator[Case]:
    """Cases that may show the mismatch, the smallest first: the request alone, in its batch, after all earlier calls.

    Calls of the scenario come before calls since `reset`. Without `with_batch` no case has other requests.
    """
    last = case.steps[-1]
    wholes = (recent, case) if len(recent.steps) < len(case.steps) else (case,)
    if isinstance(last, AskStep):
        alone = last.only(found.index)
        yield minimal_setup(found.mismatch.vault, alone)
        until = last.only(*range(found.index + 1 if found.index >= 0 else len(last.requests)))
        if with_batch:
            yield minimal_setup(found.mismatch.vault, until)
        for whole in wholes:
            yield from _writes_alone(whole, alone)
            if with_batch:
                yield whole.with_last(alone)
                yield whole.with_last(until)
        if with_batch and len(until.requests) < len(last.requests):
            yield minimal_setup(found.mismatch.vault, last)
            yield from wholes
    else:
        if isinstance(last, WriteStep):
            yield Case(network=found.mismatch.vault.network, steps=(last,))
            yield minimal_setup(found.mismatch.vault, last)
        for whole in wholes:
            yield from _writes_alone(whole, last)
            yield whole


def _writes_alone(case: Case, last: Step) -> Iterator[Case]:
    """The case without earlier requests: the writes since the last whole rule set, then all writes."""
    writes = _without_answers(case.steps[:-1])
    recent = _since_last_put(writes)
    if len(recent) < len(writes):
        yield replace(case, steps=(*recent, last))
    if len(writes) > 1:
        yield replace(case, steps=(*writes, last))


def candidates_in_two_vaults(before: Case, case: Case, found: Found, *, with_batch: bool) -> Iterator[Case]:
    """Cases that may show the mismatch by what an earlier vault has left over `reset`, the smallest first.

    Of the earlier vault they have the last whole rule set and the writes since then; with `with_batch` also its
    requests from the same caller, then all of its requests, then everything that was sent to both vaults.
    """
    last = case.steps[-1]
    final = last.only(found.index) if isinstance(last, AskStep) else last
    written = replace(case, steps=(*_since_last_put(_without_answers(case.steps[:-1])), final))
    pairs = [(replace(before, steps=_since_last_put(_without_answers(before.steps))), written)]
    if with_batch:
        recent = replace(before, steps=_since_last_put(before.steps))
        if isinstance(final, AskStep):
            pairs.append((replace(recent, steps=tuple(_from_the_same_place(recent.steps, final.requests[0]))), written))
        pairs += [(recent, written), (recent, case.with_last(final)), (before, case)]
    seen: list[Case] = []
    for candidate in map(one_after_another, pairs):
        if len(candidate.steps) <= _MOST_STEPS and candidate not in seen:
            seen.append(candidate)
            yield candidate


def _from_the_same_place(steps: tuple[Step, ...], request: Request) -> Iterator[Step]:
    """The steps without requests from another address or subnet than this request."""
    for step in steps:
        if not isinstance(step, AskStep):
            yield step
            continue
        alike = [
            index
            for index, asked in enumerate(step.requests)
            if (asked.address, asked.subnet) == (request.address, request.subnet)
        ]
        if alike:
            yield step.only(*alike)


def _without_answers(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    return tuple(step for step in steps if isinstance(step, WriteStep | EndpointsStep | ResetStep))


def _since_last_put(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """The steps from the last whole rule set on; all steps if service endpoints were switched before it."""
    puts = [place for place, step in enumerate(steps) if isinstance(step, WriteStep) and step.method == "putRules"]
    if not puts or any(isinstance(step, EndpointsStep) for step in steps[: puts[-1]]):
        return steps
    return steps[puts[-1] :]


def minimal_setup(vault: Vault, last: Step) -> Case:
    """The shortest case that brings a new vault to this vault's state, then sends the last step.

    A rule for a subnet without the service endpoint is refused. So the case switches such an endpoint off only after
    it has written the rules.
    """
    off = [
        subnet
        for subnet in vault.network.subnets
        if vault.rules.rule_for_subnet(subnet.id) is not None and not vault.network.has_endpoint(subnet.id)
    ]
    with_endpoints = Network(
        subnets=tuple(
            Subnet(id=subnet.id, service_endpoints=(SERVICE_ENDPOINT,)) if subnet in off else subnet
            for subnet in vault.network.subnets
        )
    )
    put = WriteStep(method="putRules", params={"networkAcls": wire_rules_in_force(vault.rules)})
    switched = (EndpointsStep(subnet=subnet.id, service_endpoints=subnet.service_endpoints) for subnet in off)
    return Case(network=with_endpoints, steps=(put, *switched, last))
