"""The actual limits, found by bisection where the promised limits do not hold (LIM-1 … LIM-4, LIM-7, LIM-9).

A subject whose limits hold is asked nothing: its maximum was accepted and one more was refused.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from fencepost.conformance.bench.bench import Bench
from fencepost.conformance.bench.exploration import Exploration, Scenario
from fencepost.conformance.bench.setting import Setting
from fencepost.conformance.generate import networks
from fencepost.conformance.lockstep.wire import WireRules, wire_rules
from fencepost.reference import Block, Network, Subnet, cidr_from_block

_MOST = 8
"""How many times the promised maximum is tried at most."""

_ADDS = 6
"""How many rules are added one by one at most."""


_FIRST, *_OTHER_WAYS = (
    ("", "Deny", "None", 32),
    (" under Allow", "Allow", "None", 32),
    (" with bypass AzureServices", "Deny", "AzureServices", 32),
    (" for ranges", "Deny", "None", 30),
)
"""Ways to write a list: how the report names it, the switches, and the prefix of its IP rules."""

_Way = tuple[str, str, str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ramp:
    """One of the two lists: the clause of its limit, the promised maximum, how to fill it and to add to it."""

    accepted: str
    refused: str
    maximum: int
    member: str
    add: str

    @property
    def most(self) -> int:
        """The longest list that is tried."""
        return _MOST * self.maximum

    @property
    def ways(self) -> list[_Way]:
        """All ways of writing this list but the first."""
        return [way for way in _OTHER_WAYS if self.member == "value" or way[3] == _FIRST[3]]

    def rules(self, count: int, prefix: int = 32) -> list[str]:
        """So many rules; a longer list begins with the shorter list's rules."""
        if self.member == "id":
            return networks.plain_subnets(count)
        size = 2 ** (32 - prefix)
        firsts = ((20 << 24) + 2 * size * place for place in range(count))
        return [cidr_from_block(Block(first, first + size - 1)) for first in firsts]

    def acls(self, rules: Sequence[str], way: _Way) -> WireRules:
        """A rule set with these rules only."""
        ip_values, subnets = ((), rules) if self.member == "id" else (rules, ())
        return wire_rules(ip_values, subnets, default_action=way[1], bypass=way[2])


def _scenarios(setting: Setting) -> Iterator[Scenario]:
    if not setting.capabilities.refusals or not setting.is_last_wave:
        return  # the search comes after everything that may break a limit
    profile = setting.profile
    found = [_Ramp(accepted="LIM-1", refused="LIM-2", maximum=profile.max_ip_rules, member="value", add="addIpRule")]
    if setting.capabilities.subnets:
        maximum, add = profile.max_virtual_network_rules, "addVirtualNetworkRule"
        found.append(_Ramp(accepted="LIM-3", refused="LIM-4", maximum=maximum, member="id", add=add))
    for ramp in found:
        yield Scenario(aims=(ramp.accepted,), run=partial(_climbed, setting=setting, ramp=ramp))


def _climbed(bench: Bench, *, setting: Setting, ramp: _Ramp) -> None:
    """Find the limit of putting a list, and whether it depends on how the list is written; then the limit of adding."""
    broken = bench.failed
    by_putting = any(clause in broken for clause in (ramp.accepted, ramp.refused, "LIM-5", "LIM-9"))
    by_adding = setting.capabilities.incremental and any(clause in broken for clause in ("LIM-7", "LIM-8"))
    if not by_putting and not by_adding:
        return
    ids = ramp.rules(ramp.most + 1) if ramp.member == "id" else []
    bench.reset(Network(subnets=tuple(Subnet(id=one) for one in ids)))
    found = _largest(ramp, lambda count: _is_accepted(bench, ramp, count, _FIRST)) if by_putting else ramp.maximum
    parts = [_counted(found, ramp)]
    for way in ramp.ways if by_putting else ():
        if way[1] == "Allow" and not setting.capabilities.default_action:
            continue

        def accepts(count: int, way: _Way = way) -> bool:
            return _is_accepted(bench, ramp, count, way)

        if not accepts(found) or (found < ramp.most and accepts(found + 1)):
            parts.append(f"{_counted(_largest(ramp, accepts), ramp)}{way[0]}")
    if by_adding and found < ramp.most:
        added = _by_adding(bench, ramp, found)
        if added != str(found):
            parts = [f"{parts[0]} by putRules", *parts[1:], f"{added} by {ramp.add}"]
    for clause in (ramp.accepted, ramp.refused):
        if clause in broken or clause == ramp.accepted:
            bench.limit_found(clause, ", ".join(parts))


def _counted(found: int, ramp: _Ramp) -> str:
    return f"none up to {found}" if found >= ramp.most else str(found)


def _largest(ramp: _Ramp, accepts: Callable[[int], bool]) -> int:
    """The largest accepted count, at most `_MOST` times the maximum; every smaller count is assumed to be accepted."""
    low, high = 0, ramp.maximum
    while accepts(high):
        low = high
        if high >= ramp.most:
            return high
        high = ramp.maximum + 1 if high == ramp.maximum else min(2 * (high - high % ramp.maximum), ramp.most)
    return _bisected(low, high, accepts)


def _bisected(low: int, high: int, accepts: Callable[[int], bool]) -> int:
    """The largest accepted count from `low`, which is accepted, to below `high`, which is not."""
    while high - low > 1:
        middle = (low + high) // 2
        if accepts(middle):
            low = middle
        else:
            high = middle
    return low


def _is_accepted(bench: Bench, ramp: _Ramp, count: int, way: _Way) -> bool:
    return bench.attempt("putRules", {"networkAcls": ramp.acls(ramp.rules(count, way[3]), way)})


def _by_adding(bench: Bench, ramp: _Ramp, limit: int) -> str:
    """How many rules are possible when the last ones are added one by one."""
    rules = ramp.rules(min(limit + _ADDS, ramp.most))
    held = limit
    if not bench.attempt("putRules", {"networkAcls": ramp.acls(rules[:held], _FIRST)}):
        return "unknown"
    for rule in rules[limit:]:
        if not bench.attempt(ramp.add, {ramp.member: rule}):
            return str(held) if held > limit else _below(bench, ramp, rules, limit)
        held += 1
    return f"more than {held}"


def _below(bench: Bench, ramp: _Ramp, rules: Sequence[str], limit: int) -> str:
    """Whether adding reaches the limit of putting, or else where it ends, by bisection."""

    def accepts(count: int) -> bool:
        """Whether the last of so many rules can be added."""
        put = bench.attempt("putRules", {"networkAcls": ramp.acls(rules[: count - 1], _FIRST)})
        return put and bench.attempt(ramp.add, {ramp.member: rules[count - 1]})

    return str(limit if accepts(limit) else _bisected(0, limit, accepts))


RAMPS = Exploration(
    name="ramps",
    serves=("LIM-1", "LIM-2", "LIM-3", "LIM-4", "LIM-5", "LIM-7", "LIM-8", "LIM-9"),
    scenarios=_scenarios,
)
