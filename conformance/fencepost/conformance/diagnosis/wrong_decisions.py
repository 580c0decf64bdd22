"""Which clause a wrong decision breaks: the conditions first, then the tables."""

from typing import TypeAlias

from fencepost.conformance.capabilities import LOOK_ALIKE_OPERATIONS
from fencepost.conformance.diagnosis.evidence import (
    FEW,
    MANY,
    Condition,
    Evidence,
    Table,
    aim_in,
    aim_is,
    changes_repeatedly,
    either,
    follows_a_vault,
    has_few_rules,
    ip_rules,
    last_write_is,
    of,
    puts_keep_the_switches,
    refusal_clause,
    some_write_is,
    steps,
    subnet_rules,
    switches_endpoints,
    the_aim,
    turns_rules_on_again,
    unless,
)
from fencepost.conformance.judging.exercised import PLAIN_OPERATION
from fencepost.conformance.lockstep.case import AskStep, EndpointsStep, WriteStep, apply_write
from fencepost.conformance.lockstep.mismatch import WrongDecision
from fencepost.reference import Outcome, Plane, Request, Vault

Decision: TypeAlias = Evidence[WrongDecision]


def deciding_clause(evidence: Decision) -> str:
    """The clause by which the reference decides the request."""
    return evidence.mismatch.expected.clause


def decided_by(*clauses: str) -> Condition[WrongDecision]:
    """The reference decides by one of these clauses."""
    return lambda evidence: deciding_clause(evidence) in clauses


def must_be_denied(evidence: Decision) -> bool:
    """The request must be denied."""
    return evidence.mismatch.expected.outcome is Outcome.DENY


def is_about_codes(evidence: Decision) -> bool:
    """The outcome is right, but its status or code is wrong."""
    return evidence.mismatch.is_about_codes


def is_control_plane(evidence: Decision) -> bool:
    """The request is for the control plane."""
    return evidence.mismatch.request.plane is Plane.CONTROL


def operation_is(operation: str) -> Condition[WrongDecision]:
    """The request is for this operation."""
    return lambda evidence: evidence.mismatch.request.operation == operation


def looks_like_control_plane(evidence: Decision) -> bool:
    """The operation is of the data plane, but its name resembles an operation of the control plane."""
    return evidence.mismatch.request.operation in LOOK_ALIKE_OPERATIONS


def comes_from_a_service(evidence: Decision) -> bool:
    """The caller is a named service."""
    return evidence.mismatch.request.caller.service is not None


def comes_from_a_subnet(evidence: Decision) -> bool:
    """The caller is in a subnet."""
    return evidence.mismatch.request.subnet is not None


def differs_in_case(evidence: Decision) -> bool:
    """The subnet's rule has its id in other letters than the request."""
    subnet = evidence.mismatch.request.subnet
    rule = evidence.mismatch.vault.rules.rule_for_subnet(subnet)
    return rule is not None and rule.id != subnet


def is_at_an_edge(evidence: Decision) -> bool:
    """The address lies directly beside a rule's range, or it is the first or last of a range of several."""
    address = evidence.mismatch.request.address
    return any(
        address in (block.first - 1, block.last + 1)
        or (block.first < block.last and address in (block.first, block.last))
        for block in (rule.block for rule in evidence.mismatch.vault.rules.ip_rules)
    )


def needs_other_requests(evidence: Decision) -> bool:
    """It takes other requests to show the mismatch: in the same call, or in other calls beside one write at most."""
    first, last = evidence.steps[0], evidence.steps[-1]
    if isinstance(last, AskStep) and len(last.requests) > 1:
        return True
    others = [step for step in evidence.steps if not isinstance(step, AskStep)]
    if len(_requests(evidence)) < 2 or len(others) > 1 or len(others) != len(evidence.writes):
        return False
    return not isinstance(first, AskStep) or not others  # an answer from before the write is a stale answer


