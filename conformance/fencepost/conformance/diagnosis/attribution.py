"""Which clause a mismatch breaks, read off its smallest case: every feature that is left is needed to show it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from fencepost.conformance.capabilities import LOOK_ALIKE_OPERATIONS
from fencepost.conformance.judging.exercised import PLAIN_OPERATION
from fencepost.conformance.lockstep.case import AskStep, Case, EndpointsStep, WriteStep, apply_write
from fencepost.conformance.lockstep.mismatch import Mismatch, WrongDecision, WrongRead, WrongWrite
from fencepost.reference import DefaultAction, Outcome, Plane, Request, RuleSet, Vault

STATE = ("STA", "LIM", "VAL", "CTL-2", "DEC-10")
"""Families whose scenarios say themselves what a mismatch that needs their history breaks."""

_FEW, _MANY = 3, 12

_OF_THIS_OPERATION = {"VaultNetworkRuleSet": "CTL-2", "VaultList": "CTL-5"}
"""Control operations with a clause of their own, where no plainer one shows the mismatch."""


def clause_of(mismatch: Mismatch, case: Case, aim: str | None = None) -> str:
    """The clause that the smallest case breaks; `aim` is the clause that its scenario was built for, if any.

    What a vault before has left breaks what is said of the present one, or, where that has had a whole set of its own since,
    that such a set replaces all (STA-1).
    """
    if case.spans_vaults:
        case = case.present
        if (clause := _of_the_vault_before(mismatch, case)) is not None:
            return clause
    match mismatch:
        case WrongWrite():
            return _of_write(mismatch, case, aim)
        case WrongRead():
            return _of_refused(case, mismatch.vault) or "STA-5"
        case WrongDecision():
            if _network_in_other_letters(mismatch, case):
                return "DEC-8"
            if _needs_company(case):
                return "CTL-5" if _is_the_pair_of_the_portal(case) else "DEC-17"
            if len(case.steps) == 2 and (clause := _of_first_write(mismatch, case)) is not None:
                return clause
            if len(case.steps) > 2 and not _is_fresh(mismatch, case):
                return _of_history(mismatch, case, aim)
            if _is_long(mismatch.vault.rules, few=_FEW if (aim or "").startswith("LIM") else _MANY):
                return _of_length(mismatch.vault.rules)
            return _of_decision(mismatch)


def _network_in_other_letters(mismatch: WrongDecision, case: Case) -> bool:
    """Whether an endpoint is switched by an id in other letters than the network's, or a caller's id is in other letters."""
    exact = {subnet.id for subnet in case.network.subnets}
    if any(isinstance(step, EndpointsStep) and step.subnet not in exact for step in case.steps):
        return True
    subnet = mismatch.request.subnet
    is_about_subnets = mismatch.expected.clause in ("DEC-6", "DEC-9")
    return is_about_subnets and subnet is not None and subnet not in exact and subnet in case.network


def _of_the_vault_before(mismatch: Mismatch, present: Case) -> str | None:
    """The clause of a mismatch that takes another vault before; None where the present one's part tells it."""
    match mismatch:
        case WrongDecision() if not _needs_company(present):
            if any(isinstance(step, WriteStep) and step.method == "putRules" for step in present.steps):
                return "STA-1"
            return _of_decision(mismatch) if len(present.steps) == 1 else None
        case WrongWrite(step=step, vault=vault) if not mismatch.got.is_accepted and not _is_long(vault.rules, few=_FEW):
            return {"putRules": "STA-1", "updateRules": "STA-3"}.get(step.method, "STA-2")
    return None


def _of_length(rules: RuleSet) -> str:
    """Which list's rules are not all in force."""
    if len(rules.ip_rules) > _FEW and len(rules.virtual_network_rules) > _FEW:
        return "LIM-5"
    return "LIM-1" if len(rules.ip_rules) > _FEW else "LIM-3"


def _is_long(rules: RuleSet, *, few: int) -> bool:
    """Whether so many rules are needed that their number is the point."""
    return len(rules.ip_rules) > few or len(rules.virtual_network_rules) > few


def _needs_company(case: Case) -> bool:
    """Whether other requests are what it takes to show the mismatch: in the same call, or in a case of one write at most."""
    if isinstance(last := case.steps[-1], AskStep) and len(last.requests) > 1:
        return True
    asked = sum(len(step.requests) for step in case.steps if isinstance(step, AskStep))
    others = [step for step in case.steps if not isinstance(step, AskStep)]
    if asked < 2 or len(others) > 1 or not all(isinstance(step, WriteStep) for step in others):
        return False
    return not isinstance(case.steps[0], AskStep) or not others  # what was asked before the write is a stale answer


