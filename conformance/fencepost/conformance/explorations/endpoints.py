"""Service endpoints switched off and on, and what their callers' addresses show (DEC-9, DEC-10, STA-10)."""

from collections.abc import Iterator
from functools import partial
from random import Random

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.bench import Bench
from fencepost.conformance.explorations.setting import Exploration, Scenario, Setting
from fencepost.conformance.generate import networks, requests
from fencepost.conformance.generate.networks import ENDPOINTS, NO_ENDPOINTS
from fencepost.conformance.wire import wire_rules
from fencepost.reference import Network, Request, Subnet, text_from_address

_AIMS = ("DEC-9", "DEC-10", "STA-10", "DEC-6")


def _scenarios(setting: Setting) -> Iterator[Scenario]:
    if not setting.offer.endpoints:
        return
    for index in setting.rounds(4):
        switched = setting.random("endpoints", index)
        paired = setting.random("nat", index)
        yield Scenario(aims=("STA-10", "DEC-9"), run=partial(_switched, random=switched))
        yield Scenario(aims=("DEC-10",), run=partial(_pair, random=paired))


def _switched(bench: Bench, random: Random) -> None:
    """A listed subnet, its endpoint off and on again; its neighbour stays as it was."""
    network = networks.network(random, some_without_endpoint=False)
    target, sibling, *others = [subnet.id for subnet in network.subnets]
    beside = [sibling, *random.sample(others, 2)]  # the sibling is in the same virtual network
    bench.reset(network)
    listed = requests.outside(random, bench.vault.rules)
    acls = wire_rules([text_from_address(listed)], beside, bypass=random.choice(("None", "AzureServices")))
    if random.randrange(2):  # an entry that need not have the endpoint is no rule that needs none
        entry: JsonObject = {"id": target, "ignoreMissingVnetServiceEndpoint": True}
    else:
        entry = {"id": target}
    if not bench.put({**acls, "virtualNetworkRules": [entry, *({"id": one} for one in beside)]}):
        return
    public = requests.outside(random, bench.vault.rules)
    for _ in range(4):
        _ask_on(bench, random, target)
        bench.endpoints(target, random.choice(NO_ENDPOINTS))
        off = Request(address=public, subnet=target)
        unmoved = [Request(address=requests.private(random), subnet=one) for one in beside]
        by_address = Request(
            address=listed, subnet=target
        )  # without the endpoint, its public address is like anybody's
        bench.read()  # the rule stands, whether or not it is in force
        bench.ask([off, *unmoved, by_address, off], speaks_for={off: ("STA-10",)}, aim="STA-10")
        bench.endpoints(target, random.choice(ENDPOINTS))
        _ask_on(bench, random, target)


def _ask_on(bench: Bench, random: Random, subnet: str) -> None:
    asked = [Request(address=requests.private(random), subnet=subnet) for _ in range(2)]
    bench.ask(asked, speaks_for=dict.fromkeys(asked, ("STA-10",)), aim="STA-10")


def _pair(bench: Bench, random: Random) -> None:
    """DEC-10: under an IP rule for a subnet's public address, the endpoint off lets it in and the endpoint on does not."""
    ids = networks.subnet_ids(random)
    subnet = random.choice(ids)
    network = Network(subnets=tuple(Subnet(id=one, service_endpoints=NO_ENDPOINTS[0]) for one in ids))
    bench.reset(network)
    public = requests.outside(random, bench.vault.rules)
    if not bench.put(wire_rules([text_from_address(public)])):
        return
    for _ in range(4):
        without = Request(address=public, subnet=subnet)
        bench.ask([without], speaks_for={without: ("DEC-10",)}, aim="DEC-10")
        bench.endpoints(subnet, random.choice(ENDPOINTS))
        through = [Request(address=requests.private(random), subnet=subnet) for _ in range(2)]
        bench.ask(through, speaks_for=dict.fromkeys(through, ("DEC-10",)), aim="DEC-10")
        bench.endpoints(subnet, random.choice(NO_ENDPOINTS))


ENDPOINT_SWITCHES = Exploration(name="endpoints", serves=_AIMS, scenarios=_scenarios)