def lists_vaults_and_reads_one(evidence: Decision) -> bool:
    """All requests list vaults or are for the data plane, and all of them come from the same address and subnet."""
    requests = _requests(evidence)
    others = [request for request in requests if request.operation != "VaultList"]
    is_pair = len(others) < len(requests) and all(request.plane is Plane.DATA for request in others)
    return is_pair and len({(request.address, request.subnet) for request in requests}) == 1


def _requests(evidence: Decision) -> list[Request]:
    return [request for step in evidence.steps if isinstance(step, AskStep) for request in step.requests]


def follows_one_set_only(evidence: Decision) -> bool:
    """The first call writes, and nothing but switches of endpoints comes between that write and the request."""
    first, *others = evidence.steps[:-1]
    return isinstance(first, WriteStep) and all(isinstance(step, EndpointsStep) for step in others)


def changes_nothing_in_between(evidence: Decision) -> bool:
    """No write comes after another call, so only answers do; and answers change nothing."""
    return not evidence.writes or (len(evidence.writes) == 1 and evidence.steps[0] is evidence.writes[0])


def last_rule_changes_nothing(evidence: Decision) -> bool:
    """The last of at most two writes adds or removes a rule, and the expected outcome was the same before it."""
    if len(evidence.writes) > 2 or not last_write_is("add", "remove")(evidence) or switches_endpoints(evidence):
        return False
    before = _before_last_write(evidence)
    is_taken = apply_write(before, evidence.writes[-1]).accepted is not None
    return is_taken and before.decide(evidence.mismatch.request).outcome is evidence.mismatch.expected.outcome


def removed_rule_covers_the_caller(evidence: Decision) -> bool:
    """A rule that the last write has removed covers the caller."""
    request, after = evidence.mismatch.request, evidence.mismatch.vault.rules
    before = _before_last_write(evidence).rules
    if request.subnet is not None:
        return before.rule_for_subnet(request.subnet) is not None and after.rule_for_subnet(request.subnet) is None
    removed = {rule.block for rule in before.ip_rules} - {rule.block for rule in after.ip_rules}
    return any(request.address in block for block in removed)


def _before_last_write(evidence: Decision) -> Vault:
    vault = Vault(profile=evidence.mismatch.vault.profile).reset(evidence.network)
    for step in evidence.writes[:-1]:
        vault = apply_write(vault, step).accepted or vault
    return vault


NUMBER: Table[WrongDecision] = (
    ("LIM-5", ip_rules(more_than=FEW), subnet_rules(more_than=FEW)),
    ("LIM-1", ip_rules(more_than=FEW)),
    ("LIM-3",),
)
"""The number of rules matters: not all of them are in force."""

ADDRESS: Table[WrongDecision] = (
    ("DEC-14", decided_by("DEC-2"), either(comes_from_a_subnet, comes_from_a_service, subnet_rules(more_than=0))),
    ("DEC-5", ip_rules(more_than=1)),
    ("DEC-4", is_at_an_edge),
    (deciding_clause,),
)
"""The address decides, or no rule does."""

REQUEST: Table[WrongDecision] = (
    (of(NUMBER), aim_in("LIM"), unless(has_few_rules)),
    (of(NUMBER), either(ip_rules(more_than=MANY), subnet_rules(more_than=MANY)), unless(switches_endpoints)),
    ("CRED-4", is_about_codes),
    ("CTL-2", decided_by("CTL-1"), operation_is("VaultNetworkRuleSet")),
    ("CTL-5", decided_by("CTL-1"), operation_is("VaultList")),
    (deciding_clause, either(is_control_plane, decided_by("CRED-1", "CRED-2", "CRED-3"))),
    ("DEC-14", decided_by("DEC-11"), either(ip_rules(more_than=0), subnet_rules(more_than=0))),
    ("DEC-11", decided_by("DEC-11")),
    ("CTL-3", must_be_denied, looks_like_control_plane, unless(comes_from_a_service)),
    ("DEC-16", unless(operation_is(PLAIN_OPERATION))),
    (of(ADDRESS), decided_by("DEC-2", "DEC-3")),
    ("DEC-8", decided_by("DEC-6", "DEC-7"), differs_in_case),
    ("DEC-14", decided_by("DEC-6"), either(comes_from_a_service, ip_rules(more_than=0))),
    (deciding_clause,),
)
"""The request and the rules in force matter alone."""

