"""The exploration of a bounded run: one scenario a configuration, and all requests that cost no configuration."""

from collections.abc import Collection, Iterator, Sequence
from functools import partial
from random import Random

from fencepost.conformance.bench.bench import Bench
from fencepost.conformance.bench.effort import EffortSpent
from fencepost.conformance.bench.exploration import Exploration, Scenario
from fencepost.conformance.bench.setting import Setting
from fencepost.conformance.bounded.candidates import endpointless
from fencepost.conformance.bounded.refusals import Refusals
from fencepost.conformance.bounded.schedule import Schedule, ScheduledSet, control_twin
from fencepost.conformance.catalogue import catalogue
from fencepost.conformance.generate import requests
from fencepost.conformance.generate.networks import ENDPOINTS, NO_ENDPOINTS
from fencepost.conformance.lockstep.wire import wire_rules_in_force
from fencepost.reference import Plane, Request

LENGTH = 64
"""How many configurations greedy cover chooses; after them a bounded run asks what any run asks."""

_AGAIN, _KNOCKS, _PAIRS_ENOUGH = 12, 2, 24
_PORTAL = frozenset({"VaultList", "KeyList", "SecretList", "CertificateList"})


def bounded_exploration(schedule: Schedule, most: int) -> Exploration:
    """The first `most` configurations of the schedule, `LENGTH` at the most, whatever the setting."""
    refusals = Refusals(schedule.setting, schedule.network)

    def scenarios(_: Setting) -> Iterator[Scenario]:
        for place in range(min(most, LENGTH)):
            run = partial(_visit, schedule=schedule, refusals=refusals, place=place, most=most)
            yield Scenario(aims=_aims(), run=run)

    return Exploration(name="bounded", serves=_aims(), scenarios=scenarios, replayed_with=_as_far_as_here)


def _as_far_as_here(bench: Bench) -> str:
    return f" --max-configurations {max(1, bench.configurations)}"


def _aims() -> tuple[str, ...]:
    """Every clause, those of decisions first: a harness fault counts for the first."""
    return tuple(clause.id for clause in catalogue().clauses)


def _visit(bench: Bench, *, schedule: Schedule, refusals: Refusals, place: int, most: int) -> None:
    """Bring the rules into force, ask, and make writes that change no rule."""
    if bench.configurations >= most:
        raise EffortSpent
    setting, stop = schedule.setting, schedule.stop(place)
    bench.settle_in(schedule.network)
    if _is_written(bench, stop):
        _ask(bench, stop, setting.random("bounded again", place))
        bench.read()
        _switch_endpoints(bench, setting, setting.random("bounded endpoints", place))
        refusals.put(bench, stop.vault, setting.random("bounded refusals", place), place)


def _is_written(bench: Bench, stop: ScheduledSet) -> bool:
    """Whether the rules are in force now: by the planned write, or after a fault by the whole set."""
    aim = "STA-3" if _switches_alone(stop) else None
    exercises = _exercised(bench, stop)
    if bench.vault.rules == stop.before.rules and bench.vault.network == stop.before.network:
        return bench.write(stop.write.method, stop.write.params, exercises=exercises, aim=aim)
    return bench.put(wire_rules_in_force(stop.vault.rules), exercises=exercises, aim=aim)


def _exercised(bench: Bench, stop: ScheduledSet) -> tuple[str, ...]:
    rules, profile = stop.vault.rules, stop.vault.profile
    found: list[str] = ["VAL-1"] if rules.ip_rules else []
    found += ["VAL-2"] * any(rule.text.endswith("/32") for rule in rules.ip_rules)
    is_full_of_ranges = len(rules.ip_rules) == profile.max_ip_rules
    is_full_of_subnets = len(rules.virtual_network_rules) == profile.max_virtual_network_rules
    found += ["LIM-1"] * is_full_of_ranges + ["LIM-3"] * is_full_of_subnets
    found += ["LIM-5"] * (is_full_of_ranges and is_full_of_subnets)
    if is_full_of_ranges:
        bench.limit_at_least("LIM-1", profile.max_ip_rules)
    if is_full_of_subnets:
        bench.limit_at_least("LIM-3", profile.max_virtual_network_rules)
    return tuple(found)


def _switches_alone(stop: ScheduledSet) -> bool:
    before, after = stop.before.rules, stop.vault.rules
    return (before.ip_rules, before.virtual_network_rules) == (after.ip_rules, after.virtual_network_rules)


def _ask(bench: Bench, stop: ScheduledSet, random: Random) -> None:
    """Put the planned requests with the clauses that they exercise here, and repeat some of them."""
    asked = list(stop.asked)
    twins = _control_twins(bench, stop)
    again = random.sample(asked, min(_AGAIN, len(asked)))
    exercises: dict[Request, tuple[str, ...]] = {}
    for some, clauses in (
        *_about_the_change(stop),
        *_about_the_rules(stop),
        *_about_the_portal(bench, stop),
        (twins, ("CTL-2",)),
        (again, ("DEC-17",)),
    ):
        for request in some:
            exercises[request] = (*exercises.get(request, ()), *clauses)
    bench.ask([*_twice(asked, again[::2]), *twins, *again[1::2]], exercises=exercises)


_Exercised = tuple[Collection[Request], tuple[str, ...]]


