"""The two lists of a rule set, each with its maximum and the requests that show all its rules in force."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from random import Random

from fencepost.conformance.bench.bench import Bench
from fencepost.conformance.bench.setting import Setting
from fencepost.conformance.generate import blocks, networks, requests
from fencepost.conformance.generate.boundaries import edges
from fencepost.conformance.lockstep.wire import WireRules, wire_rules
from fencepost.reference import Network, Profile, Request, Subnet, is_public

SWITCHES = (("Deny", "None"), ("Deny", "AzureServices"), ("Allow", "None"), ("Allow", "AzureServices"))


@dataclass(frozen=True, slots=True)
class RuleList:
    """One of the two lists: its clauses, its maximum, how to fill it, and requests that show its rules in force."""

    accepted: str
    refused: str
    maximum: int
    fill: Callable[[Random, int], list[str]]
    add: str
    remove: str
    member: str

    def acls(self, rules: Sequence[str], switches: tuple[str, str] = SWITCHES[0]) -> WireRules:
        """A rule set with these rules only."""
        ip_values, subnets = ((), rules) if self.member == "id" else (rules, ())
        return wire_rules(ip_values, subnets, default_action=switches[0], bypass=switches[1])


def rule_lists(setting: Setting) -> list[RuleList]:
    """The lists that the subject may be asked, each with the profile's maximum."""
    profile = setting.profile
    fill = partial(_ip_values, slash_32=profile.prefix_32 == "accept")
    found = [
        RuleList("LIM-1", "LIM-2", profile.max_ip_rules, fill, "addIpRule", "removeIpRule", "value"),
    ]
    if setting.capabilities.subnets:
        maximum = profile.max_virtual_network_rules
        add, remove = "addVirtualNetworkRule", "removeVirtualNetworkRule"
        found.append(RuleList("LIM-3", "LIM-4", maximum, _subnet_ids, add, remove, "id"))
    return found


def _ip_values(random: Random, count: int, *, slash_32: bool) -> list[str]:
    return [blocks.text(one, random, slash_32=slash_32) for one in blocks.many(random, count)]


def _subnet_ids(random: Random, count: int) -> list[str]:
    found = networks.long_subnets(count)
    if random.randrange(2):
        random.shuffle(found)
    return found


def network_of(profile: Profile, kinds: Sequence[RuleList]) -> Network:
    """A network with every subnet that a list at or over the limit names."""
    if len(kinds) < 2:
        return Network()
    ids = networks.long_subnets(2 * profile.max_virtual_network_rules + 3)
    return Network(subnets=tuple(Subnet(id=one) for one in ids))


def ask_every_rule(bench: Bench, random: Random, clause: str) -> None:
    """Each rule admits its caller; callers beside the first, the last and a few other rules are not admitted."""
    rules = bench.vault.rules
    inside = [Request(address=rule.block.first) for rule in rules.ip_rules]
    inside += [Request(address=requests.private(random), subnet=rule.id) for rule in rules.virtual_network_rules]
    some = random.sample(rules.ip_rules, min(20, len(rules.ip_rules)))
    beside = [Request(address=address) for rule in some for address in edges(rule.block) if is_public(address)]
    unlisted = [
        Request(address=requests.private(random), subnet=subnet.id)
        for subnet in bench.vault.network.subnets[-20:]
        if rules.rule_for_subnet(subnet.id) is None
    ]
    bench.ask(inside, exercises=dict.fromkeys(inside, (clause,)), aim=clause)
    bench.ask([*beside, *unlisted])  # admitting callers beside them is no fault of the limit
