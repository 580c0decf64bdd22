"""Shrink passes that take away subnets, calls and requests."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import combinations

from fencepost.adapters.contract.vocabulary import MAX_BATCH
from fencepost.conformance.diagnosis.request_passes import HIGH_PUBLIC, PLAIN_PUBLIC
from fencepost.conformance.diagnosis.trials import Trials
from fencepost.conformance.lockstep.case import (
    AskStep,
    Case,
    EndpointsStep,
    ResetStep,
    Step,
    WriteStep,
    one_after_another,
)
from fencepost.reference import Network, Request

_LONG = 12
"""A call of more requests than this is first tried with one plain request in place of the others."""


_FEW_CALLS = 4
"""In a case of so many calls the subnets that no call names are tried."""

_OFTEN = 3
"""At so many rules one request is repeated."""

_FEWEST = (3, 5)
"""So few and so many earlier calls are left out in all ways that leave one or two."""


def fewer_subnets(trials: Trials) -> None:
    """Keep, in each vault's network, the subnets that its own calls name; or else those that any call names.

    If it takes a subnet that no call names, keep of a short case's subnets those that are needed.
    """
    named = [set(_subnets_named(vault.steps)) for vault in trials.case.vaults]
    if trials.attempt(_with_subnets(trials.case, named)):
        return
    if len(named) > 1:
        trials.attempt(_with_subnets(trials.case, [set().union(*named)] * len(named)))
    elif len(trials.case.steps) <= _FEW_CALLS:
        unnamed = [one.id.lower() for one in trials.case.network.subnets if one.id.lower() not in named[0]]
        finest = max(1, len(unnamed) // _LONG)
        trials.keep_needed(unnamed, lambda kept: _with_subnets(trials.case, [{*named[0], *kept}]), finest=finest)


def fewer_calls(trials: Trials) -> None:
    """Take away calls before the call in question; the only one where the same clause decides without it."""
    steps = trials.case.steps
    if len(steps) > 2 or isinstance(steps[0], ResetStep):
        trials.keep_needed(steps[:-1], lambda kept: replace(trials.case, steps=(*kept, steps[-1])))
    if len(trials.case.steps) == 2:
        trials.attempt(replace(trials.case, steps=trials.case.steps[-1:]), keeps_decider=True)


def fewest_calls(trials: Trials) -> None:
    """Of three to five earlier calls keep one or two: what needs each of the others may need none of them."""
    *earlier, last = trials.case.steps
    if not _FEWEST[0] <= len(earlier) <= _FEWEST[1] or trials.case.spans_vaults:
        return
    for count in (1, 2):
        for kept in combinations(earlier, count):
            if trials.attempt(replace(trials.case, steps=(*kept, last))):
                return


def one_earlier_call(trials: Trials) -> None:
    """If the number of earlier requests matters: ask one request so often in one call, in place of the others."""
    *earlier, last = trials.case.steps
    asked = [request for step in earlier if isinstance(step, AskStep) for request in step.requests]
    if sum(isinstance(step, AskStep) for step in earlier) < 2 or trials.case.spans_vaults:
        return
    first = earlier[:1] if isinstance(earlier[0], WriteStep) else []
    final = last.only(trials.place_in_question(last)) if isinstance(last, AskStep) else last
    count = min(MAX_BATCH, len(asked))

    def rebuild(request: Request, count: int) -> Case:
        again = AskStep(requests=(request,) * count)
        return replace(trials.case, steps=(*first, *([again] if count else ()), final))

    plain = Request(address=PLAIN_PUBLIC)
    powers = [1 << bit for bit in range(count.bit_length())]
    tries = [(plain, count), *((plain, fewer) for fewer in powers)]
    tries += [(request, count) for request in _at_rules_asked_often(trials, asked)]
    for request, found in tries:
        if trials.attempt(rebuild(request, found)):
            _smallest_batch(trials, found, partial(rebuild, request))
            return


def _at_rules_asked_often(trials: Trials, asked: Iterable[Request]) -> Iterator[Request]:
    """A request at each of the few rules that hold most of the addresses asked: a subject may count its rules' hits."""
    rules = trials.mismatch.vault.rules
    hits = Counter(rule.block for one in asked if (rule := rules.ip_rule_at(one.address)) is not None)
    return (Request(address=block.last) for block, _ in hits.most_common(_OFTEN))


