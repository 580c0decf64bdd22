"""A mismatch as the report has it: the expected answer, the answer that came, the reason, and how to replay it."""

from collections.abc import Iterable, Iterator
from itertools import islice

import msgspec
from fencepost.adapters.contract import NetworkAcls
from fencepost.conformance.catalogue import catalogue
from fencepost.conformance.lockstep.case import AskStep, Case, WriteStep, call_of, through_the_reference
from fencepost.conformance.lockstep.mismatch import Mismatch, WrongDecision, WrongRead, WrongWrite
from fencepost.conformance.lockstep.normal_form import normal_form, normal_form_of_answer
from fencepost.conformance.lockstep.wire import wire_rules_in_force
from fencepost.conformance.reasons import REASONS
from fencepost.reference import Decision, IpRule, Profile, Vault, VirtualNetworkRule, Write, acceptable_codes
from fencepost.reports.model import Counterexample
from fencepost.reports.visible import abridged, as_json

_SHOWN = 5
_EMPTY = (
    " Even a set without rules is refused. That is a question to the harness first: does it write what the engine "
    "takes, and read its answer rightly?"
)
_BY_FIREWALL = " The firewall itself refused the write, so that nobody whom it blocks can change the rules."
_NEW = " It takes the vault before to show it: a new vault has nothing of what was said to another."
_ORDER = " The smallest case found asks {} in an earlier call: the answer seems to depend on {}."
_COMPANY = " The smallest case found has {} in the same call: the answer seems to depend on {}."


def counterexample(clause: str, case: Case, mismatch: Mismatch, *, replay: str, calls_to_shrink: int) -> Counterexample:
    """The smallest case of a mismatch, as the report has it. `calls_to_shrink` is the number of calls that found it."""
    last = case.steps[-1]
    if isinstance(last, AskStep) and isinstance(mismatch, WrongDecision):
        place = max(place for place, request in enumerate(last.requests) if request == mismatch.request)
        request = dict(last.wire()[place])
    else:
        request = dict(call_of(last).params)
    deciding, rule = _deciding(mismatch, clause)
    return Counterexample(
        clause=clause,
        calls=case.calls(),
        rules=None if isinstance(last, WriteStep) else wire_rules_in_force(mismatch.vault.rules),
        request=request,
        expected=_expected(mismatch),
        got=_got(mismatch),
        deciding_clause=deciding,
        deciding_rule=rule,
        why=_why(clause, mismatch, deciding) + "".join(_what_it_takes(case, mismatch.vault.profile)),
        replay=replay,
        calls_to_shrink=calls_to_shrink,
    )


def _what_it_takes(case: Case, profile: Profile) -> Iterator[str]:
    """What the case needs beside the rules: an earlier vault, a refused write, or other requests, before or with it."""
    last = case.steps[-1]
    if case.spans_vaults:
        yield _NEW
    else:
        yield from islice(_refused_on_the_way(case, profile), _SHOWN)
    if isinstance(last, AskStep):
        earlier = {one for step in case.present.steps[:-1] if isinstance(step, AskStep) for one in step.requests}
        if earlier:
            is_the_same = earlier <= {*last.requests}
            yield _ORDER.format(*(("the same request", "that") if is_the_same else ("other requests", "them")))
        if (others := len(last.requests) - 1) > 0:
            yield _COMPANY.format(
                *(("one other request", "it") if others == 1 else (f"{others} other requests", "them"))
            )


def _refused_on_the_way(case: Case, profile: Profile) -> Iterator[str]:
    """For each earlier write that must be refused, its number among the calls and the reason."""
    new = Vault(profile=profile).reset(case.network)
    for number, (_, _, write) in enumerate(through_the_reference(case.steps[:-1], new), start=2):
        if certain := [one for one in (write.violations if write is not None else ()) if one.is_certain]:
            reason = f"{certain[0].path}: {REASONS.get(certain[0].name, certain[0].name)}"
            yield f" Call {number} must be refused, and so must change nothing ({reason})."


