"""Requests for the rules in force: every place of a caller, combined with every kind of caller."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random

from fencepost.adapters.contract.vocabulary import CONTROL_OPERATIONS, DATA_OPERATIONS
from fencepost.conformance.capabilities import Capabilities
from fencepost.conformance.generate import callers
from fencepost.conformance.generate.blocks import ANCHORS
from fencepost.conformance.generate.boundaries import LANDMARKS, edges, flipped, octet_edges, pieces, resembling
from fencepost.conformance.generate.networks import other_case
from fencepost.reference import Block, Caller, Plane, Profile, Request, RuleSet, Vault
from fencepost.reference.addresses import LAST_ADDRESS, is_public

_CROSSED = 12
"""How many subnets are combined with every kind of caller at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a caller stands: the address that the vault sees, and the caller's subnet, if any."""

    address: int
    subnet: str | None = None

    def request(self, caller: Caller | None = None, *, operation: str = "SecretGet") -> Request:
        """A data-plane request from here."""
        return Request(operation=operation, address=self.address, subnet=self.subnet, caller=caller or Caller())

    def control(self, operation: str, caller: Caller | None = None) -> Request:
        """A control-plane request from here."""
        return replace(self.request(caller, operation=operation), plane=Plane.CONTROL)


def with_credentials(
    random: Random, place: Place, some: Iterable[Caller], capabilities: Capabilities
) -> Iterator[Request]:
    """Requests of these callers from one place, on both planes, with and without a token and permission."""
    for caller in some:
        for pair in callers.credentials(capabilities):
            who = callers.with_credentials(caller, pair)
            yield place.request(who, operation=callers.data_operation(random))
            if capabilities.control_plane:
                yield place.control(callers.control_operation(random), who)


