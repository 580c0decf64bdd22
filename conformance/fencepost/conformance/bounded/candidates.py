"""Candidate configurations: rule sets of every kind, and small changes of the set in force."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from random import Random

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.bench.setting import Setting
from fencepost.conformance.generate import blocks, networks
from fencepost.conformance.generate.networks import NO_ENDPOINTS, other_case
from fencepost.conformance.lockstep.case import WriteStep
from fencepost.conformance.lockstep.wire import WireRules, entries_of, wire_rules, wire_rules_in_force
from fencepost.conformance.selection.cover import Cover
from fencepost.conformance.selection.rule_faults import EXACT
from fencepost.reference import Block, Network, RuleSet, Subnet, Vault, is_clear

_PREFIXES = (*range(blocks.SHORTEST, blocks.LONGEST + 1), 32)
_SWITCHES = (("Deny", "None"), ("Deny", "AzureServices"), ("Allow", "None"), ("Allow", "AzureServices"))
_LADDER, _CONSTELLATIONS = 14, 6
_TRIES, _ENGULFED = 12, 34
_LOOK_ALIKES = 44
_LONG, _FULL_SELDOM, _ALLOW_SELDOM = 100, 6, 4


def home(setting: Setting) -> Network:
    """The one network of a bounded run: similar ids, some without the endpoint, enough to overfill a list."""
    if not setting.capabilities.subnets:
        return Network()
    look_alikes = networks.network(
        setting.random("bounded network"), some_without_endpoint=setting.capabilities.endpoints
    )
    many = networks.long_subnets(setting.profile.max_virtual_network_rules + 3)
    return Network(subnets=(*look_alikes.subnets, *(Subnet(id=one) for one in many)))


@dataclass(frozen=True, slots=True)
class CandidateMaker:
    """Makes candidates for one place in the run; `cover` knows which ranges and lengths were asked least."""

    setting: Setting
    cover: Cover
    random: Random

    def whole_sets(self, network: Network) -> Iterator[WriteStep]:
        """Whole rule sets, each kind with its own switches."""
        setting, random = self.setting, self.random
        look_alikes, many = network.subnets[:_LOOK_ALIKES], network.subnets[_LOOK_ALIKES:]
        for found in self._lists():
            values = [self._text(one) for one in found]
            if found and len(found) < _LADDER * 4 and random.randrange(3) == 0 and self._may_repeat():
                values += [self._spelled_otherwise(one) for one in random.sample(values, 1)]
            switches = random.choice(_SWITCHES[:2] if random.randrange(_ALLOW_SELDOM) else _SWITCHES[2:])
            yield _put(values, self._listed(look_alikes), switches)
        yield _put((), self._listed(look_alikes), random.choice(_SWITCHES))
        yield from (_put((), (), switches) for switches in _SWITCHES)
        length = self._rare_length(setting.profile.max_ip_rules)
        yield _put(map(blocks.text, blocks.many(random, length)), self._listed(look_alikes), _SWITCHES[0])
        if random.randrange(_FULL_SELDOM) == 0 or not self.cover.times["longer than", "IP rules", _LONG]:
            full = blocks.many(random, setting.profile.max_ip_rules)
            usable = [subnet.id for subnet in (*many, *look_alikes) if network.has_endpoint(subnet.id)]
            every = usable[: setting.profile.max_virtual_network_rules]
            yield _put(map(blocks.text, full), ({"id": one} for one in every), _SWITCHES[0])

    def changes(self, vault: Vault, earlier: RuleSet | None) -> Iterator[WriteStep]:
        """The set in force with one thing changed, by single changes where they are offered, else by the whole set."""
        random, rules = self.random, vault.rules
        acls = wire_rules_in_force(rules)
        other = {"Allow": "Deny", "Deny": "Allow"}[rules.default_action.value]
        bypass = {"None": "AzureServices", "AzureServices": "None"}[rules.bypass.value]
        for switches in ({"defaultAction": other}, {"bypass": bypass}, {"defaultAction": other, "bypass": bypass}):
            yield from self._either("updateRules", switches, {**acls, **switches})
        if earlier is not None:
            yield _whole(wire_rules_in_force(earlier))
        ip, subnets = entries_of(acls, "ipRules"), entries_of(acls, "virtualNetworkRules")
        yield _whole({**acls, "ipRules": []})
        yield _whole({**acls, "virtualNetworkRules": []})
        if len(ip) > 1:
            yield _whole({**acls, "ipRules": ip[::-1]})
            fresh = [{"value": self._text(one)} for one in self._least(1)]
            middle = len(ip) // 2
            yield _whole({**acls, "ipRules": [*ip[:middle], *fresh, *ip[middle + 1 :]]})
            others = [{"value": self._text(blocks.block(random, random.choice(_PREFIXES)))} for _ in ip[:60]]
            yield _whole({**acls, "ipRules": others})
            held = [rule.block for rule in rules.ip_rules]
            for changed in ([blocks.narrowed(one) for one in held], [blocks.moved(random, one) for one in held]):
                if all(map(is_clear, changed)):
                    yield _whole({**acls, "ipRules": [{"value": self._text(one)} for one in changed]})
            gone = random.choice(ip)
            kept = [one for one in ip if one["value"] != gone["value"]]
            yield from self._either("removeIpRule", gone, {**acls, "ipRules": kept})
        for more in self._more(rules):
            yield from self._either("addIpRule", more, {**acls, "ipRules": [*ip, more]})
        if len(subnets) > 1:
            gone = random.choice(subnets)
            kept = [one for one in subnets if str(one["id"]).lower() != str(gone["id"]).lower()]
            named = {"id": gone["id"]}
            yield from self._either("removeVirtualNetworkRule", named, {**acls, "virtualNetworkRules": kept})
        listed = {str(one["id"]).lower() for one in subnets}
        free = [one.id for one in vault.network.subnets[:_LOOK_ALIKES] if one.id.lower() not in listed]
        free = [one for one in free if vault.network.has_endpoint(one)]
        if free:
            more = {"id": random.choice(free)}
            yield from self._either("addVirtualNetworkRule", more, {**acls, "virtualNetworkRules": [*subnets, more]})
            if subnets:
                yield _whole({**acls, "virtualNetworkRules": [more, *subnets[1:]]})

    def _either(self, method: str, params: JsonObject, acls: WireRules) -> Iterator[WriteStep]:
        if self.setting.capabilities.incremental:
            yield WriteStep(method=method, params=params)
        yield _whole(acls)

    def _lists(self) -> Iterator[list[Block]]:
        """Lists of ranges: the least asked prefixes, constellations, both, and few."""
        random = self.random
        ladder = self._least(_LADDER)
        constellations = [one for make in random.sample(blocks.CONSTELLATIONS, _CONSTELLATIONS) for one in make(random)]
        for found in (ladder, constellations, [*ladder, *constellations], ladder[:1], self._least(len(_PREFIXES))):
            distinct = list(dict.fromkeys(found))
            order = random.randrange(4)
            if order == 0:
                distinct.sort()
            elif order == 1:
                distinct.sort(reverse=True)
            else:
                random.shuffle(distinct)
            yield distinct
        yield list(dict.fromkeys(random.choice(blocks.CONSTELLATIONS[1:])(random)))
        yield blocks.engulfed(random, _ENGULFED)

    def _least(self, count: int) -> list[Block]:
        """A range of each of the least asked prefix lengths, apart from each other if there is room."""
        times, random = self.cover.times, self.random
        lengths = sorted(_PREFIXES, key=lambda prefix: (times["range", prefix], random.random()))[:count]
        found: list[Block] = []
        for prefix in sorted(lengths):
            tries = [blocks.block(random, prefix) for _ in range(_TRIES)]
            apart = (one for one in tries if not any(_touch(one, other) for other in found))
            found.append(next(apart, tries[0]))
        return list(dict.fromkeys(found))

    def _rare_length(self, most: int) -> int:
        """A length that just fills a power of two or a round number, from the least asked lengths."""
        times, random = self.cover.times, self.random
        lengths = [count for count in EXACT if 3 < count <= most]
        return min(lengths, key=lambda count: (times["as long as", "IP rules", count], random.random()))

    def _listed(self, look_alikes: Sequence[Subnet]) -> list[JsonObject]:
        """A few of the subnets: the plainest, or similar ids, one in other letters, one without its endpoint."""
        random, capabilities = self.random, self.setting.capabilities
        usable = [subnet.id for subnet in look_alikes if "Microsoft.KeyVault" in subnet.service_endpoints]
        if not usable:
            return []
        how = random.randrange(5)
        ids = usable[:1] if how == 0 else random.sample(usable, random.choice((0, 1, 1, 2, 3)))
        if how == 1 and ids:
            ids = [other_case(random, ids[0]), *ids[1:]]
        entries: list[JsonObject] = [{"id": one} for one in ids]
        without = [subnet.id for subnet in look_alikes if subnet.id not in usable]
        if capabilities.endpoints and capabilities.endpoint_check and without and how > 2:
            entries.append({"id": random.choice(without), "ignoreMissingVnetServiceEndpoint": True})
        return entries

    def _more(self, rules: RuleSet) -> Iterator[JsonObject]:
        """Another rule: around a present rule, inside it, or elsewhere."""
        random = self.random
        held = {rule.block for rule in rules.ip_rules}
        candidates = self._least(1)
        if held:
            base = random.choice(sorted(held))
            size = base.last - base.first + 1
            wider = base.first - base.first % (4 * size)
            candidates += [Block(wider, wider + 4 * size - 1), Block(base.first, base.first + max(size // 4, 1) - 1)]
        for one in candidates:
            if one not in held and one.last - one.first != 1 and is_clear(one):
                yield {"value": self._text(one)}

    def _may_repeat(self) -> bool:
        return self.setting.profile.choice("duplicates") in ("keep", "collapse")

    def _text(self, block: Block) -> str:
        return blocks.text(block, self.random, slash_32=self.setting.profile.prefix_32 == "accept")

    def _spelled_otherwise(self, value: str) -> str:
        is_bare = "/" not in value and self.setting.profile.prefix_32 == "accept"
        return f"{value}/32" if is_bare and self.random.randrange(2) else value


def _touch(one: Block, other: Block) -> bool:
    return one.first <= other.last + 1 and other.first <= one.last + 1


def _put(values: Iterable[str], subnets: Iterable[JsonObject], switches: tuple[str, str]) -> WriteStep:
    acls = wire_rules(values, default_action=switches[0], bypass=switches[1])
    return _whole({**acls, "virtualNetworkRules": list(subnets)})


def _whole(acls: WireRules) -> WriteStep:
    return WriteStep(method="putRules", params={"networkAcls": acls})


def endpointless(network: Network) -> list[str]:
    """The subnets of the network that lack their endpoint."""
    return [subnet.id for subnet in network.subnets if subnet.service_endpoints in NO_ENDPOINTS]
