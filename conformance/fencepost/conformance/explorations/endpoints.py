"""Service endpoints switched off and on, and the addresses that their callers show (DEC-9, DEC-10, STA-10)."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import cycle
from random import Random

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.bench.bench import Bench
from fencepost.conformance.bench.exploration import Exploration, Scenario
from fencepost.conformance.bench.setting import Setting
from fencepost.conformance.explorations.whole_sets import send
from fencepost.conformance.generate import callers, networks, requests
from fencepost.conformance.generate.changes import Change, call, set_endpoints
from fencepost.conformance.generate.networks import ENDPOINTS, NO_ENDPOINTS
from fencepost.conformance.lockstep.case import WriteStep
from fencepost.conformance.lockstep.wire import wire_rules, wire_rules_in_force
from fencepost.reference import Caller, DefaultAction, Network, Request, RuleSet, Subnet, text_from_address

_MANY, _MANY_OFF = 48, 40
"""So many subnets are listed, and lose their endpoints: more than a store of 32 changes holds."""

_AIMS = ("DEC-9", "DEC-10", "STA-10", "DEC-6")


def _scenarios(setting: Setting) -> Iterator[Scenario]:
    if not setting.capabilities.endpoints:
        return
    for index in setting.rounds(2):
        switched = setting.random("endpoints", index)
        paired = setting.random("nat", index)
        yield Scenario(aims=("STA-10", "DEC-9"), run=partial(_switched, setting=setting, random=switched, index=index))
        yield Scenario(aims=("DEC-10",), run=partial(_pair, random=paired))
    for index in setting.rounds(1):
        run = partial(_changed_before, setting=setting, random=setting.random("before", index))
        yield Scenario(aims=("STA-10",), run=run)
    for index in setting.rounds(1):
        yield Scenario(aims=("STA-10",), run=partial(_many_off, random=setting.random("many off", index)))
    if setting.capabilities.incremental:
        for index in setting.rounds(1):
            run = partial(_changed_meanwhile, setting=setting, random=setting.random("meanwhile", index))
            yield Scenario(aims=("STA-10", "STA-2"), run=run)


def _switched(bench: Bench, setting: Setting, random: Random, index: int) -> None:
    """A listed subnet's endpoint off, by every list without it, and on again; the neighbour does not change."""
    network = networks.network(random, some_without_endpoint=False)
    target, sibling, *others = [subnet.id for subnet in network.subnets]
    beside = [sibling, *random.sample(others, 2)]  # the sibling is in the same virtual network
    bench.reset(network)
    listed = requests.outside(random, bench.vault.rules)
    acls = wire_rules([text_from_address(listed)], beside, bypass=("AzureServices", "None")[index % 2])
    if index % 2:  # an entry whose endpoint may be missing still needs it to admit
        entry: JsonObject = {"id": target, "ignoreMissingVnetServiceEndpoint": True}
    else:
        entry = {"id": target}
    if not bench.put({**acls, "virtualNetworkRules": [entry, *({"id": one} for one in beside)]}):
        return
    public = requests.outside(random, bench.vault.rules)
    off = Request(address=public, subnet=target)
    by_address = Request(address=listed, subnet=target)  # without the endpoint, its public address is an ordinary one
    others_there = [Request(address=public, subnet=target, caller=one) for one in _some_services(random, setting)]
    unmoved = [Request(address=requests.private(random), subnet=one) for one in beside]
    sleeps, wakes = (_SLEEPS, _WAKES) if index % 2 == 0 else ((), ())
    with_it = cycle(random.sample(ENDPOINTS, len(ENDPOINTS)))
    for turn, kind in enumerate(random.sample(NO_ENDPOINTS, len(NO_ENDPOINTS))):
        _ask_on(bench, random, target)
        if turn in sleeps:
            _set_default_action(bench, setting, "Allow")
        if turn % 3 == 1:  # on once more: a program that counts would now be one ahead
            bench.endpoints(target, random.choice(ENDPOINTS))
            _ask_on(bench, random, target)
        bench.endpoints(target, kind)
        if turn in wakes:
            _set_default_action(bench, setting, _other(bench))
        bench.ask([off, *unmoved, by_address, *others_there, off], exercises={off: ("STA-10",)}, aim="STA-10")
        bench.read()  # the rule is kept, in force or not
        if turn % 3 == 2:  # off once more
            bench.endpoints(target, random.choice(NO_ENDPOINTS))
            place = requests.Place(address=public, subnet=target)
            some = (Caller(), *_some_services(random, setting))
            asked = [*requests.with_credentials(random, place, some, setting.capabilities)]
            bench.ask(asked, aim="STA-10")
        bench.endpoints(target, next(with_it))
        bench.read()
        if turn in (*sleeps, *wakes):
            _set_default_action(bench, setting, "Deny")
        _ask_on(bench, random, target)
    if setting.profile.missing_endpoint == "reject" and setting.capabilities.refusals:
        bench.reset(network.with_endpoints(target, NO_ENDPOINTS[0]))  # the vault before had a rule for it
        bench.put(wire_rules((), [target]), aim="VAL-8")
    bench.endpoints(target, NO_ENDPOINTS[0])
    bench.reset(network)  # a new vault's network has the endpoint on, in any case
    if bench.put({**acls, "virtualNetworkRules": [{"id": target}]}):
        _ask_on(bench, random, target)


