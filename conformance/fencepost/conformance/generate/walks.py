"""Walks: every kind of write in every kind of state, in a world so small that everybody in it is asked after every step.

The same few callers are asked again and again, so that an answer that was remembered too long shows as well as a wrong
one. A world holds few ranges, which nest, touch and resemble each other, and few subnets, some without the endpoint.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import TypeAlias

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.case import EndpointsStep, WriteStep
from fencepost.conformance.generate import blocks, callers, mistakes, networks, requests
from fencepost.conformance.generate.networks import ENDPOINTS, NO_ENDPOINTS, other_case
from fencepost.conformance.generate.rule_sets import with_flags, without_empty_lists
from fencepost.conformance.generate.strokes import Scene, Stroke, other_spelling, update
from fencepost.conformance.wire import WireRules, wire_rules, wire_rules_in_force
from fencepost.reference import Block, Network, Request, Subnet, Vault, text_from_address

FLAG = "ignoreMissingVnetServiceEndpoint"
_LOOK_ALIKES, _WITHOUT = 5, 2
_INSIDE = (10 << 24) + 4
_PRIVATE = "10.1.2.3"


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The ranges that rules are made of, an address that only malformed rules name, and the subnets."""

    ranges: tuple[Block, ...]
    spot: int
    crowd: tuple[Block, ...]
    network: Network

    @classmethod
    def of(cls, scene: Scene) -> "World":
        """A world at a random place; `scene` says what is offered and how long a list may be."""
        random = scene.random
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
        crowd = tuple(blocks.many(random, scene.vault.profile.max_ip_rules + 1))
        return cls(ranges=ranges, spot=spot, crowd=crowd, network=_network(scene))

    def panel(self, scene: Scene) -> list[Request]:
        """Everybody in this world, seen as they are seen now: beside, at and in each range, in each subnet, services."""
        vault = scene.vault
        ends = [end for one in self.ranges for end in (one.first - 1, one.first, one.last, one.last + 1)]
        private = (10 << 24) + (1 << 16) + (2 << 8) + 3
        addresses = dict.fromkeys([*ends, self.spot, private, self.crowd[0].first, self.crowd[-1].last])
        found = [Request(address=one) for one in addresses]
        for subnet in self.network.subnets:
            if vault.network.has_endpoint(subnet.id):
                found.append(Request(address=_INSIDE, subnet=subnet.id))
            else:
                found += [Request(address=one, subnet=subnet.id) for one in (self.spot, self.ranges[0].first)]
        found += self._services(scene)
        if scene.offer.control_plane:
            found.append(requests.Place(address=self.spot).control("VaultNetworkRuleSet"))
        return found

    def _services(self, scene: Scene) -> Iterator[Request]:
        """A trusted service in every range and subnet, and one that is not trusted in some of them."""
        vault = scene.vault
        trusted = callers.trusted_callers(vault.profile, scene.offer)[:1]
        unknown = callers.untrusted_callers(vault.profile, scene.offer)[:1]
        places = [requests.Place(address=one) for one in (self.spot, *(one.first for one in self.ranges))]
        places += [
            requests.Place(address=_INSIDE, subnet=one.id)
            for one in vault.network.subnets
            if vault.network.has_endpoint(one.id)
        ]
        for number, place in enumerate(places):
            yield from (place.request(caller) for caller in (*trusted, *(unknown if number % 3 == 0 else ())))


def _network(scene: Scene) -> Network:
    if not scene.offer.subnets:
        return Network()
    random = scene.random
    first, second, *others = networks.subnet_ids(random)
    names = [first, second, *random.sample(others, _LOOK_ALIKES + _WITHOUT)]
    kinds = [ENDPOINTS[0]] * len(names)
    if scene.offer.endpoints:
        kinds[-_WITHOUT:] = random.sample(NO_ENDPOINTS, _WITHOUT)
    return Network(
        subnets=tuple(Subnet(id=one, service_endpoints=kind) for one, kind in zip(names, kinds, strict=True))
    )


