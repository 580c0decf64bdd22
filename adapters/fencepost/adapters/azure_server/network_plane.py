"""Virtual networks and subnets on the control plane, and what a change of them means to the vaults' subjects."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from fencepost.adapters.azure_server.asked import Asked
from fencepost.adapters.azure_server.errors import OPEN_POINT, Answer, bad_request, not_found
from fencepost.adapters.azure_server.network import Subnet, VirtualNetwork
from fencepost.adapters.azure_server.world import World


class NetworkPlane:
    """The operations on networks. A new subnet is a `reset` of each vault's subject and a `putRules` of its rules."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def put_network(self, asked: Asked, subscription: str, group: str, network: str) -> Answer:
        """Create or replace a virtual network; its subnets stay where the body names none."""
        self._check(asked, "virtualNetworks/write")
        network_id = _id(subscription, group, network)
        body = asked.json()
        properties = _object(body.get("properties"), "properties")
        space = _object(properties.get("addressSpace"), "properties.addressSpace")
        async with self._world.writing:
            known = self._world.networks.find(network_id)
            made = VirtualNetwork(
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
                subnets = tuple(_subnet(made.id, _object(entry, "properties.subnets[]")) for entry in entries)
                made = replace(made, subnets=subnets)
            await self._take(made)
            return Answer(status=200 if known else 201, body=made.to_json())

    async def put_subnet(self, asked: Asked, subscription: str, group: str, network: str, subnet: str) -> Answer:
        """Create or replace a subnet of a network that is there."""
        self._check(asked, "virtualNetworks/subnets/write")
        body = asked.json()
        async with self._world.writing:
            network_id = _id(subscription, group, network)
            before = self._find(network_id)
            made = _subnet(before.id, {**body, "name": subnet})
            is_new = all(known.id.lower() != made.id.lower() for known in before.subnets)
            after = before.with_subnet(made)
            await self._take(after, spelt=f"{network_id}/subnets/{subnet}")
            shown = next(known for known in after.subnets if known.id.lower() == made.id.lower())
            return Answer(status=201 if is_new else 200, body=shown.to_json())

    async def get(self, asked: Asked, subscription: str, group: str, network: str, subnet: str | None = None) -> Answer:
        """Read a network, or one of its subnets."""
        self._check(asked, "virtualNetworks/read")
        found = self._find(_id(subscription, group, network))
        if subnet is None:
            return Answer(body=found.to_json())
        known = self._world.networks.subnet(f"{found.id}/subnets/{subnet}")
        if known is None:
            raise not_found(f"Microsoft.Network/virtualNetworks/{network}/subnets/{subnet}")
        return Answer(body=known.to_json())

    async def list(self, asked: Asked, subscription: str, group: str | None = None) -> Answer:
        """The networks of a group, or of the subscription."""
        self._check(asked, "virtualNetworks/read")
        scope = f"/subscriptions/{subscription}/{'' if group is None else f'resourceGroups/{group}/'}".lower()
        found = [known.to_json() for known in self._world.networks if known.id.lower().startswith(scope)]
        return Answer(body={"value": found})

    async def list_subnets(self, asked: Asked, subscription: str, group: str, network: str) -> Answer:
        """The subnets of a network; none where there is no network."""
        self._check(asked, "virtualNetworks/read")
        found = self._world.networks.find(_id(subscription, group, network))
        return Answer(body={"value": [subnet.to_json() for subnet in found.subnets] if found else []})

    async def delete(
        self, asked: Asked, subscription: str, group: str, network: str, subnet: str | None = None
    ) -> Answer:
        """Delete a network or a subnet; rules that name it stay and match nothing."""
        self._check(asked, "virtualNetworks/delete")
        async with self._world.writing:
            found = self._world.networks.find(_id(subscription, group, network))
            if found is None:
                return Answer(status=204)
            kept = None if subnet is None else found.without_subnet(f"{found.id}/subnets/{subnet}")
            if kept is None:
                self._world.networks.remove(found.id)
            else:
                self._world.networks.put(kept)
            self._world.save()
            gone = {known.id.lower() for known in found.subnets if kept is None or known not in kept.subnets}
            vaults = [slot.vault for slot in self._world.slots.values() if slot.vault is not None]
            is_named = any(gone & vault.subnets for vault in vaults)
            return Answer(status=200, headers={OPEN_POINT: "deleted-subnet"} if is_named else {})

    async def _take(self, network: VirtualNetwork, *, spelt: str | None = None) -> None:
        """Keep the network and pass on what has changed: `spelt` is the id, in the letters of the request, of a subnet.

        Letters are the subject's to compare.
        """
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
                    await slot.subject.set_service_endpoints(spelt or subnet.id, subnet.endpoints)
        self._world.save()

    def _find(self, network_id: str) -> VirtualNetwork:
        network = self._world.networks.find(network_id)
        if network is None:
            raise not_found(f"Microsoft.Network/virtualNetworks/{network_id.rpartition('/')[2]}")
        return network

    def _check(self, asked: Asked, action: str) -> None:
        self._world.check_control(asked, f"Microsoft.Network/{action}")


def _id(subscription: str, group: str, network: str) -> str:
    return f"/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Network/virtualNetworks/{network}"


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