def _many_off(bench: Bench, random: Random) -> None:
    """Many listed subnets lose their endpoints with nothing asked in between, and get them back."""
    ids = networks.long_subnets(_MANY)
    bench.reset(Network(subnets=tuple(Subnet(id=one) for one in ids)))
    if not bench.put(wire_rules((), random.sample(ids, len(ids))), aim="STA-10"):
        return
    off = random.sample(ids, _MANY_OFF)
    for kinds in (NO_ENDPOINTS, ENDPOINTS):
        for one in off:
            bench.endpoints(one, random.choice(kinds))
        asked = []
        for one in ids:
            is_on = bench.vault.network.has_endpoint(one)
            address = requests.private(random) if is_on else requests.outside(random, bench.vault.rules)
            asked.append(Request(address=address, subnet=one))
        bench.ask(asked, exercises=dict.fromkeys(asked, ("STA-10",)), aim="STA-10")


def _changed_meanwhile(bench: Bench, setting: Setting, random: Random) -> None:
    """Writes made while a listed subnet's endpoint is off hold when it is on again.

    A rule removed meanwhile does not come back. A rule that a refused set leaves out stays, and a rule written again
    is there. The last rule can be removed.
    """
    network = networks.network(random, some_without_endpoint=False)
    gone, spared, last = (subnet.id for subnet in random.sample(network.subnets, 3))
    bench.reset(network)
    if not bench.put(wire_rules((), [gone, spared, last])):
        return
    asked = [Request(address=requests.private(random), subnet=one) for one in (gone, spared, last)]

    def off(subnet: str) -> None:
        bench.endpoints(subnet, random.choice(NO_ENDPOINTS))

    def on(subnet: str) -> None:
        bench.endpoints(subnet, random.choice(ENDPOINTS))
        bench.ask(asked, exercises=dict.fromkeys(asked, ("STA-10",)), aim="STA-2")

    off(gone)
    bench.write("removeVirtualNetworkRule", {"id": gone}, aim="STA-2")
    bench.read()
    on(gone)
    if setting.capabilities.refusals:
        off(spared)
        for _ in range(2):  # the repeated write is as wrong as the first
            bench.put(wire_rules(["20.0.0.256"], [gone]), aim="VAL-9")
        bench.read()
        on(spared)
    if setting.profile.choice("duplicates") in ("keep", "collapse"):
        bench.write("addVirtualNetworkRule", {"id": spared, "ignoreMissingVnetServiceEndpoint": True}, aim="STA-2")
        bench.ask(asked, aim="STA-2")
    for subnet in (spared, last):
        bench.write("removeVirtualNetworkRule", {"id": subnet}, aim="STA-2")
        bench.read()
        bench.ask(asked, aim="STA-2")


def _changed_before(bench: Bench, setting: Setting, random: Random) -> None:
    """Endpoints of subnets that no rule names change, then their rules come; a rule with the flag keeps it.

    No later write is refused for a rule that has the flag, whatever its endpoint did in between. A set that is refused
    for a missing endpoint leaves the IP rules that it names in force, and does not come with the endpoint.
    """
    first, second = (one.id for one in random.sample(networks.network(random, some_without_endpoint=False).subnets, 2))
    network = Network(subnets=(Subnet(id=first, service_endpoints=random.choice(NO_ENDPOINTS)), Subnet(id=second)))
    addresses = [requests.outside(random, RuleSet()) for _ in range(3)]
    bench.reset(network)
    for change in _changes_before(setting, random, first, second, [*map(text_from_address, addresses)]):
        if change is not None:
            send(bench, change)
            continue
        asked = [Request(address=address) for address in addresses]
        for subnet in (first, second):
            is_on = bench.vault.network.has_endpoint(subnet)
            address = requests.private(random) if is_on else requests.outside(random, bench.vault.rules)
            asked.append(Request(address=address, subnet=subnet))
        bench.ask(asked, exercises=dict.fromkeys(asked, ("STA-10",)), aim="STA-10")