# -- kinds of writes: each gives a stroke, or None where it cannot be made now -----------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """The state in which a walk makes its writes: both switches, whether a listed subnet is off, how many rules of each."""

    default_action: str
    bypass: str
    is_off: bool
    has_few_ranges: bool
    has_few_subnets: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Walker:
    """Where a walk stands: the scene, the world, and the theme that it keeps to."""

    scene: Scene
    world: World
    theme: Theme

    @property
    def random(self) -> Random:
        """The walk's random numbers."""
        return self.scene.random

    @property
    def vault(self) -> Vault:
        """The vault as it is now."""
        return self.scene.vault

    def unheld(self) -> list[Block]:
        """The ranges that no rule holds as they are, in random order."""
        held = {rule.block for rule in self.scene.held}
        return self.random.sample(left := [one for one in self.world.ranges if one not in held], len(left))

    def lacking(self) -> list[str]:
        """The unlisted subnets without the endpoint."""
        vault = self.vault
        return [
            one.id
            for one in vault.network.subnets
            if not vault.network.has_endpoint(one.id) and vault.rules.rule_for_subnet(one.id) is None
        ]

    def some_rules(self) -> WireRules:
        """A set of the world's rules, of the theme's lengths and switches."""
        random, theme = self.random, self.theme
        found = random.sample(self.world.ranges, 1 if theme.has_few_ranges else random.randrange(2, 5))
        on = [one.id for one in self.vault.network.subnets if self.vault.network.has_endpoint(one.id)]
        listed = random.sample(on, min(len(on), 1 if theme.has_few_subnets else random.randrange(2, 5)))
        acls = wire_rules(
            (blocks.text(one, random, slash_32=self.scene.single_as_slash_32) for one in found),
            listed,
            default_action=theme.default_action,
            bypass=theme.bypass,
        )
        return with_flags(random, acls)


Kind: TypeAlias = Callable[[Walker], Stroke | None]


def _put(acls: JsonObject) -> Stroke:
    return Stroke(step=WriteStep(method="putRules", params={"networkAcls": acls}), clauses=("STA-1",))


def _call(method: str, **params: object) -> Stroke:
    return Stroke(step=WriteStep(method=method, params=params), clauses=("STA-2",))


def _in_vain(stroke: Stroke, clause: str) -> Stroke:
    return replace(stroke, aim=clause, clauses=("VAL-9",))


def put_other(walker: Walker) -> Stroke:
    """Another set."""
    return _put(walker.some_rules())


def put_same(walker: Walker) -> Stroke:
    """The set in force, in another order."""
    acls = wire_rules_in_force(walker.vault.rules)
    return _put({name: value[::-1] if isinstance(value, list) else value for name, value in acls.items()})


def put_without_ip_rules(walker: Walker) -> Stroke:
    """The set in force without its IP rules: an empty list, or none."""
    acls = {**wire_rules_in_force(walker.vault.rules), "ipRules": []}
    return _put(without_empty_lists(walker.random, acls, walker.scene.offer))


def put_without_subnets(walker: Walker) -> Stroke:
    """The set in force without its virtual network rules."""
    acls = {**wire_rules_in_force(walker.vault.rules), "virtualNetworkRules": []}
    return _put(without_empty_lists(walker.random, acls, walker.scene.offer))


def put_without_rules(walker: Walker) -> Stroke:
    """The switches in force, and no rules: empty lists, or none."""
    acls = {**wire_rules_in_force(walker.vault.rules), "ipRules": [], "virtualNetworkRules": []}
    return _put(without_empty_lists(walker.random, acls, walker.scene.offer))


def put_switched(walker: Walker) -> Stroke:
    """The rules in force with another bypass."""
    acls = wire_rules_in_force(walker.vault.rules)
    return _put({**acls, "bypass": "None" if acls["bypass"] == "AzureServices" else "AzureServices"})


def put_one_less(walker: Walker) -> Stroke | None:
    """The set in force but for one rule."""
    acls = wire_rules_in_force(walker.vault.rules)
    member = walker.random.choice(("ipRules", "virtualNetworkRules"))
    entries = acls[member]
    assert isinstance(entries, list)
    if not entries:
        return None
    place = walker.random.randrange(len(entries))
    return _put({**acls, member: [*entries[:place], *entries[place + 1 :]]})


def put_one_other(walker: Walker) -> Stroke | None:
    """As many rules as before, one of them another."""
    acls = wire_rules_in_force(walker.vault.rules)
    entries = acls["ipRules"]
    assert isinstance(entries, list)
    if not entries or not walker.unheld():
        return None
    place = walker.random.randrange(len(entries))
    another = {"value": blocks.text(walker.unheld()[0])}
    return _put({**acls, "ipRules": [another if at == place else one for at, one in enumerate(entries)]})


def update_default_action(walker: Walker) -> Stroke:
    """The other default action."""
    return update(defaultAction="Allow" if walker.vault.rules.default_action.value == "Deny" else "Deny")


def update_bypass(walker: Walker) -> Stroke:
    """The other bypass."""
    return update(bypass="None" if walker.vault.rules.bypass.value == "AzureServices" else "AzureServices")


