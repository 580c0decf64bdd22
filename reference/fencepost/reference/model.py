"""The values of the model: rules, network, request and decision."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from fencepost.reference.addresses import Block

SERVICE_ENDPOINT = "Microsoft.KeyVault"
"""The one service endpoint that counts, compared exactly."""


class DefaultAction(StrEnum):
    """The decision on a data-plane caller that no criterion lets in."""

    ALLOW = "Allow"
    DENY = "Deny"


class Bypass(StrEnum):
    """Whether trusted Microsoft services are let through."""

    AZURE_SERVICES = "AzureServices"
    NONE = "None"


class Plane(StrEnum):
    """Which of the vault's two sides a request addresses."""

    DATA = "data"
    CONTROL = "control"


class Outcome(StrEnum):
    """The decision on a request; `OPEN` if the specification leaves it open and no answer is chosen."""

    ALLOW = "allow"
    DENY = "deny"
    OPEN = "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class IpRule:
    """An IPv4 rule: its text, and the block of addresses that it covers."""

    text: str
    block: Block


@dataclass(frozen=True, slots=True, kw_only=True)
class VirtualNetworkRule:
    """A virtual network rule: the text of the subnet's resource id; ids are compared without regard to case."""

    id: str
    ignore_missing_endpoint: bool = False

    @property
    def key(self) -> str:
        """The id in the form in which ids are compared."""
        return self.id.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """A vault's `networkAcls`: two switches and two lists of rules. The lists keep duplicates."""

    default_action: DefaultAction = DefaultAction.ALLOW
    bypass: Bypass = Bypass.AZURE_SERVICES
    ip_rules: tuple[IpRule, ...] = ()
    virtual_network_rules: tuple[VirtualNetworkRule, ...] = ()
    _outermost: tuple[IpRule, ...] = field(init=False, repr=False, compare=False)
    _firsts: tuple[int, ...] = field(init=False, repr=False, compare=False)
    _lasts: tuple[int, ...] = field(init=False, repr=False, compare=False)
    _by_subnet: Mapping[str, VirtualNetworkRule] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Build the look-up tables, which are part of the value."""
        outermost = tuple(_outermost(self.ip_rules))
        object.__setattr__(self, "_outermost", outermost)
        object.__setattr__(self, "_firsts", tuple(rule.block.first for rule in outermost))
        object.__setattr__(self, "_lasts", tuple(rule.block.last for rule in outermost))
        object.__setattr__(self, "_by_subnet", {rule.key: rule for rule in reversed(self.virtual_network_rules)})

    def ip_rule_at(self, address: int) -> IpRule | None:
        """An IP rule that holds the address (the widest such rule), or None."""
        index = bisect_right(self._firsts, address) - 1
        if index < 0 or address > self._lasts[index]:
            return None
        return self._outermost[index]

    def rule_for_subnet(self, subnet: str | None) -> VirtualNetworkRule | None:
        """The virtual network rule that names the subnet, or None."""
        return self._by_subnet.get(subnet.lower()) if subnet is not None else None


def _outermost(rules: Iterable[IpRule]) -> Iterable[IpRule]:
    """The rules that no other rule contains, by first address; CIDR blocks nest or are disjoint."""
    last = -1
    for rule in sorted(rules, key=lambda rule: (rule.block.first, -rule.block.last)):
        if rule.block.last > last:
            yield rule
            last = rule.block.last


@dataclass(frozen=True, slots=True, kw_only=True)
class Subnet:
    """A subnet and its service endpoints."""

    id: str
    service_endpoints: tuple[str, ...] = (SERVICE_ENDPOINT,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """The existing subnets; ids are compared without regard to case."""

    subnets: tuple[Subnet, ...] = ()
    _by_id: Mapping[str, Subnet] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_id", {subnet.id.lower(): subnet for subnet in self.subnets})

    def __contains__(self, subnet: str) -> bool:
        return subnet.lower() in self._by_id

    def has_endpoint(self, subnet: str | None) -> bool:
        """Whether traffic from the subnet comes through its service endpoint for Key Vault."""
        found = self._by_id.get(subnet.lower()) if subnet is not None else None
        return found is not None and SERVICE_ENDPOINT in found.service_endpoints

    def with_endpoints(self, subnet: str, service_endpoints: Iterable[str]) -> "Network":
        """The network with the endpoints of one subnet replaced."""
        key, endpoints = subnet.lower(), tuple(service_endpoints)
        return Network(
            subnets=tuple(
                Subnet(id=one.id, service_endpoints=endpoints) if one.id.lower() == key else one for one in self.subnets
            )
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The caller of a request. `trusted` is None if the request does not have the attribute."""

    authenticated: bool = True
    authorized: bool = True
    service: str | None = None
    trusted: bool | None = None


ANYONE = Caller()
"""A caller with a valid token and the permission for the operation, and no Microsoft service."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request: the plane, the operation, the IPv4 address seen, the subnet it came through, the caller."""

    plane: Plane = Plane.DATA
    operation: str = "SecretGet"
    address: int
    subnet: str | None = None
    caller: Caller = ANYONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The outcome of a request, the clause that decides it, and the rule that let it in.

    `open_point` names the open point if the outcome is `OPEN`.
    """

    outcome: Outcome
    clause: str
    rule: IpRule | VirtualNetworkRule | None = None
    open_point: str | None = None
