"""Cases that may show a mismatch again: what was said before it, told as briefly as may do, of one vault or of two."""

from collections.abc import Iterator
from dataclasses import replace

from fencepost.conformance.lockstep.case import AskStep, Case, EndpointsStep, Step, WriteStep, one_after_another
from fencepost.conformance.lockstep.mismatch import Found
from fencepost.conformance.lockstep.wire import wire_rules_in_force
from fencepost.reference import SERVICE_ENDPOINT, Network, Request, Subnet, Vault

_MOST_STEPS = 40
"""How long a case of two vaults may be to be worth a replay."""


def of_one_vault(case: Case, recent: Case, found: Found, *, with_company: bool) -> Iterator[Case]:
    """Cases that may show it again, the smallest first: alone on a fresh vault, in company, after all that was said.

    What was said in the scenario comes before what was said since `reset`. Where company is known to sway the subject
    (DEC-17), it is looked for no more.
    """
    last = case.steps[-1]
    wholes = (recent, case) if len(recent.steps) < len(case.steps) else (case,)
    if isinstance(last, AskStep):
        alone = last.only(found.index)
        yield minimal_setup(found.mismatch.vault, alone)
        until = last.only(*range(found.index + 1 if found.index >= 0 else len(last.requests)))
        if with_company:
            yield minimal_setup(found.mismatch.vault, until)
        for whole in wholes:
            yield from _writes_alone(whole, alone)
            if with_company:
                yield whole.with_last(alone)
                yield whole.with_last(until)
        if with_company and len(until.requests) < len(last.requests):
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
    """The history without what was asked on its way: since the last whole set, where the network then was as at first."""
    told = _without_answers(case.steps[:-1])
    recent = _since_last_put(told)
    if len(recent) < len(told):
        yield replace(case, steps=(*recent, last))
    if len(told) > 1:
        yield replace(case, steps=(*told, last))


def of_two_vaults(before: Case, case: Case, found: Found, *, with_company: bool) -> Iterator[Case]:
    """Cases that show it by what the vault before has left over `reset`, the smallest first.

    Of that vault the last whole set and what was written since; then what was asked of it, too, by the same caller or by
    any; then all that was said to both.
    """
    last = case.steps[-1]
    final = last.only(found.index) if isinstance(last, AskStep) else last
    written = replace(case, steps=(*_since_last_put(_without_answers(case.steps[:-1])), final))
    told = [(replace(before, steps=_since_last_put(_without_answers(before.steps))), written)]
    if with_company:
        recent = replace(before, steps=_since_last_put(before.steps))
        if isinstance(final, AskStep):
            told.append((replace(recent, steps=tuple(_asked_alike(recent.steps, final.requests[0]))), written))
        told += [(recent, written), (recent, case.with_last(final)), (before, case)]
    seen: list[Case] = []
    for candidate in map(one_after_another, told):
        if len(candidate.steps) <= _MOST_STEPS and candidate not in seen:
            seen.append(candidate)
            yield candidate


def _asked_alike(steps: tuple[Step, ...], request: Request) -> Iterator[Step]:
    """The steps without requests from elsewhere than this one."""
    for step in steps:
        if not isinstance(step, AskStep):
            yield step
            continue
        alike = [
            index
            for index, one in enumerate(step.requests)
            if (one.address, one.subnet) == (request.address, request.subnet)
        ]
        if alike:
            yield step.only(*alike)


def _without_answers(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    return tuple(step for step in steps if isinstance(step, WriteStep | EndpointsStep))


def _since_last_put(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """The steps from the last whole set on, where the network then was as at first."""
    puts = [place for place, step in enumerate(steps) if isinstance(step, WriteStep) and step.method == "putRules"]
    if not puts or any(isinstance(step, EndpointsStep) for step in steps[: puts[-1]]):
        return steps
    return steps[puts[-1] :]


def minimal_setup(vault: Vault, last: Step) -> Case:
    """The shortest way to the vault's state on a new vault, then the step in question.

    A rule cannot be written for a subnet that has no endpoint: there it is switched off after the rules are written.
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