def update_both(walker: Walker) -> Stroke:
    """Both switches, the other way each."""
    action = "Allow" if walker.vault.rules.default_action.value == "Deny" else "Deny"
    bypass = "None" if walker.vault.rules.bypass.value == "AzureServices" else "AzureServices"
    return update(bypass=bypass, defaultAction=action)


def update_to_the_same(walker: Walker) -> Stroke:
    """Both switches as they are."""
    rules = walker.vault.rules
    return update(defaultAction=rules.default_action.value, bypass=rules.bypass.value)


def add_ip_rule(walker: Walker) -> Stroke | None:
    """A rule that is not there."""
    found = walker.unheld()
    if not found:
        return None
    value = blocks.text(found[0], walker.random, slash_32=walker.scene.single_as_slash_32)
    return _call("addIpRule", value=value)


def remove_first_ip_rule(walker: Walker) -> Stroke | None:
    """The first rule."""
    return _call("removeIpRule", value=walker.scene.held[0].text) if walker.scene.held else None


def remove_last_ip_rule(walker: Walker) -> Stroke | None:
    """The last rule, by another spelling where there is one."""
    held = walker.scene.held
    return _call("removeIpRule", value=other_spelling(walker.scene, held[-1])) if held else None


def remove_an_ip_rule(walker: Walker) -> Stroke | None:
    """Any rule."""
    held = walker.scene.held
    return _call("removeIpRule", value=walker.random.choice(held).text) if held else None


def add_subnet(walker: Walker) -> Stroke | None:
    """A subnet that is not listed, its endpoint on; with a word on missing endpoints now and then."""
    found = walker.scene.unlisted
    if not found:
        return None
    flag: JsonObject = {FLAG: bool(walker.random.randrange(2))} if walker.random.randrange(2) else {}
    return _call("addVirtualNetworkRule", id=walker.random.choice(found), **flag)


def add_subnet_without_endpoint(walker: Walker) -> Stroke | None:
    """A subnet whose endpoint may be missing."""
    if not walker.lacking() or walker.vault.profile.missing_endpoint != "reject":
        return None
    return _call("addVirtualNetworkRule", id=walker.random.choice(walker.lacking()), **{FLAG: True})


def remove_first_subnet(walker: Walker) -> Stroke | None:
    """The first listed subnet, in other letters."""
    listed = walker.scene.listed
    return _call("removeVirtualNetworkRule", id=other_case(walker.random, listed[0])) if listed else None


def remove_last_subnet(walker: Walker) -> Stroke | None:
    """The last listed subnet."""
    listed = walker.scene.listed
    return _call("removeVirtualNetworkRule", id=listed[-1]) if listed else None


def remove_a_subnet_that_is_off(walker: Walker) -> Stroke | None:
    """A listed subnet whose endpoint is off: gone it is, though nobody notices before the endpoint comes."""
    off = [one for one in walker.scene.listed if not walker.vault.network.has_endpoint(one)]
    return _call("removeVirtualNetworkRule", id=walker.random.choice(off)) if off else None


def switch_off(walker: Walker) -> Stroke | None:
    """A listed subnet's endpoint off."""
    on = [one for one in walker.scene.listed if walker.vault.network.has_endpoint(one)]
    return _switched(walker, on, NO_ENDPOINTS)


def switch_off_unlisted(walker: Walker) -> Stroke | None:
    """Another subnet's endpoint off."""
    return _switched(walker, walker.scene.unlisted, NO_ENDPOINTS)


def switch_on(walker: Walker) -> Stroke | None:
    """Any subnet's endpoint on."""
    network = walker.vault.network
    return _switched(walker, [one.id for one in network.subnets if not network.has_endpoint(one.id)], ENDPOINTS)


def _switched(walker: Walker, subnets: Sequence[str], kinds: Sequence[tuple[str, ...]]) -> Stroke | None:
    if not walker.scene.offer.endpoints or not subnets:
        return None
    known = {one.id.lower(): one.id for one in walker.vault.network.subnets}
    subnet = known[walker.random.choice(subnets).lower()]
    step = EndpointsStep(subnet=subnet, service_endpoints=walker.random.choice(kinds))
    return Stroke(step=step, subnets=(subnet,), clauses=("STA-10",))


# -- kinds of writes that must be refused ------------------------------------------------------------------------------


def add_private(walker: Walker) -> Stroke:
    """A private address."""
    del walker
    return _in_vain(_call("addIpRule", value=_PRIVATE), "VAL-3")


def add_malformed(walker: Walker) -> Stroke:
    """Text that begins, ends, or is as an address is."""
    spot = text_from_address(walker.world.spot)
    texts = (f"{spot}.", f"{spot}/33", f"{spot}:443", f"{spot}/", f"{spot},", f"{spot}-{spot}", f"x{spot}", "")
    return _in_vain(_call("addIpRule", value=walker.random.choice(texts)), "VAL-5")


