"""From a case that shows a mismatch to the smallest that still does, by moves that know what a rule set is.

Hypothesis shrinks what it generated itself; the volume here comes from a plain seeded generator, and every trial costs
calls to a subject that may be slow. These moves reach one or two rules in a few dozen calls, and never more than the
ration.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from fencepost.conformance.diagnosis.request_passes import PLAIN_PUBLIC, PLAINER_REQUESTS
from fencepost.conformance.diagnosis.subnet_passes import PLAINER_SUBNETS
from fencepost.conformance.lockstep.case import (
    AskStep,
    Case,
    EndpointsStep,
    ResetStep,
    Step,
    WriteStep,
    one_after_another,
)
from fencepost.conformance.lockstep.deadline import OutOfTime
from fencepost.conformance.lockstep.mismatch import Mismatch, WrongDecision
from fencepost.reference import Block, Network, Request, cidr_from_block, text_from_address

_T = TypeVar("_T")
Replay = Callable[[Case], Mismatch | None]

RATION = 300
"""Contract calls that one counterexample may cost."""

PLAIN_BASE = 20 << 24
_LONG = 12


class _RationSpentError(Exception):
    """No more trials; what is smallest so far stands."""


class Shrinker:
    """Makes one case smaller, within a ration of contract calls. `case` and `mismatch` are the smallest so far.

    Of a smaller case's mismatch, whatever `keeps` says no to is another one. `beside` is how many calls each replay takes
    beside those of its case. `is_cut_short` tells whether the run's time was
    over before the smallest was found.
    """

    def __init__(
        self,
        case: Case,
        mismatch: Mismatch,
        replay: Replay,
        *,
        ration: int = RATION,
        keeps: Callable[[Mismatch], bool] = lambda _: True,
        beside: int = 0,
    ) -> None:
        self.case = case
        self.mismatch = mismatch
        self.calls = 0
        self._keeps = keeps
        self._beside = beside
        self.is_cut_short = False
        self._replay = replay
        self._effort_meter = ration
        self._tried: set[str] = set()

    def shrink(self) -> None:
        """Try every move in turn, the ones that take most away first, until none helps or the ration is spent."""
        try:
            while True:
                before = self.case
                self._fewer_subnets()
                self._fewer_steps()
                self._fewer_requests()
                self._simpler_request()
                self._simpler_rules()
                self._plainer_subnets()
                if self.case == before:
                    return
        except _RationSpentError:
            return
        except OutOfTime:
            self.is_cut_short = True

    def _try(self, case: Case) -> bool:
        key = repr(case)
        if case == self.case or key in self._tried:
            return False
        self._tried.add(key)
        cost = len(case.steps) + 1 + self._beside
        if self.calls + cost > self._effort_meter:
            raise _RationSpentError
        self.calls += cost
        found = self._replay(case)
        if found is None or type(found) is not type(self.mismatch) or found.direction != self.mismatch.direction:
            return False
        if not self._keeps(found):
            return False
        self.case, self.mismatch = case, found
        return True

    def _keep_needed(self, items: Sequence[_T], rebuild: Callable[[tuple[_T, ...]], Case], *, finest: int = 1) -> None:
        """Delta debugging: take away runs of items, halving their length to the finest, while the mismatch stays."""
        left = tuple(items)
        size = len(left)
        while size >= finest and left:
            start = 0
            while start < len(left):
                fewer = left[:start] + left[start + size :]
                if self._try(rebuild(fewer)):
                    left = fewer
                else:
                    start += size
            size //= 2

    def _fewer_steps(self) -> None:
        steps = self.case.steps
        if len(steps) > 2 or isinstance(steps[0], ResetStep):
            self._keep_needed(steps[:-1], lambda kept: replace(self.case, steps=(*kept, steps[-1])))

    def _fewer_requests(self) -> None:
        for index, step in enumerate(self.case.steps):
            if not isinstance(step, AskStep) or len(step.requests) < 2:
                continue
            asked = range(len(step.requests))
            fixed = {self._place(step)} if index == len(self.case.steps) - 1 else set[int]()
            movable = tuple(place for place in asked if place not in fixed)
            if fixed and self._try(self._with_step(index, step.only(*fixed))):
                continue
            if fixed and len(asked) > _LONG and self._in_plain_company(index, step):
                continue

            def rebuild(
                kept: tuple[int, ...], index: int = index, step: AskStep = step, fixed: set[int] = fixed
            ) -> Case:
                left = sorted({*kept, *fixed})  # nothing left is the step taken away, which has been tried
                return self._with_step(index, step.only(*left)) if left else self.case

            # A long company is thinned coarsely, so that the ration lasts for the rules; the next round goes on.
            self._keep_needed(movable, rebuild, finest=max(1, len(movable) // 8))

    def _place(self, step: AskStep) -> int:
        """The place of the request in question in the last call: the last one, unless that is answered rightly."""
        assert isinstance(self.mismatch, WrongDecision)
        return max(place for place, request in enumerate(step.requests) if request == self.mismatch.request)

    def _in_plain_company(self, index: int, step: AskStep) -> bool:
        """Where the number of requests is the point: one plain request so many times, then the smallest number."""
        place, plain = self._place(step), Request(address=PLAIN_PUBLIC)
        before, after = place, len(step.requests) - 1 - place
        asked = step.requests[place]

        def rebuild(before: int, after: int) -> Case:
            return self._with_step(index, AskStep(requests=(*[plain] * before, asked, *[plain] * after)))

        if not self._try(rebuild(before, after)):
            return False
        before = self._fewest(before, lambda count: rebuild(count, after))
        self._fewest(after, lambda count: rebuild(before, count))
        return True

    def _fewest(self, count: int, rebuild: Callable[[int], Case]) -> int:
        """The smallest count that still shows the mismatch: one below a power of two, or else found by bisection."""
        for fewer in (0, *((1 << bit) - 1 for bit in range(1, count.bit_length()))):
            if fewer < count and self._try(rebuild(fewer)):
                return fewer
        return self._smallest(count, rebuild)

    def _simpler_request(self) -> None:
        step = self.case.steps[-1]
        if not isinstance(step, AskStep):
            return
        if step.explicit:
            self._try(self.case.with_last(replace(step, explicit={})))
        for simpler in PLAINER_REQUESTS:
            last = self.case.steps[-1]
            assert isinstance(last, AskStep)
            place = self._place(last)
            request = last.requests[place]
            for candidate in simpler(request, self.mismatch.vault):
                changed = replace(last, requests=(*last.requests[:place], candidate, *last.requests[place + 1 :]))
                if candidate != request and self._try(self.case.with_last(changed)):
                    break
                if candidate != request and self.case.spans_vaults and self._try(self._asking(request, candidate)):
                    break

    def _asking(self, one: Request, other: Request) -> Case:
        """The case with another request in place of this one, wherever it is asked: what is remembered is remembered of it."""
        steps = (
            replace(step, requests=tuple(other if request == one else request for request in step.requests))
            if isinstance(step, AskStep)
            else step
            for step in self.case.steps
        )
        return replace(self.case, steps=tuple(steps))

    def _simpler_rules(self) -> None:
        for index in range(len(self.case.steps)):
            acls = self._acls(index)
            if acls is None:
                continue
            for member in ("virtualNetworkRules", "ipRules"):
                self._fewer_rules(index, member)
            self._plain_ids(index)
            acls = self._acls(index) or {}
            if acls.get("bypass") == "AzureServices":
                self._try(self._with_acls(index, {**acls, "bypass": "None"}))
        self._plainer_place()

    def _plainer_subnets(self) -> None:
        for move in PLAINER_SUBNETS:
            any(self._try(candidate) for candidate in move(self.case, self.mismatch))

    def _plain_ids(self, index: int) -> None:
        """Ids in the letters in which the network has them."""
        known = {subnet.id.lower(): subnet.id for subnet in self.case.network_at(index).subnets}
        rules = self._rules(index, "virtualNetworkRules")
        spelled = [
            {**rule, "id": known.get(rule["id"].lower(), rule["id"])}
            if isinstance(rule, dict) and isinstance(rule.get("id"), str)
            else rule
            for rule in rules
        ]
        if spelled != rules:
            self._try(self._with_acls(index, {**(self._acls(index) or {}), "virtualNetworkRules": spelled}))

    def _fewer_rules(self, index: int, member: str) -> None:
        rules = self._rules(index, member)
        if not rules:
            return

        def rebuild(kept: Sequence[object]) -> Case:
            return self._with_acls(index, {**(self._acls(index) or {}), member: list(kept)})

        if self._try(rebuild([])):
            return
        if member == "ipRules" and any(self._try(rebuild(few)) for few in self._likely(rules)):
            rules = self._rules(index, member)
        if len(rules) > _LONG and member == "ipRules" and self._as_plain_pattern(rules, rebuild):
            return
        self._keep_needed(self._rules(index, member), rebuild)

    def _likely(self, rules: Sequence[object]) -> Iterator[Sequence[object]]:
        """Short lists that show most mismatches: the rules around the address, then the first and the last rule."""
        step = self.case.steps[-1]
        if not isinstance(step, AskStep):
            return
        address = step.requests[self._place(step)].address
        meant = {rule.text: rule.block for rule in self.mismatch.vault.rules.ip_rules}
        near = [
            rule
            for rule in rules
            if isinstance(rule, dict)
            and (block := meant.get(str(rule.get("value"))))
            and block.first - 2 <= address <= block.last + 2
        ]
        if 0 < len(near) < len(rules):
            if len(near) > 1:
                yield from ([rule] for rule in near)
            yield near
            if self.mismatch.direction[1] == "deny":
                yield [rules[0], *near[:1]]

    def _as_plain_pattern(self, rules: Sequence[object], rebuild: Callable[[Sequence[object]], Case]) -> bool:
        """Where a count is the point: plain addresses around the rule in question, then the smallest counts."""
        step = self.case.steps[-1]
        target: list[object] = []
        before, after = len(rules), 0
        if isinstance(step, AskStep):
            rule = self.mismatch.vault.rules.ip_rule_at(step.requests[self._place(step)].address)
            places = [place for place, one in enumerate(rules) if rule and one == {"value": rule.text}]
            if places:
                target = [rules[places[0]]]
                before, after = places[0], len(rules) - places[0] - 1

        def pattern(before: int, after: int) -> list[object]:
            plain: list[object] = [{"value": text_from_address(PLAIN_BASE + 2 * n + 1)} for n in range(before + after)]
            return [*plain[:before], *target, *plain[before:]]

        if not self._try(rebuild(pattern(before, after))):
            return False
        before = self._smallest(before, lambda count: rebuild(pattern(count, after)))
        self._smallest(after, lambda count: rebuild(pattern(before, count)))
        return True

    def _smallest(self, count: int, rebuild: Callable[[int], Case]) -> int:
        """The smallest count that still shows the mismatch, by bisection; `count` shows it."""
        low = 0
        while low < count:
            middle = (low + count) // 2
            if self._try(rebuild(middle)):
                count = middle
            else:
                low = middle + 1
        return count

    def _plainer_place(self) -> None:
        """One range and one address: the same, moved to 20.0.0.0."""
        step, rules = self.case.steps[-1], self.mismatch.vault.rules.ip_rules
        if not isinstance(step, AskStep) or len(rules) != 1 or len(self.case.steps) != 2 or self._acls(0) is None:
            return
        if len(step.requests) > 1:
            return
        block, request = rules[0].block, step.requests[-1]
        size = block.last - block.first + 1
        if size > 2**26 or not block.first - 1 <= request.address <= block.last + 1:
            return
        base = PLAIN_BASE - PLAIN_BASE % size
        value = cidr_from_block(Block(base, base + size - 1))
        acls = {**(self._acls(0) or {}), "ipRules": [{"value": value}]}
        moved = replace(request, address=request.address - block.first + base)
        self._try(self._with_acls(0, acls).with_last(replace(step, requests=(moved,))))

    def _fewer_subnets(self) -> None:
        """Subnets that are named: each vault's own in its network, or else what any of them names in every one."""
        named = [set(_subnets_named(one.steps)) for one in self.case.vaults]
        if not self._try(self._with_subnets(named)):
            self._try(self._with_subnets([set().union(*named)] * len(named)))

    def _with_subnets(self, named: Sequence[set[str]]) -> Case:
        return one_after_another(
            [
                replace(
                    one, network=Network(subnets=tuple(each for each in one.network.subnets if each.id.lower() in ids))
                )
                for one, ids in zip(self.case.vaults, named, strict=True)
            ]
        )

    def _acls(self, index: int) -> dict[str, object] | None:
        """The `networkAcls` of a step, where it is a `putRules`."""
        step = self.case.steps[index]
        acls = step.params.get("networkAcls") if isinstance(step, WriteStep) else None
        return acls if isinstance(acls, dict) else None

    def _rules(self, index: int, member: str) -> list[object]:
        rules = (self._acls(index) or {}).get(member)
        return list(rules) if isinstance(rules, list) else []

    def _with_acls(self, index: int, acls: dict[str, object]) -> Case:
        return self._with_step(index, WriteStep(method="putRules", params={"networkAcls": acls}))

    def _with_step(self, index: int, step: Step) -> Case:
        steps = self.case.steps
        return replace(self.case, steps=(*steps[:index], step, *steps[index + 1 :]))


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
