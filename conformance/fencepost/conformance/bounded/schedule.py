"""The order of a bounded run: rule sets, each with its requests, each chosen by what it adds to those before it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random

from fencepost.conformance.bench.setting import Setting
from fencepost.conformance.bounded.candidates import CandidateMaker, home
from fencepost.conformance.generate import requests
from fencepost.conformance.generate.boundaries import LANDMARKS, edges
from fencepost.conformance.lockstep.case import WriteStep, apply_write, may_be_asked
from fencepost.conformance.lockstep.offered import as_offered
from fencepost.conformance.selection import request_faults, rule_faults
from fencepost.conformance.selection.cover import Cover, FaultClass
from fencepost.conformance.selection.request_faults import RuleView, distinct_places
from fencepost.reference import Network, Plane, Request, RuleSet, Vault, Verdict

REQUESTS = 240
"""How many requests a configuration gets at most, apart from repetitions and those of a full list."""

_SUBNETS, _EVERY_EDGE, _REMEMBERED, _MOVED = 44, 40, 60, 16
_INSIDE = (10 << 24) + 4


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledSet:
    """One configuration of the schedule: the write that leads to it, the vaults before and after, and its requests.

    `moved` are the requests whose answers the write changes, `unmoved` others that were asked before it.
    """

    write: WriteStep
    before: Vault
    vault: Vault
    asked: tuple[Request, ...]
    moved: frozenset[Request]
    unmoved: frozenset[Request]


class Schedule:
    """The scheduled sets in order, each computed when it is first needed; the same for the same setting."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.network: Network = home(setting)
        self._vault = Vault(profile=setting.profile).reset(self.network)
        self._rules = Cover(weights=rule_faults.WEIGHTS)
        self._requests = Cover(weights=request_faults.WEIGHTS)
        self._stops: list[ScheduledSet] = []
        self._ahead: list[tuple[WriteStep, Vault]] = []
        self._earlier: RuleSet | None = None

    @property
    def known(self) -> int:
        """How many scheduled sets have been computed: as many as a run has reached."""
        return len(self._stops)

    def stop(self, place: int) -> ScheduledSet:
        """The scheduled set at this place, from 0 on."""
        while len(self._stops) <= place:
            self._stops.append(self._next())
        return self._stops[place]

    def _next(self) -> ScheduledSet:
        place = len(self._stops)
        while len(self._ahead) < 2:  # the next set determines which answers will change
            self._ahead.append(self._chosen(place + len(self._ahead)))
        write, vault = self._ahead.pop(0)
        before = self._stops[-1] if self._stops else None
        random = self.setting.random("bounded requests", place)
        asked = self._asked(random, vault, before, upcoming=self._ahead[0][1])
        old = before.vault if before is not None else Vault(profile=vault.profile).reset(self.network)
        again = set(before.asked) if before is not None else set()
        shared = [one for one in asked if one in again]
        moved = frozenset(one for one in shared if old.decide(one).outcome is not vault.decide(one).outcome)
        return ScheduledSet(
            write=write, before=old, vault=vault, asked=tuple(asked), moved=moved, unmoved=frozenset(shared) - moved
        )

    def _chosen(self, place: int) -> tuple[WriteStep, Vault]:
        """The candidate that covers most fault classes not covered before."""
        random = self.setting.random("bounded rule sets", place)
        maker = CandidateMaker(setting=self.setting, cover=self._rules, random=random)
        best: tuple[float, WriteStep, Vault, tuple[FaultClass, ...]] | None = None
        for candidate in (*maker.whole_sets(self.network), *maker.changes(self._vault, self._earlier)):
            step = as_offered(candidate, self._vault, self.setting.capabilities)
            if step is None:
                continue
            write = apply_write(self._vault, step)
            if (
                write.verdict is not Verdict.ACCEPTED
                or write.accepted is None
                or write.accepted.rules == self._vault.rules
            ):
                continue
            rules = write.accepted.rules
            classes = dict.fromkeys(rule_faults.of_rules(rules, self.network))
            classes |= dict.fromkeys(rule_faults.of_turn(self._vault.rules, rules, self._earlier, step.method))
            gain = self._rules.gain(classes)
            if best is None or gain > best[0]:
                best = gain, step, write.accepted, tuple(classes)
        assert best is not None  # some of the many whole sets differs from the set in force
        _, step, vault, chosen = best
        self._rules.add(chosen)
        self._earlier, self._vault = self._vault.rules, vault
        return step, vault

    def _asked(self, random: Random, vault: Vault, before: ScheduledSet | None, upcoming: Vault) -> list[Request]:
        was = {one: before.vault.decide(one) for one in before.asked} if before is not None else {}
        sight = RuleView(vault, was)
        pool = dict.fromkeys(one for one in self._pool(random, vault, sight) if may_be_asked(vault, one))
        pool |= dict.fromkeys(random.sample(list(was), min(_REMEMBERED, len(was))))
        offered = [(request, sight.classes(request)) for request in pool]
        chosen = self._requests.choose([one for one in offered if one[1]], REQUESTS)
        moved = [one for one, then in was.items() if vault.decide(one).outcome is not then.outcome]
        always = [*random.sample(moved, min(_MOVED, len(moved))), *self._moving(random, vault, upcoming)]
        return list(dict.fromkeys([*chosen, *always, *self._of_a_full_list(random, vault)]))

    def _moving(self, random: Random, vault: Vault, upcoming: Vault) -> list[Request]:
        """Callers whose answer the next write changes: asked before it and after it, they show stale answers."""
        found = []
        for rules in (upcoming.rules, vault.rules):
            some = random.sample(rules.ip_rules, min(_MOVED, len(rules.ip_rules)))
            found += [Request(address=rule.block.last) for rule in some]
            listed = rules.virtual_network_rules
            found += [Request(address=_INSIDE, subnet=rule.id) for rule in random.sample(listed, min(4, len(listed)))]
        asked = (one for one in dict.fromkeys(found) if may_be_asked(vault, one))
        moving = [one for one in asked if vault.decide(one).outcome is not upcoming.decide(one).outcome]
        return random.sample(moving, min(_MOVED, len(moving)))

    def _pool(self, random: Random, vault: Vault, sight: RuleView) -> Iterator[Request]:
        """All possible requests here: about the rules, about their neighbours, and every kind of caller."""
        capabilities = self.setting.capabilities
        yield from (Request(address=address) for address in self._addresses(random, vault, sight))
        small = replace(vault, network=Network(subnets=self.network.subnets[:_SUBNETS]))
        yield from requests.crossed(random, small, capabilities, share=2)
        yield from requests.every_operation(random, small, capabilities)
        yield from requests.every_service(random, small, capabilities)
        if capabilities.subnets:
            yield from self._subnets(random, vault)
        if capabilities.control_plane:
            yield from requests.portal_pair(random, small)

    def _addresses(self, random: Random, vault: Vault, sight: RuleView) -> list[int]:
        blocks = [rule.block for rule in vault.rules.ip_rules]
        if len(blocks) > _EVERY_EDGE:
            some = [blocks[place] for place in distinct_places(len(blocks))]
            blocks = [*some, *random.sample(blocks, _EVERY_EDGE)]
        found = dict.fromkeys(address for block in blocks for address in edges(block))
        found |= dict.fromkeys((*LANDMARKS, *sight.alike))
        return [address for address in found if 0 <= address < 2**32]

    def _subnets(self, random: Random, vault: Vault) -> Iterator[Request]:
        """Every similar subnet, the listed subnets also in other letters, all from one address."""
        address = requests.private(random)
        for subnet in vault.network.subnets[: _SUBNETS + 1]:
            if vault.network.has_endpoint(subnet.id):
                yield Request(address=address, subnet=subnet.id)
        small = replace(vault, network=Network(subnets=vault.network.subnets[:_SUBNETS]))
        yield from requests.in_other_letters(random, small)

    def _of_a_full_list(self, random: Random, vault: Vault) -> list[Request]:
        """A caller for each rule whose place in its list is special, and for enough rules of a full list."""
        rules, profile, found = vault.rules, vault.profile, list[Request]()
        if len(rules.ip_rules) == profile.max_ip_rules:
            places = {*distinct_places(profile.max_ip_rules), *random.sample(range(profile.max_ip_rules), 40)}
            found += [Request(address=rules.ip_rules[place].block.first) for place in sorted(places)]
        if len(rules.virtual_network_rules) == profile.max_virtual_network_rules:
            ids = [rules.virtual_network_rules[place].id for place in distinct_places(len(rules.virtual_network_rules))]
            found += [Request(address=requests.private(random), subnet=one) for one in ids]
        return [one for one in found if may_be_asked(vault, one)]


def control_twin(request: Request) -> Request:
    """The same caller changing the network rules at the control plane."""
    return replace(request, plane=Plane.CONTROL, operation="VaultNetworkRuleSet")