def add_ipv6(walker: Walker) -> Stroke:
    """An IPv6 address, the mapped one of an IPv4 address now and then."""
    mapped = f"::ffff:{text_from_address(walker.world.spot)}"
    return _in_vain(_call("addIpRule", value=walker.random.choice((mapped, "2001:db8::1", "::"))), "VAL-4")


def add_no_subnet(walker: Walker) -> Stroke | None:
    """What is no subnet's id."""
    if not walker.scene.offer.subnets:
        return None
    known = walker.random.choice(walker.vault.network.subnets).id
    wrong = [one.value for one in mistakes.subnet_mistakes(known) if not one.entry]
    return _in_vain(_call("addVirtualNetworkRule", id=walker.random.choice(wrong)), "VAL-7")


def add_lacking_subnet(walker: Walker) -> Stroke | None:
    """A subnet without the endpoint."""
    if not walker.lacking() or walker.vault.profile.missing_endpoint != "reject":
        return None
    flag: JsonObject = {FLAG: False} if walker.random.randrange(2) else {}
    return _in_vain(_call("addVirtualNetworkRule", id=walker.random.choice(walker.lacking()), **flag), "VAL-8")


def put_with_a_wrong_ip_rule(walker: Walker) -> Stroke:
    """Another set, with other switches, and one wrong IP rule anywhere in it."""
    acls, random = _otherwise(walker), walker.random
    entries = acls["ipRules"]
    assert isinstance(entries, list)
    value, clause = random.choice(
        ((_PRIVATE, "VAL-3"), ("20.1.2.256", "VAL-5"), ("2001:db8::1", "VAL-4"), ("", "VAL-5"))
    )
    entries.insert(random.randrange(len(entries) + 1), {"value": value})
    return _in_vain(_put(acls), clause)


def put_with_a_wrong_subnet(walker: Walker) -> Stroke | None:
    """Another set, with other switches, and one wrong id, or a subnet that lacks its endpoint."""
    if not walker.scene.offer.subnets:
        return None
    acls, random = _otherwise(walker), walker.random
    entries = acls["virtualNetworkRules"]
    assert isinstance(entries, list)
    wrong, clause = "default", "VAL-7"
    if walker.lacking() and walker.vault.profile.missing_endpoint == "reject" and random.randrange(2):
        wrong, clause = random.choice(walker.lacking()), "VAL-8"
    entries.insert(random.randrange(len(entries) + 1), {"id": wrong})
    return _in_vain(_put(acls), clause)


def put_with_a_wrong_switch(walker: Walker) -> Stroke:
    """Another set with an unknown word."""
    member, word = walker.random.choice((("bypass", "All"), ("defaultAction", "Block")))
    return _in_vain(_put({**_otherwise(walker), member: word}), "VAL-6")


def put_too_many(walker: Walker) -> Stroke:
    """One IP rule too many, with other switches and subnets."""
    acls = {**_otherwise(walker), "ipRules": [{"value": blocks.text(one)} for one in walker.world.crowd]}
    return replace(_put(acls), aim="LIM-2", clauses=("LIM-6",))


def update_with_a_wrong_default_action(walker: Walker) -> Stroke:
    """Another bypass, which is known, and a default action that is not, in either order."""
    bypass = "None" if walker.vault.rules.bypass.value == "AzureServices" else "AzureServices"
    return _update_in_vain(walker, ("bypass", bypass), ("defaultAction", "Block"))


def update_with_a_wrong_bypass(walker: Walker) -> Stroke:
    """The other default action, and a bypass that is not known, in either order."""
    action = "Allow" if walker.vault.rules.default_action.value == "Deny" else "Deny"
    return _update_in_vain(walker, ("defaultAction", action), ("bypass", "All"))


def _update_in_vain(walker: Walker, *switches: tuple[str, str]) -> Stroke:
    params = dict(switches if walker.random.randrange(2) else switches[::-1])
    return _in_vain(Stroke(step=WriteStep(method="updateRules", params=params)), "VAL-6")


def remove_what_is_not_there(walker: Walker) -> Stroke | None:
    """A rule, or a subnet, that is not there: refused or not, nothing changes."""
    if walker.scene.unlisted and walker.random.randrange(2):
        return _call("removeVirtualNetworkRule", id=walker.random.choice(walker.scene.unlisted))
    return _call("removeIpRule", value=blocks.text(walker.unheld()[0])) if walker.unheld() else None


