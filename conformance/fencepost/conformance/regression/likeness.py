"""When two wrong answers are the same failure: what they have in common beside the numbers that happened to be asked."""

import re
from collections.abc import Iterator

from fencepost.conformance.lockstep.case import Case, WriteStep
from fencepost.conformance.lockstep.mismatch import Mismatch, WrongDecision, WrongRead, WrongWrite
from fencepost.reference import Request, RuleSet

Likeness = tuple[object, ...]


def likeness(clause: str, case: Case, mismatch: Mismatch) -> Likeness:
    """What makes the smallest cases of one flaw alike, whatever ranges and names they were found with.

    The clause, the calls by method, who answered what; of a decision the caller, the switches and where the address
    stands to the rules; of a write what is wrong with it and the form of what was written.
    """
    methods = tuple(call.method for call in case.calls())
    match mismatch:
        case WrongDecision(vault=vault, request=request):
            caller = request.caller
            return (
                *(clause, methods, mismatch.direction, request.plane.value),
                *(caller.authenticated, caller.authorized, caller.service is not None, request.subnet is not None),
                *(vault.rules.default_action.value, vault.rules.bypass.value, _count(len(vault.rules.ip_rules))),
                *(_count(len(vault.rules.virtual_network_rules)), stands(request, vault.rules)),
            )
        case WrongWrite(step=step, expected=expected):
            names = tuple(sorted({violation.name for violation in expected.violations if violation.is_certain}))
            return (clause, methods, mismatch.direction, names, tuple(sorted(set(_forms(step)))))
        case WrongRead(vault=vault):
            return (clause, methods, mismatch.direction, _count(len(vault.rules.ip_rules)))


def glance(provisional: str, mismatch: Mismatch) -> Likeness | None:
    """What shows of a wrong decision before its case is made small; None of other answers, which show too little."""
    if not isinstance(mismatch, WrongDecision):
        return None
    request, rules = mismatch.request, mismatch.vault.rules
    caller = request.caller
    return (
        *(provisional, mismatch.direction, request.plane.value, caller.authenticated, caller.authorized),
        *(caller.service is not None, request.subnet is not None, rules.default_action.value, stands(request, rules)),
    )


def stands(request: Request, rules: RuleSet) -> str:
    """Where the address stands to the IP rules: at an end of one, inside, beside, or apart from all."""
    rule = rules.ip_rule_at(request.address)
    if rule is not None:
        block = rule.block
        if block.first == block.last:
            return "the address of a rule"
        ends = {block.first: "first of a range", block.last: "last of a range"}
        return ends.get(request.address, "inside a range")
    for one in rules.ip_rules:
        if request.address == one.block.first - 1:
            return "before a range"
        if request.address == one.block.last + 1:
            return "after a range"
    return "apart"


def _count(number: int) -> str:
    return "none" if number == 0 else "one" if number == 1 else "few" if number < 10 else "many"


def _forms(step: WriteStep) -> Iterator[str]:
    """The forms of what is written: numbers and names made one, prefixes kept."""
    yield from _forms_in(step.params)


def _forms_in(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for name, one in value.items():
            if isinstance(one, dict | list):
                yield from _forms_in(one)
            else:
                yield f"{name}: {_form(one)}"
    elif isinstance(value, list):
        for one in value:
            yield from _forms_in(one) if isinstance(one, dict | list) else [_form(one)]


def _form(value: object) -> str:
    if not isinstance(value, str):
        return type(value).__name__
    address, slash, prefix = value.partition("/")
    if value.startswith("/"):
        address, slash, prefix = value, "", ""
    return re.sub(r"[A-Za-z]+", "a", re.sub(r"[0-9]+", "9", address)) + slash + prefix
