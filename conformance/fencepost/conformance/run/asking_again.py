"""Whether a request can be put must not depend on the rules: inconclusive requests are put again under other rules."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from random import Random

from fencepost.adapters.contract import HarnessFault
from fencepost.adapters.contract.vocabulary import CONTROL_OPERATIONS, DATA_OPERATIONS
from fencepost.conformance.capabilities import Capabilities
from fencepost.conformance.judging.not_put import NotPut, Sample, kinds_of_operation
from fencepost.conformance.judging.tally import Tally
from fencepost.conformance.lockstep.case import AskStep, Case, WriteStep, apply_write, case_from_calls
from fencepost.conformance.lockstep.deadline import OutOfTime
from fencepost.conformance.lockstep.lockstep import Lockstep
from fencepost.conformance.lockstep.offered import as_offered
from fencepost.conformance.lockstep.wire import WireRules, wire_rules
from fencepost.reference import Plane, Request, text_from_address

_ANSWERS = ("allow", "deny")
_BY_RULES = ": whether it is put depends on the rules"

_ANOTHER = "191.67.5.33"
"""An address of no meaning, for a rule beside which a write is sent again."""

_OTHERS = 4
"""At least so many other operations are tried, of different kinds."""

_MOST, _OF_A_PLACE = 96, 2
"""How many samples are put again at most, and how many of a place while none of the place was answered."""


def ask_again(lockstep: Lockstep, capabilities: Capabilities, tally: Tally, *, seed: int) -> None:
    """Put inconclusive samples again: alone, then under Allow without rules, then under Deny without rules.

    At last the request is put for other operations, if its own was answered at some time. A sample is a request or a
    write. The clauses of a sample that is answered then are inconclusive: what cannot be put cannot be put ever.
    """
    not_put = tally.not_put
    left = [name for name in not_put.samples if name not in not_put.again]
    Random(f"asking again {seed}").shuffle(left)
    left.sort(key=lambda name: name != not_put.samples[name].place)  # one of each place goes first
    unanswered = Counter[str]()
    with lockstep.aside():
        for name in left[: max(0, _MOST - len(not_put.again))]:
            sample = not_put.samples[name]
            not_put.again[name] = False
            if unanswered[sample.place] >= _OF_A_PLACE:
                continue
            try:
                under = next(_answered(lockstep, capabilities, sample, not_put), None)
            except HarnessFault as fault:
                tally.note(sample.clauses[0], error=str(fault))
                return
            except OutOfTime:
                return
            if under is None:
                unanswered[sample.place] += 1
                continue
            not_put.again[name] = True
            what = "write" if sample.is_write else "request"
            text = f"a {what} that could not be put as asked was answered {under}"
            for clause in sample.clauses:
                tally.note(clause, depends=text)


def _answered(lockstep: Lockstep, capabilities: Capabilities, sample: Sample, not_put: NotPut) -> Iterator[str]:
    """The ways in which the sample is now answered, in words."""
    case = case_from_calls(sample.calls)
    last = case.steps[-1]
    if isinstance(last, WriteStep):
        yield from _written(lockstep, capabilities, case, last)
        return
    assert isinstance(last, AskStep)
    (request,) = last.requests
    ways = (
        ("when it was put again", None),
        ("under rules that let it in", _open(request, capabilities)),
        ("under Deny without rules", wire_rules(())),
    )
    for way, acls in ways:
        changed = case if acls is None else _under(case, acls, lockstep, capabilities)
        if changed is not None and lockstep.outcome_of(changed) in _ANSWERS:
            yield f"{way}{_BY_RULES}"
    is_asked_for = not_put.answered_kinds.issuperset(kinds_of_operation(request))
    if is_asked_for and _comes_for_another(lockstep, capabilities, case, request):
        yield "for another operation, and its own operation was answered from another address"


def _comes_for_another(lockstep: Lockstep, capabilities: Capabilities, case: Case, request: Request) -> bool:
    """Whether the same request is answered for another operation."""
    names = CONTROL_OPERATIONS if request.plane is Plane.CONTROL else DATA_OPERATIONS
    others = [name for name in names if name in capabilities.operations and name != request.operation]
    otherwise = (replace(request, operation=name) for name in others[:: len(others) // _OTHERS or 1])
    return any(
        lockstep.outcome_of(replace(case, steps=(*case.steps[:-1], AskStep(requests=(one,))))) in _ANSWERS
        for one in otherwise
    )


def _written(lockstep: Lockstep, capabilities: Capabilities, case: Case, last: WriteStep) -> Iterator[str]:
    """In words, each way of sending the write in which it is accepted or refused.

    What is not there is not removed: a removal is sent while its rule is in force, alone or before another.
    """
    ways: list[tuple[str, WireRules | None]] = [("when it was put again", None)]
    if last.method.startswith("remove"):
        ways += [
            ("while its rule was the only rule", _with_the_removed(case, last)),
            ("while its rule and another were in force", _with_the_removed(case, last, _ANOTHER)),
        ]
    else:
        is_open = {"default_action": "Allow"} if capabilities.default_action else {}
        ways += [
            ("while no rules were in force", wire_rules((), **is_open)),
            ("under Deny without rules", wire_rules(())),
            ("while another rule was in force", wire_rules((_ANOTHER,))),
        ]
    for way, acls in ways:
        changed = case if acls is None else _under(case, acls, lockstep, capabilities)
        if changed is not None and lockstep.could_write(changed):
            yield f"{way}{_BY_RULES}"


def _with_the_removed(case: Case, last: WriteStep, *others: str) -> WireRules:
    """The rule that the write removes as the case has put it, before these other IP rules."""
    if "value" in last.params:
        return wire_rules((last.params["value"], *others))
    first = case.steps[0]
    assert isinstance(first, WriteStep)
    acls = first.params["networkAcls"]
    entries = acls.get("virtualNetworkRules") if isinstance(acls, Mapping) else None
    removed = str(last.params["id"]).lower()
    kept = [one for one in entries or () if str(one["id"]).lower() == removed]
    return {**wire_rules(others), "virtualNetworkRules": kept}


def _open(request: Request, capabilities: Capabilities) -> WireRules:
    """Default Allow without rules; for a subject that always denies, a rule for the caller's address."""
    if capabilities.default_action:
        return wire_rules((), default_action="Allow")
    if request.subnet is not None:
        return wire_rules((), (request.subnet,))
    return wire_rules((text_from_address(request.address),))


def _under(case: Case, acls: WireRules, lockstep: Lockstep, capabilities: Capabilities) -> Case | None:
    """The case with other rules in its first write; None if they, or its last write after them, may not be sent."""
    write = WriteStep(method="putRules", params={"networkAcls": acls})
    vault, last = lockstep.vault.reset(case.network), case.steps[-1]
    offered = as_offered(write, vault, capabilities)
    if offered is None:
        return None
    after = apply_write(vault, offered).accepted
    if isinstance(last, WriteStep) and (after is None or as_offered(last, after, capabilities) is None):
        return None
    return replace(case, steps=(offered, *case.steps[1:]))