def _otherwise(walker: Walker) -> WireRules:
    """Another set of the world's rules, both switches other than they are."""
    rules = walker.vault.rules
    return {
        **walker.some_rules(),
        "defaultAction": "Allow" if rules.default_action.value == "Deny" else "Deny",
        "bypass": "None" if rules.bypass.value == "AzureServices" else "AzureServices",
    }


Family: TypeAlias = tuple[Kind, Kind, Kind, Kind]

ACCEPTED: tuple[Family, ...] = (
    (put_other, put_same, put_switched, put_one_other),
    (put_without_ip_rules, put_without_subnets, put_without_rules, put_one_less),
    (update_default_action, update_bypass, update_both, update_to_the_same),
    (add_ip_rule, add_ip_rule, add_ip_rule, add_ip_rule),
    (remove_first_ip_rule, remove_last_ip_rule, remove_an_ip_rule, remove_an_ip_rule),
    (add_subnet, add_subnet, add_subnet, add_subnet_without_endpoint),
    (remove_first_subnet, remove_last_subnet, remove_last_subnet, remove_a_subnet_that_is_off),
    (switch_off, switch_off, switch_off_unlisted, switch_on),
)
"""Kinds of writes that are accepted, four of a family: each theme sees one of them."""

REFUSED: tuple[Family, ...] = (
    (add_private, add_malformed, add_malformed, add_ipv6),
    (add_no_subnet, add_no_subnet, add_lacking_subnet, add_lacking_subnet),
    (put_with_a_wrong_ip_rule, put_with_a_wrong_subnet, put_with_a_wrong_switch, put_too_many),
    (
        *(update_with_a_wrong_default_action, update_with_a_wrong_bypass),
        *(remove_what_is_not_there, remove_what_is_not_there),
    ),
)
"""Kinds of writes that are refused, or ask for what is not there."""

_PAIRS = 4


def dealt(random: Random, families: Sequence[Family]) -> Iterator[tuple[Theme, Sequence[Kind]]]:
    """Eight walks, in each of which every family is met; any three of four traits are met in all combinations.

    Each member of a family is met in two themes, which differ in all but the bypass.
    """
    mixed = [random.sample(family, len(family)) for family in families]
    for place in range(_PAIRS):
        hand = [family[place] for family in mixed]
        for is_asleep in (False, True):
            is_off, has_few = bool(place & 1) is not is_asleep, bool(place & 2) is not is_asleep
            theme = Theme(
                default_action="Allow" if is_asleep else "Deny",
                bypass="AzureServices" if is_asleep is is_off else "None",
                is_off=is_off,
                has_few_ranges=has_few,
                has_few_subnets=(is_asleep + is_off + has_few) % 2 == 1,
            )
            yield theme, random.sample(hand, len(hand))


def next_of(walker: Walker, hand: Sequence[Kind]) -> Kind:
    """The first kind in the hand that leads back to as many rules as the theme has, or else the first."""
    ranges, subnets = len(walker.scene.held), len(walker.scene.listed)
    wanted: set[Kind] = set()
    if ranges == 0 and walker.random.randrange(2):
        wanted |= {add_ip_rule, put_other}
    elif ranges > 1 and walker.theme.has_few_ranges:
        wanted |= {remove_first_ip_rule, remove_last_ip_rule, remove_an_ip_rule, put_other}
    if subnets == 0 and walker.random.randrange(2):
        wanted |= {add_subnet, put_other}
    elif subnets > 1 and walker.theme.has_few_subnets:
        wanted |= {remove_first_subnet, remove_last_subnet, put_other}
    return next((kind for kind in hand if kind in wanted), hand[0])


def back_to_the_theme(walker: Walker) -> Iterator[Stroke]:
    """What it takes to be in the theme's state again, where a write has led out of it."""
    rules, network = walker.vault.rules, walker.vault.network
    switches = {}
    if rules.default_action.value != walker.theme.default_action:
        switches["defaultAction"] = walker.theme.default_action
    if rules.bypass.value != walker.theme.bypass:
        switches["bypass"] = walker.theme.bypass
    if switches:
        yield update(**switches)
    listed = walker.scene.listed
    is_off = any(not network.has_endpoint(one) for one in listed)
    if walker.theme.is_off and not is_off:
        stroke = switch_off(walker)
        if stroke is not None:
            yield stroke
    if not walker.theme.is_off:
        for one in listed:
            if not network.has_endpoint(one):
                known = {subnet.id.lower(): subnet.id for subnet in network.subnets}
                step = EndpointsStep(subnet=known[one.lower()], service_endpoints=ENDPOINTS[0])
                yield Stroke(step=step, clauses=("STA-10",))
