"""The virtual networks: subnets with their service endpoints, by ids that compare without regard to case."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from fencepost.adapters.contract.protocol import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Subnet:
    """One subnet as it was written."""

    id: str
    endpoints: tuple[str, ...] = ()
    prefix: str = "10.0.0.0/24"

    def to_json(self) -> JsonObject:
        """The resource, as Microsoft.Network shows it."""
        return {
            "name": self.id.rpartition("/")[2],
            "id": self.id,
            "type": "Microsoft.Network/virtualNetworks/subnets",
            "properties": {
                "provisioningState": "Succeeded",
                "addressPrefix": self.prefix,
                "serviceEndpoints": [
                    {"service": service, "provisioningState": "Succeeded", "locations": ["*"]}
                    for service in self.endpoints
                ],
                "delegations": [],
            },
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class VirtualNetwork:
    """One virtual network with its subnets in the order in which they came."""

    id: str
    location: str = "westeurope"
    prefixes: tuple[str, ...] = ("10.0.0.0/8",)
    tags: Mapping[str, object] = field(default_factory=dict)
    subnets: tuple[Subnet, ...] = ()

    def with_subnet(self, subnet: Subnet) -> "VirtualNetwork":
        """The network with this subnet in place of the one of its name, or as its last."""
        names = [known.id.lower() for known in self.subnets]
        if subnet.id.lower() not in names:
            return replace(self, subnets=(*self.subnets, subnet))
        at = names.index(subnet.id.lower())
        return replace(
            self, subnets=(*self.subnets[:at], replace(subnet, id=self.subnets[at].id), *self.subnets[at + 1 :])
        )

    def without_subnet(self, subnet: str) -> "VirtualNetwork":
        """The network without the subnet of this id."""
        return replace(self, subnets=tuple(known for known in self.subnets if known.id.lower() != subnet.lower()))

    def to_json(self) -> JsonObject:
        """The resource, as Microsoft.Network shows it."""
        return {
            "name": self.id.rpartition("/")[2],
            "id": self.id,
            "type": "Microsoft.Network/virtualNetworks",
            "location": self.location,
            "tags": dict(self.tags),
            "properties": {
                "provisioningState": "Succeeded",
                "addressSpace": {"addressPrefixes": list(self.prefixes)},
                "subnets": [subnet.to_json() for subnet in self.subnets],
                "virtualNetworkPeerings": [],
                "enableDdosProtection": False,
            },
        }


class Networks:
    """All virtual networks, by id in lower case."""

    def __init__(self) -> None:
        self._networks: dict[str, VirtualNetwork] = {}

    def __iter__(self) -> Iterator[VirtualNetwork]:
        return iter(tuple(self._networks.values()))

    def find(self, network: str) -> VirtualNetwork | None:
        """The network of this id."""
        return self._networks.get(network.lower())

    def put(self, network: VirtualNetwork) -> None:
        """Take the network, in place of the one of its id."""
        self._networks[network.id.lower()] = network

    def remove(self, network: str) -> bool:
        """Take the network out; whether it was there."""
        return self._networks.pop(network.lower(), None) is not None

    def subnets(self) -> Sequence[Subnet]:
        """Every subnet."""
        return [subnet for network in self._networks.values() for subnet in network.subnets]

    def subnet(self, name: str) -> Subnet | None:
        """The subnet of this id."""
        network = self.find(name.lower().rpartition("/subnets/")[0])
        return next((known for known in network.subnets if known.id.lower() == name.lower()), None) if network else None


def as_reset(subnets: Sequence[Subnet]) -> list[JsonObject]:
    """The subnets as the contract's `reset` takes them."""
    return [{"id": subnet.id, "serviceEndpoints": list(subnet.endpoints)} for subnet in subnets]