def _is_the_pair_of_the_portal(case: Case) -> bool:
    """Whether all that is asked is to list vaults, and to read or list what is in one, by the same caller."""
    asked = [request for step in case.steps if isinstance(step, AskStep) for request in step.requests]
    lists = [request for request in asked if request.operation == "VaultList"]
    others = [request for request in asked if request.plane is Plane.DATA]
    return bool(lists) and len(lists) + len(others) == len(asked) and len({_source(one) for one in asked}) == 1


def _source(request: Request) -> tuple[int, str | None]:
    return request.address, request.subnet


def _of_first_write(mismatch: WrongDecision, case: Case) -> str | None:
    """The clause of state that one write to a new vault breaks; None for a whole set that is taken."""
    (write, _) = case.steps
    if (clause := _of_refused(case, mismatch.vault)) is not None:
        return clause
    if not isinstance(write, WriteStep) or write.method == "putRules":
        return None
    return "STA-3" if write.method == "updateRules" else _of_one_change(mismatch, case) or "STA-2"


def _is_fresh(mismatch: WrongDecision, case: Case) -> bool:
    """Whether the case is one rule set, some endpoints switched off after it, and one request that must be denied."""
    switches = case.steps[1:-1]
    return (
        isinstance(case.steps[0], WriteStep)
        and all(isinstance(step, EndpointsStep) for step in switches)
        and mismatch.expected.outcome is Outcome.DENY
    )


def _of_history(mismatch: WrongDecision, case: Case, aim: str | None) -> str:
    writes = [step for step in case.steps if isinstance(step, WriteStep)]
    has_switches = any(isinstance(step, EndpointsStep) for step in case.steps)
    if _is_of_no_limit(mismatch, aim):
        aim = "STA-2"
    if aim in (None, "STA-2", "STA-6", "VAL-9") and (clause := _of_one_change(mismatch, case)) is not None:
        return clause
    if aim == "STA-6" and writes and writes[-1].method != "putRules":
        aim = "STA-2"  # a whole set that was changed by putting another says nothing of single rules
    if aim == "CTL-2" and mismatch.request.plane is Plane.DATA:
        aim = None
    if aim in ("STA-2", "VAL-9", "LIM-6", "LIM-7", "LIM-8", "LIM-9"):
        if (clause := _of_refused(case, mismatch.vault)) is not None:
            return clause
        aim = "STA-2" if aim in ("VAL-9", "LIM-6") else aim  # without a refused write it is of no refusal
    if aim != "STA-2" and aim is not None and aim.startswith(STATE) and (len(writes) > 1 or has_switches):
        return "STA-3" if aim == "STA-4" and not _wakes_rules(writes) else aim
    if has_switches:
        return "STA-10"
    if not writes or (len(writes) == 1 and case.steps[0] is writes[0]):
        return "DEC-17"  # what came in between was an answer, and answers change nothing
    methods = {step.method for step in writes}
    if writes[-1].method == "putRules":
        return "STA-1"
    if methods <= {"putRules", "updateRules"}:
        return "STA-4" if aim == "STA-2" and _wakes_rules(writes) else "STA-3"
    return "STA-2"


def _is_of_no_limit(mismatch: WrongDecision, aim: str | None) -> bool:
    """Whether few rules are enough to show what was found at a limit."""
    return aim is not None and aim.startswith("LIM") and aim != "LIM-6" and not _is_long(mismatch.vault.rules, few=_FEW)


def _of_one_change(mismatch: WrongDecision, case: Case) -> str | None:
    """The clause of one rule that is added or removed last, in a case of one write before it at the most.

    STA-6 where it must not have moved the outcome, least of all that way: a rule added takes somebody out, one removed
    lets somebody in. STA-7 where it moves the outcome the other way, of a caller whom it does not cover.
    """
    writes = [step for step in case.steps if isinstance(step, WriteStep)]
    if len(writes) > 2 or not writes or not writes[-1].method.startswith(("add", "remove")):
        return None
    if any(isinstance(step, EndpointsStep) for step in case.steps):
        return None
    before = Vault(profile=mismatch.vault.profile).reset(case.network)
    for step in writes[:-1]:
        before = apply_write(before, step).accepted or before
    expected = mismatch.expected.outcome
    is_taken = apply_write(before, writes[-1]).accepted is not None
    if not is_taken or before.decide(mismatch.request).outcome is not expected:
        return None
    is_added = writes[-1].method.startswith("add")
    if is_added is (expected is Outcome.ALLOW):
        return "STA-6"
    return "STA-7" if is_added or not _is_covered(mismatch, before) else None