def _about_the_change(stop: ScheduledSet) -> Iterator[_Exercised]:
    """Requests whose answers the write has changed, and others."""
    every = (*stop.moved, *stop.unmoved)
    if _switches_alone(stop):
        yield every, ("STA-3",)
        if stop.before.rules.default_action is not stop.vault.rules.default_action:
            yield every, ("STA-4",)
    elif stop.write.method == "putRules":
        yield stop.moved, ("STA-1",)
    else:
        yield every, ("STA-2",)
    if _one_rule_apart(stop):
        yield every, ("STA-6", "STA-7")


def _about_the_rules(stop: ScheduledSet) -> Iterator[_Exercised]:
    """Callers of full lists, and of subnets whose id the caller or the rule spells in other letters."""
    profile, rules, asked = stop.vault.profile, stop.vault.rules, stop.asked
    from_subnets = [one for one in asked if one.subnet is not None]
    is_full_of_subnets = len(rules.virtual_network_rules) == profile.max_virtual_network_rules
    if is_full_of_subnets:
        yield from_subnets, ("LIM-3",)
    if len(rules.ip_rules) == profile.max_ip_rules:
        firsts = {rule.block.first for rule in rules.ip_rules}
        of_a_rule = [one for one in asked if one.address in firsts and one.subnet is None]
        yield of_a_rule, ("LIM-1", "LIM-5") if is_full_of_subnets else ("LIM-1",)
    plain = {subnet.id for subnet in stop.vault.network.subnets}
    otherwise = {rule.key for rule in rules.virtual_network_rules if rule.id not in plain}
    yield [one for one in from_subnets if one.subnet not in plain or str(one.subnet).lower() in otherwise], ("DEC-8",)


def _about_the_portal(bench: Bench, stop: ScheduledSet) -> Iterator[_Exercised]:
    portal = [one for one in stop.asked if one.operation in _PORTAL]
    yield [one for one in portal if one.plane is Plane.CONTROL or _is_blocked(bench, one)], ("CTL-5",)
    if bench.capabilities.control_plane:
        yield [one for one in stop.moved if _came_in(bench, one)], ("CTL-2",)


def _control_twins(bench: Bench, stop: ScheduledSet) -> list[Request]:
    """A few callers who are blocked, or were blocked until now, changing the network rules."""
    knocks = [one for one in stop.asked if _is_blocked(bench, one)][:_KNOCKS]
    if not bench.capabilities.control_plane or not knocks:
        return []
    came_in = sorted((one for one in stop.moved if _came_in(bench, one)), key=repr)[:_KNOCKS]
    return [control_twin(one) for one in (*knocks, *came_in)]


def _came_in(bench: Bench, request: Request) -> bool:
    is_plain = request.subnet is None and request.plane is Plane.DATA
    return is_plain and not _is_blocked(bench, request)


def _twice(asked: Sequence[Request], some: Sequence[Request]) -> Iterator[Request]:
    """All requests, and some of them repeated at once."""
    for request in asked:
        yield request
        if request in some:
            yield request


def _is_blocked(bench: Bench, request: Request) -> bool:
    if request.plane is not Plane.DATA or request.subnet is not None:
        return False
    return bench.vault.decide(request).clause in ("DEC-3", "DEC-15")


def _one_rule_apart(stop: ScheduledSet) -> bool:
    before, after = stop.before.rules, stop.vault.rules
    if (before.default_action, before.bypass) != (after.default_action, after.bypass):
        return False
    apart = {rule.block for rule in before.ip_rules} ^ {rule.block for rule in after.ip_rules}
    subnets = {rule.key for rule in before.virtual_network_rules} ^ {rule.key for rule in after.virtual_network_rules}
    return len(apart) + len(subnets) == 1


def _switch_endpoints(bench: Bench, setting: Setting, random: Random) -> None:
    """Switch endpoints off and on again (STA-10, DEC-9, DEC-10), which changes no rule."""
    if not setting.capabilities.endpoints:
        return
    rules, network = bench.vault.rules, bench.vault.network
    public = list(dict.fromkeys(requests.outside(random, rules) for _ in range(3)))
    listed = [rule.id for rule in rules.virtual_network_rules if network.has_endpoint(rule.id)]
    if listed and min(bench.decisive("STA-10"), bench.decisive("DEC-9")) < _PAIRS_ENOUGH:
        target = listed[random.randrange(min(4, len(listed)))]
        before = _endpoints_of(bench, target)
        bench.endpoints(target, random.choice(NO_ENDPOINTS))
        _ask_for(bench, [Request(address=address, subnet=target) for address in public], "STA-10")
        bench.endpoints(target, before)
        _ask_for(bench, [Request(address=requests.private(random), subnet=target)], "STA-10")
    inside = [rule.block.first for rule in rules.ip_rules]
    others = [one for one in endpointless(network) if rules.rule_for_subnet(one) is None]
    if inside and others and bench.decisive("DEC-10") < _PAIRS_ENOUGH:
        target, address = random.choice(others), random.choice(inside)
        before = _endpoints_of(bench, target)
        _ask_for(bench, [Request(address=address, subnet=target)], "DEC-10")
        bench.endpoints(target, random.choice(ENDPOINTS))
        _ask_for(bench, [Request(address=requests.private(random), subnet=target)], "DEC-10")
        bench.endpoints(target, before)


def _endpoints_of(bench: Bench, subnet: str) -> Sequence[str]:
    return next(one.service_endpoints for one in bench.vault.network.subnets if one.id.lower() == subnet.lower())


def _ask_for(bench: Bench, asked: list[Request], clause: str) -> None:
    bench.ask(asked, exercises=dict.fromkeys(asked, (clause,)), aim=clause)