def _changes_before(
    setting: Setting, random: Random, first: str, second: str, texts: Sequence[str]
) -> Iterator[Change | None]:
    """The changes; None where all callers are asked. At first only the second subnet has the endpoint."""
    one, other, last = texts
    plain: JsonObject = {"id": first}
    flagged: JsonObject = {"id": second, "ignoreMissingVnetServiceEndpoint": True}
    capabilities = setting.capabilities
    when_missing: str | None = setting.profile.missing_endpoint
    if when_missing == "open":
        when_missing = setting.profile.choice("missing-service-endpoint")

    def on(subnet: str) -> Change:
        return set_endpoints(subnet, random.choice(ENDPOINTS))

    def off(subnet: str) -> Change:
        return set_endpoints(subnet, random.choice(NO_ENDPOINTS))

    def put(ip_rules: Sequence[str], *entries: JsonObject, aim: str = "STA-10") -> Change:
        acls = {**wire_rules(ip_rules), "virtualNetworkRules": [*entries]}
        return replace(call("putRules", networkAcls=acls), aim=aim)

    def single(method: str, params: JsonObject, aim: str = "STA-10") -> list[Change]:
        return [replace(call(method, **params), aim=aim)] if capabilities.incremental else []

    ask = None
    yield from (on(first), off(second), put((), plain, flagged), ask, on(second), ask, off(second), ask)
    switch = single("updateRules", {"bypass": "None"}) if capabilities.a_switch else []
    yield from (*switch, *single("addIpRule", {"value": one}), ask)
    yield from (off(first), on(second), ask, on(first), ask)  # as many as before have the endpoint
    yield from (off(second), *single("addIpRule", {"value": other}), on(second), ask)
    yield from (put([one], flagged), ask, off(first), off(second))
    if when_missing == "reject" and capabilities.refusals:
        refused = put([one, other], plain, aim="VAL-8")
        yield from (refused, ask, *single("addVirtualNetworkRule", plain, aim="VAL-8") * 2, refused)
        yield from (*single("addIpRule", {"value": last}), ask)
    yield from (on(first), ask, put([one, other], plain), ask, off(second))  # what was refused before is put again
    yield from (*single("addVirtualNetworkRule", flagged), *single("addIpRule", {"value": last}), on(second), ask)
    yield from (
        put([one], flagged, plain),
        ask,
        put([one], flagged, {**plain, "ignoreMissingVnetServiceEndpoint": True}),
    )
    yield from (ask, off(first), *single("addIpRule", {"value": last}), ask)
    if setting.profile.choice("lost-service-endpoint") is not None and capabilities.refusals:
        once_flagged = {"id": second}  # the flag of the set before is gone
        again = put([one], once_flagged, aim="VAL-8")
        yield from (on(second), put([one], flagged), again, off(second), again, ask)


def _some_services(random: Random, setting: Setting) -> list[Caller]:
    """Trusted and untrusted services, which do not depend on the subnet's endpoint."""
    profile, capabilities = setting.profile, setting.capabilities
    found = [*callers.some(random, callers.trusted_callers(profile, capabilities), 2)]
    return [*found, *callers.some(random, callers.untrusted_callers(profile, capabilities), 2)]


_SLEEPS, _WAKES = (1, 5), (3, 5)
"""The turns in which the rules are dormant before the endpoint is removed, or the default action changes meanwhile."""


def _other(bench: Bench) -> str:
    return "Allow" if bench.vault.rules.default_action is DefaultAction.DENY else "Deny"


def _set_default_action(bench: Bench, setting: Setting, action: str) -> None:
    """Set the default action, if it differs, by any write; whether a missing endpoint matters to it is open."""
    if bench.vault.rules.default_action.value == action:
        return
    step = WriteStep(method="updateRules", params={"defaultAction": action})
    if not setting.capabilities.incremental:
        acls = {**wire_rules_in_force(bench.vault.rules), "defaultAction": action}
        step = WriteStep(method="putRules", params={"networkAcls": acls})
    bench.write(step.method, step.params, aim="STA-10")


def _ask_on(bench: Bench, random: Random, subnet: str) -> None:
    asked = [Request(address=requests.private(random), subnet=subnet) for _ in range(2)]
    bench.ask(asked, exercises=dict.fromkeys(asked, ("STA-10",)), aim="STA-10")


def _pair(bench: Bench, random: Random) -> None:
    """DEC-10: an IP rule for a subnet's public address admits it while the endpoint is off, not while it is on."""
    ids = networks.subnet_ids(random)
    subnet = random.choice(ids)
    network = Network(subnets=tuple(Subnet(id=one, service_endpoints=NO_ENDPOINTS[0]) for one in ids))
    bench.reset(network)
    public = requests.outside(random, bench.vault.rules)
    if not bench.put(wire_rules([text_from_address(public)])):
        return
    for _ in range(8):
        without = Request(address=public, subnet=subnet)
        bench.ask([without], exercises={without: ("DEC-10",)}, aim="DEC-10")
        bench.endpoints(subnet, random.choice(ENDPOINTS))
        through = [Request(address=requests.private(random), subnet=subnet) for _ in range(2)]
        bench.ask(through, exercises=dict.fromkeys(through, ("DEC-10",)), aim="DEC-10")
        bench.endpoints(subnet, random.choice(NO_ENDPOINTS))


ENDPOINT_SWITCHES = Exploration(name="endpoints", serves=_AIMS, scenarios=_scenarios)
