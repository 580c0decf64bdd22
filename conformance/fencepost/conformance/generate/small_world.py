"""A world so small that all its callers are asked after each change, and the state of a walk through it.

The same few callers are asked repeatedly, so that stale answers show as well as wrong ones. A world has few ranges,
which nest, touch and resemble each other, and few subnets, some without the endpoint.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from fencepost.conformance.generate import blocks, callers, networks, opened, requests
from fencepost.conformance.generate.boundaries import edges
from fencepost.conformance.generate.changes import GeneratorState
from fencepost.conformance.generate.networks import ENDPOINTS, NO_ENDPOINTS
from fencepost.conformance.generate.rule_sets import with_flags
from fencepost.conformance.lockstep.wire import WireRules, wire_rules
from fencepost.reference import Block, Network, Request, Subnet, Vault

_LOOK_ALIKES, _WITHOUT = 5, 2
_INSIDE = (10 << 24) + 4


@dataclass(frozen=True, slots=True, kw_only=True)
class SmallWorld:
    """The ranges that rules are made of, an address that only malformed rules name, and the subnets."""

    ranges: tuple[Block, ...]
    spot: int
    crowd: tuple[Block, ...]
    network: Network

    @classmethod
    def of(cls, state: GeneratorState) -> "SmallWorld":
        """A world at random addresses, with what the capabilities allow and a list beyond the limit."""
        random = state.random
        base = blocks.block(random, random.randrange(10, 22))
        middle = (base.first + base.last) // 2
        quarter = (base.last - base.first + 1) // 4
        home = blocks.block(random, 24).first
        stem = random.randrange(1, 9)
        found = [
            base,
            Block(base.first, middle),
            Block(middle + 1, base.last),
            Block(base.last - quarter + 1, base.last),
            *blocks.neighbours(random)[:2],
            Block(home + stem, home + stem),
            Block(home + stem * 10 + 1, home + stem * 10 + 1),
        ]
        spot = blocks.block(random, 24).first + random.randrange(2, 250)
        ranges = tuple(one for one in dict.fromkeys(found) if spot not in one)
        profile = state.vault.profile
        for lenient, seldom in ((opened.narrow(profile), 2), (opened.wide(profile), 4)):
            if lenient and random.randrange(seldom) == 0:
                ranges = tuple(dict.fromkeys((*ranges, random.choice(lenient))))
        crowd = tuple(blocks.many(random, state.vault.profile.max_ip_rules + 1))
        return cls(ranges=ranges, spot=spot, crowd=crowd, network=_network(state))

    def everybody(self, state: GeneratorState) -> list[Request]:
        """Every caller in this world, as the vault now sees it: around each range, in each subnet, services."""
        vault = state.vault
        ends = [end for one in self.ranges for end in edges(one)]
        private = (10 << 24) + (1 << 16) + (2 << 8) + 3
        addresses = dict.fromkeys([*ends, self.spot, private, self.crowd[0].first, self.crowd[-1].last])
        found = [Request(address=one) for one in addresses]
        for subnet in self.network.subnets:
            if vault.network.has_endpoint(subnet.id):
                found.append(Request(address=_INSIDE, subnet=subnet.id))
            else:
                found += [Request(address=one, subnet=subnet.id) for one in (self.spot, self.ranges[0].first)]
        found += self._services(state)
        if state.capabilities.control_plane:
            found.append(requests.Place(address=self.spot).control("VaultNetworkRuleSet"))
        return found

    def _services(self, state: GeneratorState) -> Iterator[Request]:
        """A trusted service in every range and subnet, and an untrusted service in some of them."""
        vault = state.vault
        trusted = callers.trusted_callers(vault.profile, state.capabilities)[:1]
        unknown = callers.untrusted_callers(vault.profile, state.capabilities)[:1]
        places = [requests.Place(address=one) for one in (self.spot, *(one.first for one in self.ranges))]
        places += [
            requests.Place(address=_INSIDE, subnet=one.id)
            for one in vault.network.subnets
            if vault.network.has_endpoint(one.id)
        ]
        for number, place in enumerate(places):
            yield from (place.request(caller) for caller in (*trusted, *(unknown if number % 3 == 0 else ())))


def _network(state: GeneratorState) -> Network:
    if not state.capabilities.subnets:
        return Network()
    random = state.random
    first, second, *others = networks.subnet_ids(random)
    names = [first, second, *random.sample(others, _LOOK_ALIKES + _WITHOUT)]
    kinds = [ENDPOINTS[0]] * len(names)
    if state.capabilities.endpoints:
        kinds[-_WITHOUT:] = random.sample(NO_ENDPOINTS, _WITHOUT)
    return Network(
        subnets=tuple(Subnet(id=one, service_endpoints=kind) for one, kind in zip(names, kinds, strict=True))
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorLevels:
    """The levels of the factors in a walk: both switches, whether a listed subnet is off, numbers of rules."""

    default_action: str
    bypass: str
    is_off: bool
    has_few_ranges: bool
    has_few_subnets: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """A walk through a small world: the state of its generator, the world, and the levels of its factors."""

    state: GeneratorState
    world: SmallWorld
    levels: FactorLevels

    @property
    def random(self) -> Random:
        """The walk's random numbers."""
        return self.state.random

    @property
    def vault(self) -> Vault:
        """The vault in its present state."""
        return self.state.vault

    def absent_ranges(self) -> list[Block]:
        """The ranges that are no rule at present, in random order."""
        held = {rule.block for rule in self.state.ip_rules}
        return self.random.sample(left := [one for one in self.world.ranges if one not in held], len(left))

    def subnets_without_endpoint(self) -> list[str]:
        """The unlisted subnets without the endpoint."""
        vault = self.vault
        return [
            one.id
            for one in vault.network.subnets
            if not vault.network.has_endpoint(one.id) and vault.rules.rule_for_subnet(one.id) is None
        ]

    def some_rules(self) -> WireRules:
        """A set of the world's rules, with the lengths and the switches of these levels."""
        random, levels = self.random, self.levels
        found = random.sample(
            self.world.ranges, random.randrange(2) if levels.has_few_ranges else random.randrange(2, 5)
        )
        on = [one.id for one in self.vault.network.subnets if self.vault.network.has_endpoint(one.id)]
        fewest = int(levels.is_off)  # the subnet that is off must be listed
        count = random.randrange(fewest, 2) if levels.has_few_subnets else random.randrange(2, 5)
        listed = random.sample(on, min(len(on), count))
        acls = wire_rules(
            (blocks.text(one, random, slash_32=self.state.single_as_slash_32) for one in found),
            listed,
            default_action=levels.default_action,
            bypass=levels.bypass,
        )
        return with_flags(random, acls)
