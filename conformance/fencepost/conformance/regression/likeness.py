"""When two wrong answers count as the same failure: a key that leaves out the numbers and names of the case."""

import re
from collections.abc import Iterator

from fencepost.conformance.lockstep.case import Case
from fencepost.conformance.lockstep.mismatch import Mismatch, WrongDecision, WrongRead, WrongWrite
from fencepost.reference import Request, RuleSet

Likeness = tuple[object, ...]


def likeness(clause: str, case: Case, mismatch: Mismatch) -> Likeness:
    """The key in which the smallest cases of one flaw agree, whatever ranges and names they use.

    It holds the clause, the methods of the calls, and the expected and the actual answer. For a decision it also holds
    the caller, the switches and the position of the address; for a write, its violations and the form of its values.
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
            return (clause, methods, mismatch.direction, names, tuple(sorted(set(_forms(step.params)))))
        case WrongRead(vault=vault):
            return (clause, methods, mismatch.direction, _count(len(vault.rules.ip_rules)))


def glance(provisional: str, mismatch: Mismatch) -> Likeness | None:
    """The key of a wrong decision before its case is shrunk; None for a write or a read, which show too little."""
    if not isinstance(mismatch, WrongDecision):
        return None
    request, rules = mismatch.request, mismatch.vault.rules
    caller = request.caller
    return (
        *(provisional, mismatch.direction, request.plane.value, caller.authenticated, caller.authorized),
        *(caller.service is not None, request.subnet is not None, rules.default_action.value, stands(request, rules)),
    )


def stands(request: Request, rules: RuleSet) -> str:
    """The position of the address relative to the IP rules: at an end of a range, inside, next to it, or apart."""
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


def _forms(value: object) -> Iterator[str]:
    """The forms of the written values: numbers and names are replaced by placeholders, prefix lengths stay."""
    if isinstance(value, dict):
        for name, one in value.items():
            if isinstance(one, dict | list):
                yield from _forms(one)
            else:
                yield f"{name}: {_form(one)}"
    elif isinstance(value, list):
        for one in value:
            yield from _forms(one) if isinstance(one, dict | list) else [_form(one)]


def _form(value: object) -> str:
    if not isinstance(value, str):
        return type(value).__name__
    address, slash, prefix = value.partition("/")
    if value.startswith("/"):
        address, slash, prefix = value, "", ""
    return re.sub(r"[A-Za-z]+", "a", re.sub(r"[0-9]+", "9", address)) + slash + prefix