def _is_covered(mismatch: WrongDecision, before: Vault) -> bool:
    """Whether a rule that has gone since spoke of the caller."""
    request, after = mismatch.request, mismatch.vault.rules
    if request.subnet is not None:
        return (
            before.rules.rule_for_subnet(request.subnet) is not None and after.rule_for_subnet(request.subnet) is None
        )
    gone = {rule.block for rule in before.rules.ip_rules} - {rule.block for rule in after.ip_rules}
    return any(block.first <= request.address <= block.last for block in gone)


def _of_refused(case: Case, last: Vault) -> str | None:
    """The clause that a write which must be refused breaks by what it leaves; None where the case has no such write."""
    vault = Vault(profile=last.profile).reset(case.network)
    for step in case.steps:
        match step:
            case WriteStep():
                expected = apply_write(vault, step)
                certain = [violation.clause for violation in expected.violations if violation.is_certain]
                if certain:
                    return "LIM-6" if certain[0].startswith("LIM") else "VAL-9"
                vault = expected.accepted or vault
            case EndpointsStep():
                vault = vault.set_service_endpoints(step.subnet, step.service_endpoints)
    return None


def _wakes_rules(writes: Sequence[WriteStep]) -> bool:
    """Whether the last change of the default action is one to Deny, after one to Allow."""
    actions = [
        acls.get("defaultAction")
        for step in writes
        if isinstance(acls := step.params.get("networkAcls", step.params), Mapping)
    ]
    said = [action for action in actions if action is not None]
    return said[-2:] == ["Allow", "Deny"]


def _of_decision(mismatch: WrongDecision) -> str:
    request, expected, rules = mismatch.request, mismatch.expected, mismatch.vault.rules
    if mismatch.is_about_codes:
        return "CRED-4"
    if request.plane is Plane.CONTROL and expected.clause == "CTL-1":
        return _OF_THIS_OPERATION.get(request.operation, "CTL-1")
    if request.plane is Plane.CONTROL or expected.clause.startswith("CRED"):
        return expected.clause
    service = request.caller.service is not None
    if request.operation != PLAIN_OPERATION and expected.clause != "DEC-11":
        denied = expected.outcome is Outcome.DENY
        return "CTL-3" if denied and request.operation in LOOK_ALIKE_OPERATIONS and not service else "DEC-16"
    if expected.clause in ("DEC-2", "DEC-3"):
        return _of_address(mismatch)
    if expected.clause in ("DEC-6", "DEC-7") and _differs_in_case(request.subnet, rules):
        return "DEC-8"
    if expected.clause == "DEC-11" and (rules.ip_rules or rules.virtual_network_rules):
        return "DEC-14"
    if expected.clause == "DEC-6" and (service or rules.ip_rules):
        return "DEC-14"
    return expected.clause


def _of_address(mismatch: WrongDecision) -> str:
    request, expected, rules = mismatch.request, mismatch.expected, mismatch.vault.rules
    if expected.clause == "DEC-2" and (
        request.subnet is not None or request.caller.service is not None or rules.virtual_network_rules
    ):
        return "DEC-14"
    if len(rules.ip_rules) > 1:
        return "DEC-5"
    if expected.clause == "DEC-3" and rules.default_action is DefaultAction.DENY and not rules.ip_rules:
        return "DEC-3"
    edges = {edge for rule in rules.ip_rules for edge in (rule.block.first, rule.block.last)}
    beside = {edge for rule in rules.ip_rules for edge in (rule.block.first - 1, rule.block.last + 1)}
    if any(rule.block.first < rule.block.last for rule in rules.ip_rules):
        return "DEC-4" if request.address in edges | beside else expected.clause
    return "DEC-4" if request.address in beside else expected.clause


def _differs_in_case(subnet: str | None, rules: RuleSet) -> bool:
    rule = rules.rule_for_subnet(subnet)
    return rule is not None and rule.id != subnet


