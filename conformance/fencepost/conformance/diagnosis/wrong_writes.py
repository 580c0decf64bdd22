"""Which clause a wrong answer to a write breaks: the conditions first, then the tables."""

from itertools import pairwise
from typing import TypeAlias

from fencepost.conformance.diagnosis.evidence import (
    FEW,
    Evidence,
    Table,
    aim_in,
    aim_is,
    either,
    follows_a_vault,
    has_few_rules,
    last_write_is,
    of,
    refusal_clause,
    some_write_is,
    steps,
    the_aim,
    unless,
)
from fencepost.conformance.lockstep.mismatch import WrongWrite
from fencepost.reference import DefaultAction, RuleSet

Write: TypeAlias = Evidence[WrongWrite]

_PLAIN_SWITCHES = (("Deny", "None"), ("Allow", "AzureServices"))


def demanding_clause(evidence: Write) -> str:
    """The clause that demands the refusal; the first if there are several."""
    return next(violation.clause for violation in evidence.mismatch.expected.violations if violation.is_certain)


def was_refused(evidence: Write) -> bool:
    """The subject refused the write, which must be accepted."""
    return not evidence.mismatch.got.is_accepted


def was_refused_by_the_firewall(evidence: Write) -> bool:
    """The subject refused the write with the code of its firewall."""
    return evidence.mismatch.got.is_by_firewall


def exceeds_a_limit(evidence: Write) -> bool:
    """The write must be refused because of the number of rules."""
    return demanding_clause(evidence) in ("LIM-2", "LIM-4")


def has_plain_switches(evidence: Write) -> bool:
    """The switches of the rule set are Deny and None, or Allow and AzureServices."""
    acls = evidence.mismatch.step.params["networkAcls"]
    switches = (acls.get("defaultAction"), acls.get("bypass")) if isinstance(acls, dict) else (None, None)
    return switches in _PLAIN_SWITCHES


def default_is_allow(evidence: Write) -> bool:
    """The default action before the write is Allow, so that the rules are without effect."""
    return evidence.mismatch.vault.rules.default_action is DefaultAction.ALLOW


def _accepted(evidence: Write) -> RuleSet:
    accepted = evidence.mismatch.expected.accepted
    return accepted.rules if accepted is not None else RuleSet()


def sets_ip_rules(evidence: Write) -> bool:
    """There are IP rules in the set that must be accepted."""
    return bool(_accepted(evidence).ip_rules)


def sets_subnet_rules(evidence: Write) -> bool:
    """There are virtual network rules in the set."""
    return bool(_accepted(evidence).virtual_network_rules)


def sets_three_rules(evidence: Write) -> bool:
    """There are three rules or more in the set."""
    return len(_accepted(evidence).ip_rules) + len(_accepted(evidence).virtual_network_rules) > 2


def sets_both_lists_at_length(evidence: Write) -> bool:
    """Both lists have rules: more than half the limit of IP rules, or more than two virtual network rules."""
    ip_rules, subnet_rules = len(_accepted(evidence).ip_rules), len(_accepted(evidence).virtual_network_rules)
    is_long = ip_rules > evidence.mismatch.vault.profile.max_ip_rules // 2 or subnet_rules > 2
    return bool(ip_rules and subnet_rules) and is_long


def repeats_a_range(evidence: Write) -> bool:
    """Two IP rules have the same range."""
    blocks = [rule.block for rule in _accepted(evidence).ip_rules]
    return len(set(blocks)) < len(blocks)


def spells_a_subnet_otherwise(evidence: Write) -> bool:
    """The network does not have the id of a virtual network rule in the same letters."""
    known = {subnet.id for subnet in evidence.mismatch.vault.network.subnets}
    return any(rule.id not in known for rule in _accepted(evidence).virtual_network_rules)


def ignores_missing_endpoints(evidence: Write) -> bool:
    """A virtual network rule sets `ignoreMissingVnetServiceEndpoint`."""
    return any(rule.ignore_missing_endpoint for rule in _accepted(evidence).virtual_network_rules)


