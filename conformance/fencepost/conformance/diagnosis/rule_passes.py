"""Shrink passes over the rule sets that are written: fewer rules, plainer rules, a plainer range."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from fencepost.conformance.diagnosis.trials import Trials
from fencepost.conformance.lockstep.case import AskStep, Case, EndpointsStep, WriteStep
from fencepost.reference import Block, cidr_from_block, text_from_address

PLAIN_BASE = 20 << 24
"""The address 20.0.0.0, at which plain rules begin."""

_LONG = 12
"""A list of more IP rules than this is first tried with plain addresses in place of the others."""

_VERY_LONG = 32
"""Of a list of no more IP rules than this each rule is tried."""

_WIDEST, _WIDE = 2**26, 2**24
"""In place of a range of more addresses than the first a range of the second is tried."""


def named_rules(trials: Trials) -> None:
    """Of long lists keep the rules that other calls name, and those that hold the address in question."""
    sets = [index for index in range(len(trials.case.steps)) if trials.acls(index) is not None]
    lists = [_rules(trials, index, member) for index in sets for member in ("ipRules", "virtualNetworkRules")]
    if max(map(len, lists), default=0) <= _LONG:
        return
    named = {str(name).lower().removesuffix("/32") for name in _names(trials)}
    steps = list(trials.case.steps)
    for index in sets:
        kept = {
            member: [rule for rule in _rules(trials, index, member) if _name(rule, member) in named]
            for member in ("ipRules", "virtualNetworkRules")
        }
        steps[index] = trials.with_acls(index, **kept).steps[index]
    trials.attempt(replace(trials.case, steps=tuple(steps)))


def one_kind_of_rules(trials: Trials) -> None:
    """Do without a long list: where the number of rules is the point, that of the other kind may not be."""
    for index in range(len(trials.case.steps)):
        for member in ("ipRules", "virtualNetworkRules"):
            if len(_rules(trials, index, member)) > _LONG:
                trials.attempt(trials.with_acls(index, **{member: []}))


def _names(trials: Trials) -> Iterator[object]:
    """The values and ids that single changes name, the rules at the address in question, and the caller's subnet."""
    *earlier, last = trials.case.steps
    for step in (*earlier, last):
        if isinstance(step, WriteStep):
            yield from (step.params.get("value"), step.params.get("id"))
        if isinstance(step, EndpointsStep):
            yield step.subnet
    if isinstance(last, AskStep):
        request = last.requests[trials.place_in_question(last)]
        yield request.subnet
        yield from (rule.text for rule in trials.mismatch.vault.rules.ip_rules if request.address in rule.block)


def _name(rule: object, member: str) -> str:
    name = rule.get("value" if member == "ipRules" else "id") if isinstance(rule, dict) else None
    return str(name).lower().removesuffix("/32")


def simpler_rules(trials: Trials) -> None:
    """In each `putRules` keep the rules that are needed, spell subnets as the network does, and set plain switches."""
    for index in range(len(trials.case.steps)):
        if trials.acls(index) is None:
            continue
        _fewer_rules(trials, index, "virtualNetworkRules")
        _fewer_rules(trials, index, "ipRules")
        _plain_ids(trials, index)
        if (trials.acls(index) or {}).get("bypass") == "AzureServices":
            trials.attempt(trials.with_acls(index, bypass="None"))
        if (trials.acls(index) or {}).get("defaultAction") == "Allow":
            trials.attempt(trials.with_acls(index, defaultAction="Deny"), keeps_decider=True)


def rules_of_several_sets(trials: Trials) -> None:
    """Take a rule that several rule sets have out of all of them: what they have in common may be the point."""
    for member in ("virtualNetworkRules", "ipRules"):
        lists = [_rules(trials, index, member) for index in range(len(trials.case.steps))]
        shared = [rule for rule in max(lists, key=len) if sum(rule in rules for rules in lists) > 1]
        if len(shared) <= _LONG:
            trials.keep_needed(shared, partial(_without, trials, member, shared))


def _without(trials: Trials, member: str, shared: Sequence[object], kept: Sequence[object]) -> Case:
    """The case in which no `putRules` has those of the shared rules that are not kept."""
    steps = list(trials.case.steps)
    for index in range(len(steps)):
        if trials.acls(index) is not None:
            left = [rule for rule in _rules(trials, index, member) if rule in kept or rule not in shared]
            steps[index] = trials.with_acls(index, **{member: left}).steps[index]
    return replace(trials.case, steps=tuple(steps))