def beside_the_plain_case(case: Case, mismatch: Mismatch) -> str:
    """A sentence with the right answer to a plainer case, beside the wrong answer to this case."""
    last = case.steps[-1]
    asked = sum(len(step.requests) for step in case.steps if isinstance(step, AskStep))
    is_alone = not isinstance(last, AskStep) or asked == 1
    has_history = sum(not isinstance(step, AskStep) for step in case.steps[:-1]) > 1
    is_an_outcome = not isinstance(mismatch, WrongRead) and mismatch.direction[1] != "codes"
    expected, got = mismatch.direction if is_an_outcome else ("right", "wrong")
    if is_alone and not has_history and isinstance(last, AskStep) and last.explicit:
        return f"Without the caller's members that have their default values: {expected}; with them: {got}."
    plainly = ["the same rules in a single putRules"] if has_history or is_alone else []
    plainly += [] if is_alone else ["asked alone"]
    text = ", ".join(plainly)
    is_one_call = isinstance(last, AskStep) and asked == len(last.requests)
    here = "in this call" if is_one_call and not has_history and not is_alone else "after these calls"
    return f"{text[0].upper()}{text[1:]}: {expected}; {here}: {got}."


def _deciding(mismatch: Mismatch, clause: str) -> tuple[str, str | None]:
    match mismatch:
        case WrongDecision(expected=expected):
            return ("CRED-4" if mismatch.is_about_codes else expected.clause), rule_text(expected)
        case WrongWrite(expected=expected):
            certain = [violation for violation in expected.violations if violation.is_certain]
            return (certain[0].clause, certain[0].path) if certain else (clause, None)
        case WrongRead():
            return clause if mismatch.form is not None else "STA-5", None


def rule_text(decision: Decision) -> str | None:
    """The text of the rule that admits a request; None if no rule does."""
    match decision.rule:
        case IpRule(text=text):
            return text
        case VirtualNetworkRule(id=subnet):
            return subnet
        case None:
            return None


def _expected(mismatch: Mismatch) -> str:
    match mismatch:
        case WrongDecision(expected=expected, vault=vault, request=request):
            if not mismatch.is_about_codes:
                return expected.outcome.value
            codes = acceptable_codes(request, rules=vault.rules, network=vault.network, profile=vault.profile)
            shown = sorted(f"{status} {code or ''}".strip() for status, code in codes or ())
            return f"{expected.outcome.value} with {' or '.join(shown)}"
        case WrongWrite(expected=expected):
            return expected.verdict.value
        case WrongRead(form=str()):
            return f"the recorded form of {as_json(abridged(wire_rules_in_force(mismatch.expected)))}"
        case WrongRead(expected=rules):
            return f"the rules in force: {as_json(abridged(wire_rules_in_force(rules)))}"


def _got(mismatch: Mismatch) -> str:
    match mismatch:
        case WrongDecision(got=got):
            code = f" with {got.status} {got.code or ''}".rstrip() if mismatch.is_about_codes else ""
            rule = f" (its rule: {got.rule!r})" if got.rule is not None else ""
            return f"{got.outcome}{code}{rule}"
        case WrongWrite(got=got):
            details = " ".join(str(part) for part in (got.status, got.code, got.message) if part is not None)
            return ("accepted" if got.is_accepted else "refused") + (f" ({details})" if details else "")
        case WrongRead(got=got):
            return as_json(abridged(msgspec.to_builtins(got)))


def _why(clause: str, mismatch: Mismatch, deciding: str) -> str:
    known = catalogue()
    why = f"{clause}: {known[clause].text}."
    if deciding != clause:
        why += f" The reference decides by {deciding}: {known[deciding].text}."
    match mismatch:
        case WrongWrite(got=got) if got.is_by_firewall:
            why += _BY_FIREWALL
        case WrongWrite(expected=expected, step=step):
            why += _violations(expected) + _harness_question(expected, step)
        case WrongRead(vault=vault, got=got) if got is None or isinstance(got, NetworkAcls):
            in_force, read = normal_form(vault.rules), normal_form_of_answer(got, vault.profile)
            why += _list(" In force and not read back: ", in_force.differences(read))
            why += _list(" Read back and not in force: ", read.differences(in_force))
    return why


def _harness_question(expected: Write, step: WriteStep) -> str:
    rules = expected.accepted.rules if expected.accepted is not None else None
    is_empty = rules is not None and not rules.ip_rules and not rules.virtual_network_rules
    return _EMPTY if is_empty and step.method == "putRules" else ""


def _list(label: str, parts: Iterable[str]) -> str:
    every = [*parts]
    more = f" and {len(every) - _SHOWN} more" if len(every) > _SHOWN else ""
    return f"{label}{'; '.join(every[:_SHOWN])}{more}." if every else ""


def _violations(expected: Write) -> str:
    certain = [
        f"{violation.path}: {REASONS.get(violation.name, violation.name)}"
        for violation in expected.violations
        if violation.is_certain
    ]
    return _list(" Wrong in it: ", certain) or " Nothing in it is wrong."