def meets_a_rule(evidence: Write) -> bool:
    """A few rules that meet or touch are written: each of them is accepted alone, for the case is the smallest."""
    found = sorted(rule.block for rule in _accepted(evidence).ip_rules)
    return 1 < len(found) <= FEW and any(other.first <= one.last + 1 for one, other in pairwise(found))


def follows_writes(evidence: Write) -> bool:
    """Writes come before the write in question, which is refused for them: the case is the smallest."""
    return len(evidence.writes) > 1


def has_a_slash_32(evidence: Write) -> bool:
    """An IP rule is written as a range of one address."""
    return any(rule.text.endswith("/32") for rule in _accepted(evidence).ip_rules)


SIZE: Table[WrongWrite] = (
    ("LIM-5", sets_both_lists_at_length),
    ("DEC-5", repeats_a_range),
    ("LIM-1", sets_ip_rules),
    ("LIM-3",),
)
"""It takes three rules or more for the set to be refused."""

REFUSAL_AIM: Table[WrongWrite] = (
    ("", aim_is("CTL-2", "STA-2"), steps(fewest=1, most=1)),
    ("STA-1", aim_is("STA-2"), last_write_is("putRules")),
    (refusal_clause, aim_is("STA-2", "LIM-7", "LIM-8", "LIM-9")),
    (the_aim, either(unless(aim_is("LIM-7", "LIM-8", "LIM-9")), steps(fewest=1, most=1), last_write_is("putRules"))),
    ("LIM-8", some_write_is("remove")),
    ("LIM-9", aim_is("LIM-9"), default_is_allow),
    ("LIM-7",),
)
"""The scenario's clause, corrected: a write that is refused by itself is not refused because of its history."""

UNION: Table[WrongWrite] = (
    ("DEC-5", last_write_is("addIpRule"), meets_a_rule),
    ("DEC-5", last_write_is("putRules"), steps(fewest=1, most=1), meets_a_rule),
)
"""Rules that are each accepted alone are refused together."""

REFUSAL: Table[WrongWrite] = (
    ("STA-2", last_write_is("remove"), unless(aim_is("CTL-2"))),
    ("STA-3", aim_is("STA-6"), last_write_is("updateRules")),
    ("STA-2", aim_is("STA-6"), unless(last_write_is("putRules"))),
    (the_aim, aim_in("STA", "CTL-2", "VAL-9", "LIM-6")),
    (the_aim, aim_in("LIM"), unless(last_write_is("putRules"))),
    ("STA-1", last_write_is("putRules"), follows_writes, unless(ignores_missing_endpoints)),
    (of(SIZE), sets_three_rules),
    ("DEC-8", spells_a_subnet_otherwise),
    ("VAL-8", ignores_missing_endpoints),
    (the_aim, aim_in("VAL")),
    ("VAL-2", has_a_slash_32),
    ("VAL-1", either(sets_ip_rules, unless(sets_subnet_rules))),
    ("DEC-6",),
)
"""A write is refused and must be accepted."""

WRITE: Table[WrongWrite] = (
    ("CTL-2", was_refused_by_the_firewall),
    ("STA-1", follows_a_vault, was_refused, has_few_rules, last_write_is("putRules")),
    ("STA-3", follows_a_vault, was_refused, has_few_rules, last_write_is("updateRules")),
    ("STA-2", follows_a_vault, was_refused, has_few_rules),
    (of(UNION), was_refused),
    (of(REFUSAL, aims=REFUSAL_AIM), was_refused),
    ("LIM-8", exceeds_a_limit, aim_is("LIM-8"), some_write_is("remove")),
    ("LIM-7", exceeds_a_limit, unless(last_write_is("putRules"))),
    ("LIM-9", exceeds_a_limit, aim_is("LIM-9"), unless(has_plain_switches)),
    (demanding_clause,),
)
"""The answer to a write is wrong."""