def plain_range(trials: Trials) -> None:
    """Move one range and one address to 20.0.0.0."""
    step, rules = trials.case.steps[-1], trials.mismatch.vault.rules.ip_rules
    if not isinstance(step, AskStep) or len(step.requests) > 1:
        return
    if len(rules) != 1 or len(trials.case.steps) != 2 or trials.acls(0) is None:
        return
    block, request = rules[0].block, step.requests[-1]
    size = block.last - block.first + 1
    size = size if size <= _WIDEST else _WIDE
    base = PLAIN_BASE - PLAIN_BASE % size
    from_first, from_last = request.address - block.first, block.last - request.address
    address = base + from_first if from_first <= from_last else base + size - 1 - from_last
    if min(from_first, from_last) < -1 or not base - 1 <= address <= base + size:
        return
    value = cidr_from_block(Block(base, base + size - 1))
    moved = replace(request, address=address)
    trials.attempt(trials.with_acls(0, ipRules=[{"value": value}]).with_last(replace(step, requests=(moved,))))


def _rules(trials: Trials, index: int, member: str) -> list[object]:
    rules = (trials.acls(index) or {}).get(member)
    return list(rules) if isinstance(rules, list) else []


def _fewer_rules(trials: Trials, index: int, member: str) -> None:
    rules = _rules(trials, index, member)

    def rebuild(kept: Sequence[object]) -> Case:
        return trials.with_acls(index, **{member: list(kept)})

    if not rules or trials.attempt(rebuild([])):
        return
    if member == "ipRules" and any(trials.attempt(rebuild(few)) for few in _likely_rules(trials, rules)):
        rules = _rules(trials, index, member)
    if len(rules) > _LONG and member == "ipRules" and _plain_pattern(trials, rules, rebuild):
        return
    is_shortened = len(rules) > _LONG
    if is_shortened:
        _shorter_list(trials, rules, rebuild)
        rules = _rules(trials, index, member)
    # Of a very long list single rules are left: its number is the point, and what they cost would be lacking elsewhere.
    finest = max(1, len(rules) // _LONG) if len(rules) > _VERY_LONG else 1
    trials.keep_needed(rules, rebuild, finest=finest, coarsest=max(2, finest) if is_shortened else None)


def _shorter_list(trials: Trials, rules: Sequence[object], rebuild: Callable[[Sequence[object]], Case]) -> None:
    """If the number of rules matters: as few as it takes, from the first on, and then up to the last."""
    count = trials.smallest_count(len(rules), lambda count: rebuild(rules[:count]))
    trials.smallest_count(count, lambda fewer: rebuild(rules[count - fewer : count]))


def _likely_rules(trials: Trials, rules: Sequence[object]) -> Iterator[Sequence[object]]:
    """Short lists that show most mismatches: the rules around the address, then the first rule with such a rule."""
    step = trials.case.steps[-1]
    if not isinstance(step, AskStep):
        return
    address = step.requests[trials.place_in_question(step)].address
    blocks = {rule.text: rule.block for rule in trials.mismatch.vault.rules.ip_rules}
    near = [
        rule
        for rule in rules
        if isinstance(rule, dict)
        and (block := blocks.get(str(rule.get("value"))))
        and block.first - 2 <= address <= block.last + 2
    ]
    if 0 < len(near) < len(rules):
        if len(near) > 1:
            yield from ([rule] for rule in near)
        yield near
        if trials.mismatch.direction[1] == "deny":
            yield [rules[0], *near[:1]]


def _plain_pattern(trials: Trials, rules: Sequence[object], rebuild: Callable[[Sequence[object]], Case]) -> bool:
    """If the number of rules matters: put plain addresses around the rule in question, then find the fewest of them."""
    step = trials.case.steps[-1]
    target: list[object] = []
    before, after = len(rules), 0
    if isinstance(step, AskStep):
        rule = trials.mismatch.vault.rules.ip_rule_at(step.requests[trials.place_in_question(step)].address)
        places = [place for place, entry in enumerate(rules) if rule and entry == {"value": rule.text}]
        if places:
            target = [rules[places[0]]]
            before, after = places[0], len(rules) - places[0] - 1

    def pattern(before: int, after: int) -> Case:
        plain = [{"value": text_from_address(PLAIN_BASE + 2 * n + 1)} for n in range(before + after)]
        return rebuild([*plain[:before], *target, *plain[before:]])

    if not trials.attempt(pattern(before, after)):
        return False
    before = trials.smallest_count(before, lambda count: pattern(count, after))
    trials.smallest_count(after, lambda count: pattern(before, count))
    return True


def _plain_ids(trials: Trials, index: int) -> None:
    """Spell the ids of subnets as the network does."""
    known = {subnet.id.lower(): subnet.id for subnet in trials.case.network_at(index).subnets}
    rules = _rules(trials, index, "virtualNetworkRules")
    spelled = [
        {**rule, "id": known.get(rule["id"].lower(), rule["id"])}
        if isinstance(rule, dict) and isinstance(rule.get("id"), str)
        else rule
        for rule in rules
    ]
    if spelled != rules:
        trials.attempt(trials.with_acls(index, virtualNetworkRules=spelled))