def addresses(random: Random, rules: RuleSet, *, budget: int) -> list[int]:
    """About `budget` addresses that distinguish right rules from wrong: first all edges, then similar addresses."""
    blocks = [rule.block for rule in rules.ip_rules]
    if len(blocks) * 5 > budget:
        ends = [blocks[0], blocks[-1], min(blocks), max(blocks)]
        blocks = list(dict.fromkeys([*ends, *random.sample(blocks, max(1, min(len(blocks), budget // 5 - 4)))]))
    found = dict.fromkeys(address for block in blocks for address in edges(block))
    found |= dict.fromkeys(LANDMARKS)
    room = max(0, budget - len(found))
    more: list[int] = []
    whole_octets = [block for block in blocks if block.last - block.first + 1 in (2**8, 2**16, 2**24)]
    for block in dict.fromkeys([*whole_octets[:4], *random.sample(blocks, min(4, len(blocks)))]):
        alike = resembling(block)
        more += flipped(block)
        more += random.sample(alike, min(24 if block in whole_octets else 8, len(alike)))
        more += octet_edges(block)
    more += inside(random, blocks)
    found |= dict.fromkeys(random.sample(more, min(room, len(more))))
    return [address for address in found if 0 <= address <= LAST_ADDRESS]


def inside(random: Random, blocks: Sequence[Block]) -> list[int]:
    """A random address in each of the blocks."""
    return [random.randrange(block.first, block.last + 1) for block in blocks]


def outside(random: Random, rules: RuleSet) -> int:
    """A public address outside of all IP rules, if there is one; every other time next to a rule."""
    for _ in range(50):
        if rules.ip_rules and random.randrange(2):
            block = random.choice(rules.ip_rules).block
            address = random.choice((block.first - 1, block.last + 1, block.first ^ 1 << random.randrange(32)))
        else:
            address = random.randrange(1 << 24, 224 << 24)
        if 0 <= address <= LAST_ADDRESS and is_public(address) and rules.ip_rule_at(address) is None:
            return address
    gaps = (first for first, _ in pieces([rule.block for rule in rules.ip_rules]) if rules.ip_rule_at(first) is None)
    public = (address for address in gaps if is_public(address))
    return next(public, random.choice(ANCHORS) + random.randrange(1 << 16))  # under 0.0.0.0/0 there is no outside


def private(random: Random) -> int:
    """An RFC 1918 address of one of the three blocks, its ends included."""
    first, last = random.choice(
        ((10 << 24, (11 << 24) - 1), ((172 << 24) + (16 << 16), (172 << 24) + (32 << 16) - 1), (0xC0A80000, 0xC0A8FFFF))
    )
    return random.choice((first, last, random.randrange(first, last + 1), random.randrange(first, last + 1)))


def places(random: Random, vault: Vault) -> list[Place]:
    """Every kind of place under these rules: inside and outside of IP rules, in each subnet, and where both meet.

    A subnet's caller shows its private address while the subnet has the endpoint, else its public address. The latter
    may be in a rule.
    """
    rules, network = vault.rules, vault.network
    blocks = [rule.block for rule in rules.ip_rules]
    public_inside = [address for address in inside(random, blocks) if is_public(address)][:2]
    found = [Place(address=address) for address in public_inside]
    found += [Place(address=outside(random, rules)) for _ in range(2)]
    found.append(Place(address=private(random)))
    shared = private(random)  # the same private address in every subnet: only the id differs
    for subnet in network.subnets:
        if network.has_endpoint(subnet.id):
            found.append(Place(address=random.choice((shared, private(random))), subnet=subnet.id))
        else:
            found.append(Place(address=outside(random, rules), subnet=subnet.id))
            found += [Place(address=address, subnet=subnet.id) for address in public_inside[:1]]
    return found


def in_other_letters(random: Random, vault: Vault) -> list[Request]:
    """Callers of listed subnets whose id is written in other letters' case (DEC-8)."""
    rules, network = vault.rules, vault.network
    listed = [subnet for subnet in network.subnets if rules.rule_for_subnet(subnet.id) is not None]
    return [
        Request(address=private(random), subnet=other_case(random, subnet.id))
        for subnet in listed
        if network.has_endpoint(subnet.id)
    ]


def crossed(random: Random, vault: Vault, capabilities: Capabilities, *, share: int = 1) -> Iterator[Request]:
    """Places × services × credentials × planes; one in `share` of the combinations beyond the plain ones.

    Of many subnets a few are combined, the listed and switched-off ones first; the others are asked plainly.
    """
    profile: Profile = vault.profile
    crowd = _crowd(random, vault)
    trusted, untrusted = (
        callers.trusted_callers(profile, capabilities),
        callers.untrusted_callers(profile, capabilities),
    )
    for place in places(random, vault):
        if place.subnet in crowd:
            yield place.request(operation=callers.data_operation(random))
            continue
        kinds = [Caller(), *callers.some(random, trusted, 1), *callers.some(random, untrusted, 1)]
        for caller in kinds:
            for pair in callers.credentials(capabilities):
                is_plain = pair == (True, True)
                if is_plain or random.randrange(share) == 0:
                    who = callers.with_credentials(caller, pair)
                    yield place.request(who, operation=callers.data_operation(random))
        if capabilities.control_plane:
            for pair in callers.credentials(capabilities):
                caller = callers.with_credentials(random.choice(kinds), pair)
                if pair == (True, True) or random.randrange(2 * share) == 0:
                    yield place.control(callers.control_operation(random), caller)


def at_landmarks(random: Random, vault: Vault, capabilities: Capabilities) -> Iterator[Request]:
    """A service, trusted or not, at every landmark, or a control-plane caller: addresses do not matter to them."""
    trusted, untrusted = (
        callers.trusted_callers(vault.profile, capabilities),
        callers.untrusted_callers(vault.profile, capabilities),
    )
    for address in LANDMARKS:
        place, how = Place(address=address), random.randrange(4)
        if how == 0 and capabilities.control_plane:
            yield place.control(callers.control_operation(random))
        else:
            yield from map(place.request, callers.some(random, untrusted if how == 1 else trusted, 1))


def _crowd(random: Random, vault: Vault) -> frozenset[str]:
    """The subnets beyond the few that are combined with everything."""
    rules, network = vault.rules, vault.network
    ids = [subnet.id for subnet in network.subnets]
    telling = [one for one in ids if rules.rule_for_subnet(one) is not None or not network.has_endpoint(one)]
    few = [*random.sample(telling, min(_CROSSED // 2, len(telling))), *random.sample(ids, min(_CROSSED // 2, len(ids)))]
    return frozenset(ids) - frozenset(few)


def every_operation(random: Random, vault: Vault, capabilities: Capabilities) -> Iterator[Request]:
    """Every operation from a blocked address; data-plane operations also from an admitted place and by a service."""
    blocked = Place(address=outside(random, vault.rules))
    admitted = [place for place in places(random, vault) if vault.decide(place.request()).outcome.value == "allow"]
    trusted = callers.some(random, callers.trusted_callers(vault.profile, capabilities), 1)
    for operation in DATA_OPERATIONS:
        yield blocked.request(operation=operation)
        if admitted:
            yield random.choice(admitted).request(operation=operation)
        for caller in trusted:
            yield blocked.request(caller, operation=operation)
    if capabilities.control_plane:
        for operation in CONTROL_OPERATIONS:
            yield blocked.control(operation)
            if capabilities.credentials:
                yield blocked.control(operation, Caller(authenticated=False))
                yield blocked.control(operation, Caller(authorized=False))


def every_service(random: Random, vault: Vault, capabilities: Capabilities) -> Iterator[Request]:
    """Every service of the profile, and similar names, from a blocked address; some without credentials."""
    blocked = Place(address=outside(random, vault.rules))
    trusted, untrusted = (
        callers.trusted_callers(vault.profile, capabilities),
        callers.untrusted_callers(vault.profile, capabilities),
    )
    for caller in (*trusted, *untrusted):
        yield blocked.request(caller)
        for operation in random.sample(DATA_OPERATIONS, 3 if caller in trusted else 1):
            yield blocked.request(caller, operation=operation)
        for pair in callers.credentials(capabilities)[1:] if caller in trusted or random.randrange(3) == 0 else ():
            yield blocked.request(callers.with_credentials(caller, pair))


def portal_pair(random: Random, vault: Vault) -> list[Request]:
    """CTL-5: one blocked caller that may list vaults and may not list their keys, secrets and certificates."""
    blocked = Place(address=outside(random, vault.rules))
    listed = [blocked.request(operation=operation) for operation in ("KeyList", "SecretList", "CertificateList")]
    return [blocked.control("VaultList"), *listed]
