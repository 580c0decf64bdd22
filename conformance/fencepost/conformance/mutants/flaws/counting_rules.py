"""Flaws in which rules count towards the limits, and when they are counted."""

from collections import Counter

from fencepost.conformance.mutants.mutant import Flaws, shown_by
from fencepost.conformance.mutants.stateful import Stateful
from fencepost.conformance.mutants.values import Held, IpRule, Refused, SubnetRule
from fencepost.conformance.mutants.vault import Vault
from fencepost.conformance.mutants.witness import (
    HERE,
    add,
    add_subnet,
    dormant,
    endpoints,
    names,
    put,
    reset,
    singles,
    subnet_id,
)

flaw = Flaws("limits")


@flaw("only-subnets-in-force-count", "LIM-4 LIM-7", "open")
@shown_by(
    lambda profile: (
        reset(subnets=names(profile.max_subnet_rules + 1)),
        put(subnets=names(profile.max_subnet_rules)),
        endpoints(names(1)[0]),
        add_subnet(names(profile.max_subnet_rules + 1)[-1]),
    )
)
class _OnlySubnetsInForceCount(Vault):
    """The limit counts the rules that decisions look up, and a rule whose endpoint is off is not looked up."""

    def check_subnet_limit(self, held: Held) -> None:
        in_force = tuple(rule for rule in held.subnet_rules if self.subnet_has_endpoint(rule.id))
        super().check_subnet_limit(held._replace(subnet_rules=in_force))


@flaw("ignoring-rules-do-not-count", "LIM-4 LIM-7", "open")
@shown_by(
    lambda profile: (
        reset(subnets=names(profile.max_subnet_rules + 1)),
        put(subnets=map(dormant, names(profile.max_subnet_rules + 1))),
    )
)
class _IgnoringRulesDoNotCount(Vault):
    """Rules that ignore a missing endpoint are stored in a second table, which is not counted."""

    def check_subnet_limit(self, held: Held) -> None:
        counted = tuple(rule for rule in held.subnet_rules if not rule.ignores_missing_endpoint)
        super().check_subnet_limit(held._replace(subnet_rules=counted))


def _in_two_networks(count: int) -> list[str]:
    return [subnet_id(f"s{index}", network=f"large-{index % 2}") for index in range(count)]


@flaw("limit-counted-by-network", "LIM-4 LIM-7", "open")
@shown_by(
    lambda profile: (
        reset(subnets=_in_two_networks(profile.max_subnet_rules + 1)),
        put(subnets=_in_two_networks(profile.max_subnet_rules + 1)),
    )
)
class _LimitCountedByNetwork(Vault):
    """Virtual network rules are grouped by network, and the largest group is counted."""

    def check_subnet_limit(self, held: Held) -> None:
        sizes = Counter(_network(rule) for rule in held.subnet_rules)
        largest = max(sizes, key=lambda network: sizes[network], default="")
        group = tuple(rule for rule in held.subnet_rules if _network(rule) == largest)
        super().check_subnet_limit(held._replace(subnet_rules=group))


def _network(rule: SubnetRule) -> str:
    return rule.id.rpartition("/subnets/")[0]


@flaw("adding-limit-without-bypass-only", "LIM-9 LIM-7", "open")
@shown_by(lambda profile: (put(*singles(profile.max_ip_rules), bypass="AzureServices"), add(HERE)))
class _AddingLimitWithoutBypassOnly(Vault):
    """The limit is checked on adding a rule only while the bypass is None, because the check was put in that branch."""

    def check_added(self, held: Held) -> None:
        counted = held if held.bypass == "None" else held._replace(ip_rules=held.ip_rules[-1:])
        super().check_added(counted)


@flaw("refused-put-takes-room", "LIM-6 LIM-7 VAL-9 STA-2", "closed", needs_history=True)
@shown_by(lambda profile: (put(HERE), put(*singles(profile.max_ip_rules + 1)), add("52.0.0.7")))
class _RefusedPutTakesRoom(Stateful):
    """The rules of a put are counted before the check of their number; refused, they still take the room of adds."""

    counted = 0

    def check_put(self, held: Held) -> None:
        self.counted = len(held.ip_rules)
        super().check_put(held)

    def check_added(self, held: Held) -> None:
        more = len(held.ip_rules) - len(self.held.ip_rules)
        if more and self.counted + more > self.max_ip_rules(held):
            raise Refused("there is no room for another IP rule")
        super().check_added(held)
        self.counted += more

    def without_ip_rule(self, held: Held, rule: IpRule) -> Held:
        left = super().without_ip_rule(held, rule)
        self.counted -= len(held.ip_rules) - len(left.ip_rules)
        return left