ONE_RULE: Table[WrongDecision] = (
    ("STA-6", last_rule_changes_nothing, last_write_is("add"), unless(must_be_denied)),
    ("STA-6", last_rule_changes_nothing, unless(last_write_is("add")), must_be_denied),
    ("STA-7", last_rule_changes_nothing, either(last_write_is("add"), unless(removed_rule_covers_the_caller))),
)
"""The last write adds or removes a rule: STA-6 if that took a caller out or let a caller in, against its direction."""

FIRST_WRITE: Table[WrongDecision] = (
    (refusal_clause,),
    ("STA-3", last_write_is("updateRules")),
    (of(ONE_RULE), last_write_is("add", "remove")),
    ("STA-2", last_write_is("add", "remove")),
)
"""One call comes before the request."""

HISTORY_AIM: Table[WrongDecision] = (
    ("STA-2", aim_in("LIM"), unless(aim_is("LIM-6")), has_few_rules),
    ("STA-2", aim_is("STA-6"), last_write_is("updateRules", "add", "remove")),
)
"""The scenario's clause, corrected: a few rules are about no limit, a whole set replaced is about no single rule."""

HISTORY: Table[WrongDecision] = (
    (of(ONE_RULE), aim_is("", "STA-2", "STA-6", "VAL-9")),
    (refusal_clause, aim_is("STA-2", "VAL-9", "LIM-6", "LIM-7", "LIM-8", "LIM-9")),
    ("STA-3", aim_is("STA-4"), changes_repeatedly, unless(turns_rules_on_again)),
    ("CTL-2", aim_is("CTL-2"), changes_repeatedly, is_control_plane),
    ("STA-1", aim_is("STA-3"), changes_repeatedly, puts_keep_the_switches),
    (the_aim, aim_in("STA", "LIM", "VAL", "DEC-10"), unless(aim_is("STA-2", "VAL-9", "LIM-6")), changes_repeatedly),
    ("STA-10", switches_endpoints),
    ("DEC-17", changes_nothing_in_between),
    ("STA-1", last_write_is("putRules")),
    ("STA-4", unless(some_write_is("add", "remove")), aim_is("STA-2", "VAL-9", "LIM-6"), turns_rules_on_again),
    ("STA-3", unless(some_write_is("add", "remove"))),
    ("STA-2",),
)
"""Two calls or more come before the request."""


def names_a_subnet_otherwise(evidence: Decision) -> bool:
    """An endpoint is switched, or a caller comes, by an id in other letters than those of the network."""
    exact = {subnet.id for subnet in evidence.network.subnets}
    if any(isinstance(step, EndpointsStep) and step.subnet not in exact for step in evidence.steps):
        return True
    subnet = evidence.mismatch.request.subnet
    return decided_by("DEC-6", "DEC-9")(evidence) and subnet is not None and _is_named(subnet, exact)


def _is_named(subnet: str, exact: set[str]) -> bool:
    """Whether the network has the subnet, and not in these letters."""
    return subnet not in exact and subnet.lower() in {one.lower() for one in exact}


DECISION: Table[WrongDecision] = (
    ("STA-1", follows_a_vault, unless(needs_other_requests), some_write_is("putRules")),
    (of(REQUEST), follows_a_vault, unless(needs_other_requests), steps(fewest=1, most=1)),
    ("DEC-8", names_a_subnet_otherwise),
    ("CTL-5", needs_other_requests, lists_vaults_and_reads_one),
    ("DEC-17", needs_other_requests),
    (of(FIRST_WRITE), steps(fewest=2, most=2)),
    (of(REQUEST), steps(fewest=0, most=2)),
    (of(REQUEST), follows_one_set_only, must_be_denied),
    (of(HISTORY, aims=HISTORY_AIM),),
)
"""A decision is wrong."""
