"""Virtual networks and subnets on the control plane, and what a change of them means to the vaults' subjects."""

from collections.abc import Mapping, Sequence

from fencepost.adapters.azure_server.asked import Asked
from fencepost.adapters.azure_server.errors import Answer, bad_request, not_found
from fencepost.adapters.azure_server.network import Subnet, VirtualNetwork
from fencepost.adapters.azure_server.world import World


class NetworkPlane:
    """The operations on networks. A new subnet is a `reset` of each vault's subject and a `putRules` of its rules."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def put_network(self, asked: Asked, network_id: str) -> Answer:
        """Create or replace a virtual network; its subnets stay where the body names none."""
        self._check(asked, "virtualNetworks/write")
        body = asked.json()
        properties = _object(body.get("properties"), "properties")
        space = _object(properties.get("addressSpace"), "properties.addressSpace")
        async with self._world.writing:
            known = self._world.networks.find(network_id)
            network = VirtualNetwork(
                id=known.id if known else network_id,
                location=str(body.get("location", "westeurope")),
                prefixes=tuple(_texts(space.get("addressPrefixes", ["10.0.0.0/8"]), "properties.addressSpace")),
                tags=dict(_object(body.get("tags"), "tags")),
                subnets=known.subnets if known else (),
            )
            if "subnets" in properties:
                entries = properties["subnets"]
                if not isinstance(entries, list):
                    raise bad_request("Invalid value found at properties.subnets: expected a list.")
                network = VirtualNetwork(
                    id=network.id,
                    location=network.location,
                    prefixes=network.prefixes,
                    tags=network.tags,
                    subnets=tuple(_subnet(network.id, _object(entry, "properties.subnets[]")) for entry in entries),
                )
            await self._take(network)
            return Answer(status=200 if known else 201, body=network.to_json())

    async def put_subnet(self, asked: Asked, network_id: str, name: str) -> Answer:
        """Create or replace a subnet of a network that is there."""
        self._check(asked, "virtualNetworks/subnets/write")
        body = asked.json()
        async with self._world.writing:
            network = self._find(network_id)
            subnet = _subnet(network.id, {**body, "name": name})
            is_new = all(known.id.lower() != subnet.id.lower() for known in network.subnets)
            network = network.with_subnet(subnet)
            await self._take(network)
            shown = next(known for known in network.subnets if known.id.lower() == subnet.id.lower())
            return Answer(status=201 if is_new else 200, body=shown.to_json())

    async def get(self, asked: Asked, network_id: str, name: str | None) -> Answer:
        """Read a network, or one of its subnets."""
        self._check(asked, "virtualNetworks/read")
        network = self._find(network_id)
        if name is None:
            return Answer(body=network.to_json())
        wanted = f"{network.id}/subnets/{name}".lower()
        for subnet in network.subnets:
            if subnet.id.lower() == wanted:
                return Answer(body=subnet.to_json())
        raise not_found(f"Microsoft.Network/virtualNetworks/{network_id.rpartition('/')[2]}/subnets/{name}")

    async def list(self, asked: Asked, scope: str) -> Answer:
        """The networks below the scope, or the subnets of the network that the scope is."""
        self._check(asked, "virtualNetworks/read")
        network = self._world.networks.find(scope.rpartition("/subnets")[0]) if scope.endswith("/subnets") else None
        if network is not None:
            return Answer(body={"value": [subnet.to_json() for subnet in network.subnets]})
        found = [known for known in self._world.networks if known.id.lower().startswith(f"{scope.lower()}/")]
        return Answer(body={"value": [known.to_json() for known in found]})

    async def delete(self, asked: Asked, network_id: str, name: str | None) -> Answer:
        """Delete a network or a subnet; rules that name it stay and match nothing."""
        self._check(asked, "virtualNetworks/delete")
        async with self._world.writing:
            network = self._world.networks.find(network_id)
            if network is None:
                return Answer(status=204)
            if name is None:
                self._world.networks.remove(network_id)
            else:
                self._world.networks.put(network.without_subnet(f"{network.id}/subnets/{name}"))
            self._world.save()
            return Answer(status=200)

    async def _take(self, network: VirtualNetwork) -> None:
        before = {subnet.id.lower(): subnet for subnet in self._world.networks.subnets()}
        self._world.networks.put(network)
        after = self._world.networks.subnets()
        new = [subnet.id for subnet in after if subnet.id.lower() not in before]
        switched = [
            subnet
            for subnet in after
            if subnet.id.lower() in before and before[subnet.id.lower()].endpoints != subnet.endpoints
        ]
        for name, slot in tuple(self._world.slots.items()):
            if slot.vault is None:
                continue
            if new:
                self._world.log(f"{name}: reset and putRules of the rules in force, for {len(new)} new subnets")
                refused = await slot.restore(slot.vault, after)
                if refused is not None:
                    self._world.log(f"{name}: the subject refuses the rules that it had taken: {refused.message}")
            else:
                for subnet in switched:
                    await slot.subject.set_service_endpoints(subnet.id, subnet.endpoints)
        self._world.save()

    def _find(self, network_id: str) -> VirtualNetwork:
        network = self._world.networks.find(network_id)
        if network is None:
            raise not_found(f"Microsoft.Network/virtualNetworks/{network_id.rpartition('/')[2]}")
        return network

    def _check(self, asked: Asked, action: str) -> None:
        standing = self._world.control_standing(asked, f"Microsoft.Network/{action}", asked.path)
        self._world.gates.check_credentials(standing)


def _subnet(network_id: str, body: Mapping[str, object]) -> Subnet:
    properties = _object(body.get("properties"), "properties")
    name = body.get("name")
    if not isinstance(name, str) or not name or "/" in name:
        raise bad_request("Invalid value found at subnets[].name: expected a name.")
    entries = properties.get("serviceEndpoints") or []
    if not isinstance(entries, list):
        raise bad_request("Invalid value found at properties.serviceEndpoints: expected a list.")
    services = [_object(entry, "properties.serviceEndpoints[]").get("service") for entry in entries]
    prefix = properties.get("addressPrefix") or properties.get("addressPrefixes") or "10.0.0.0/24"
    return Subnet(
        id=f"{network_id}/subnets/{name}",
        endpoints=tuple(_texts(services, "properties.serviceEndpoints")),
        prefix=str(prefix[0] if isinstance(prefix, list) and prefix else prefix),
    )


def _object(value: object, path: str) -> Mapping[str, object]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise bad_request(f"Invalid value found at {path}: expected an object.")
    return value


def _texts(values: object, path: str) -> Sequence[str]:
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise bad_request(f"Invalid value found at {path}: expected a list of words.")
    return values