def fewer_requests(trials: Trials) -> None:
    """Take away requests: all others of the last call, and as many as possible of each earlier call."""
    for index, step in enumerate(trials.case.steps):
        if isinstance(step, AskStep) and len(step.requests) > 1:
            _fewer_requests_in(trials, index, step)


def _fewer_requests_in(trials: Trials, index: int, step: AskStep) -> None:
    fixed = {trials.place_in_question(step)} if index == len(trials.case.steps) - 1 else set[int]()
    movable = [place for place in range(len(step.requests)) if place not in fixed]
    if fixed and trials.attempt(trials.with_step(index, step.only(*fixed))):
        return
    if fixed and len(step.requests) > _LONG and _plain_batch(trials, index, step):
        return

    def rebuild(kept: tuple[int, ...]) -> Case:
        left = sorted({*kept, *fixed})  # to leave no request is to leave out the call, which has been tried
        return trials.with_step(index, step.only(*left)) if left else trials.case

    if not fixed and len(movable) > _LONG:
        count = trials.smallest_count(len(movable), lambda count: rebuild(tuple(movable[:count])))
        trials.smallest_count(count, lambda fewer: rebuild(tuple(movable[count - fewer : count])))
        return
    # Many requests are taken away in long runs, so that calls are left for the rules; the next round goes on.
    trials.keep_needed(movable, rebuild, finest=max(1, len(movable) // 8))


def _plain_batch(trials: Trials, index: int, step: AskStep) -> bool:
    """If the number of requests matters: repeat a plain request, then find the smallest number of repetitions."""
    place = trials.place_in_question(step)
    after = len(step.requests) - 1 - place
    asked = step.requests[place]

    def rebuild(plain: Request, before: int, after: int) -> Case:
        return trials.with_step(index, AskStep(requests=(*[plain] * before, asked, *[plain] * after)))

    for plain in (Request(address=PLAIN_PUBLIC), Request(address=HIGH_PUBLIC)):
        if trials.attempt(rebuild(plain, place, after)):
            before = _smallest_batch(trials, place, partial(rebuild, plain, after=after))
            _smallest_batch(trials, after, partial(rebuild, plain, before))
            return True
    return False


def _smallest_batch(trials: Trials, count: int, rebuild: Callable[[int], Case]) -> int:
    """The smallest count that still shows the mismatch: a power of two less 1, or else found by bisection."""
    for fewer in (0, *((1 << bit) - 1 for bit in range(1, count.bit_length()))):
        if fewer < count and trials.attempt(rebuild(fewer)):
            return fewer
    return trials.smallest_count(count, rebuild)


def _with_subnets(case: Case, named: Sequence[set[str]]) -> Case:
    vaults = []
    for vault, ids in zip(case.vaults, named, strict=True):
        subnets = tuple(subnet for subnet in vault.network.subnets if subnet.id.lower() in ids)
        vaults.append(replace(vault, network=Network(subnets=subnets)))
    return one_after_another(vaults)


def _subnets_named(steps: Sequence[Step]) -> Iterator[str]:
    for step in steps:
        match step:
            case AskStep():
                yield from (request.subnet.lower() for request in step.requests if request.subnet is not None)
            case WriteStep():
                yield from _ids_in(step.params)
            case EndpointsStep():
                yield step.subnet.lower()


def _ids_in(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("id"), str):
            yield value["id"].lower()
        for inner in value.values():
            yield from _ids_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _ids_in(inner)