def _of_write(mismatch: WrongWrite, case: Case, aim: str | None) -> str:
    if mismatch.expected.violations and not mismatch.got.is_accepted:
        return aim or mismatch.expected.violations[0].clause
    if not mismatch.got.is_accepted:
        if _is_refused_overlap(mismatch, case):
            return "DEC-5"
        return _of_refusal(mismatch, _sharper(aim, mismatch, case))
    certain = [violation for violation in mismatch.expected.violations if violation.is_certain]
    clause = certain[0].clause
    if clause in ("LIM-2", "LIM-4"):
        if aim == "LIM-8" and _has_removal(case):
            return aim
        if mismatch.step.method != "putRules":
            return "LIM-7"
        rules = _switches(mismatch.step)
        return clause if rules in (("Deny", "None"), ("Allow", "AzureServices")) or aim != "LIM-9" else "LIM-9"
    return clause


def _is_refused_overlap(mismatch: WrongWrite, case: Case) -> bool:
    """Whether a few rules that meet or touch are refused together: the smallest case has no rule that it can do without."""
    accepted = mismatch.expected.accepted
    found = sorted(rule.block for rule in accepted.rules.ip_rules) if accepted is not None else []
    is_few = 1 < len(found) <= _FEW
    is_now = mismatch.step.method == "addIpRule" or (mismatch.step.method == "putRules" and len(case.steps) == 1)
    return is_few and is_now and any(other.first <= one.last + 1 for one, other in pairwise(found))


def _sharper(aim: str | None, mismatch: WrongWrite, case: Case) -> str | None:
    """The aim of a history as far as the case bears it out: what is refused by itself is not refused for its history."""
    is_put, is_alone = mismatch.step.method == "putRules", len(case.steps) == 1
    if aim == "CTL-2" and is_alone:
        return None
    if aim == "STA-2" and (is_alone or is_put):
        return None if is_alone else "STA-1"
    before = replace(case, steps=case.steps[:-1])
    if aim in ("STA-2", "LIM-7", "LIM-8", "LIM-9") and (left := _of_refused(before, mismatch.vault)) is not None:
        return left
    if aim not in ("LIM-7", "LIM-8", "LIM-9") or is_alone or is_put:
        return aim
    if _has_removal(case):
        return "LIM-8"
    is_asleep = mismatch.vault.rules.default_action is DefaultAction.ALLOW
    return "LIM-9" if is_asleep and aim == "LIM-9" else "LIM-7"


def _has_removal(case: Case) -> bool:
    return any(isinstance(step, WriteStep) and step.method.startswith("remove") for step in case.steps)


def _switches(step: WriteStep) -> tuple[object, object]:
    acls = step.params["networkAcls"]
    return (acls.get("defaultAction"), acls.get("bypass")) if isinstance(acls, dict) else (None, None)


def _of_refusal(mismatch: WrongWrite, aim: str | None) -> str:
    """A rule set that must be accepted was refused."""
    accepted = mismatch.expected.accepted
    rules = accepted.rules if accepted is not None else RuleSet()
    ip_rules, subnet_rules = rules.ip_rules, rules.virtual_network_rules
    if aim != "CTL-2" and mismatch.step.method.startswith("remove"):
        return "STA-2"
    if aim == "STA-6" and mismatch.step.method != "putRules":
        return "STA-3" if mismatch.step.method == "updateRules" else "STA-2"
    if aim is not None and aim.startswith(("STA", "CTL-2", "VAL-9", "LIM-6")):
        return aim
    if mismatch.step.method != "putRules" and aim is not None and aim.startswith("LIM"):
        return aim
    if len(ip_rules) + len(subnet_rules) > 2:
        return _of_size(mismatch, ip_rules=len(ip_rules), subnet_rules=len(subnet_rules))
    if any(rule.id not in {subnet.id for subnet in mismatch.vault.network.subnets} for rule in subnet_rules):
        return "DEC-8"
    if any(rule.ignore_missing_endpoint for rule in subnet_rules):
        return "VAL-8"
    if aim is not None and aim.startswith("VAL"):
        return aim
    if any(rule.text.endswith("/32") for rule in ip_rules):
        return "VAL-2"
    return "VAL-1" if ip_rules or not subnet_rules else "DEC-6"


def _of_size(mismatch: WrongWrite, *, ip_rules: int, subnet_rules: int) -> str:
    profile = mismatch.vault.profile
    if ip_rules and subnet_rules and (ip_rules > profile.max_ip_rules // 2 or subnet_rules > 2):
        return "LIM-5"
    if len(set(_blocks(mismatch))) < ip_rules:
        return "DEC-5"
    return "LIM-1" if ip_rules else "LIM-3"


def _blocks(mismatch: WrongWrite) -> list[object]:
    accepted = mismatch.expected.accepted
    return [rule.block for rule in accepted.rules.ip_rules] if accepted is not None else []
