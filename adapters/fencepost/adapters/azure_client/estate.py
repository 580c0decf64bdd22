"""What the adapter has made at the endpoint: a vault and networks, all tagged, and how they are taken away again."""

import asyncio
import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.mgmt.keyvault.aio import KeyVaultManagementClient
from fencepost.adapters.azure.target import TargetError, TargetFile
from fencepost.adapters.azure_client.clients import Clients
from fencepost.adapters.contract.protocol import JsonObject

TAG = "created-by"
"""The tag of everything that the adapter makes."""

OURS = "fencepost"
"""Its value; another tag, `fencepost-run`, names the run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubnetId:
    """A subnet's id taken apart, names as they were spelt."""

    subscription: str
    group: str
    network: str
    name: str

    @classmethod
    def parsed(cls, text: str) -> "SubnetId":
        """The id; `ValueError` where it has not five pairs."""
        parts = text.split("/")
        if len(parts) != 11:
            raise ValueError(f"expected a subnet's id, got {text!r}")
        return cls(subscription=parts[2], group=parts[4], network=parts[8], name=parts[10])

    @property
    def network_key(self) -> tuple[str, str, str]:
        """What two subnets of one network share."""
        return self.subscription.lower(), self.group.lower(), self.network.lower()


@dataclass(slots=True, kw_only=True)
class Network:
    """One network that is ours, with its subnets' endpoints by name."""

    subscription: str
    group: str
    name: str
    subnets: dict[str, tuple[str, ...]] = field(default_factory=dict)


class Estate:
    """The vault and the networks of one run. Nothing that was there before is changed or deleted."""

    def __init__(self, target: TargetFile, object_id: str) -> None:
        self._target = target
        self._endpoint = target.endpoint
        self.run = secrets.token_hex(5)
        self.vault = target.endpoint.vault or f"fp-{self.run}"
        self.is_made = False
        self.networks: dict[tuple[str, str, str], Network] = {}
        self.body: dict[str, Any] = {
            "location": self._endpoint.location,
            "tags": self.tags,
            "properties": {
                "tenantId": self._endpoint.tenant,
                "sku": {"family": "A", "name": "standard"},
                "enableRbacAuthorization": False,
                "accessPolicies": [
                    {
                        "tenantId": self._endpoint.tenant,
                        "objectId": object_id,
                        "permissions": {"keys": ["all"], "secrets": ["all"], "certificates": ["all"]},
                    }
                ],
            },
        }

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing of ours at the endpoint."""
        return not self.is_made and not self.networks

    @property
    def tags(self) -> dict[str, str]:
        """The tags of everything that is ours."""
        return {TAG: OURS, "fencepost-run": self.run}

    def with_rules(self, acls: Mapping[str, object]) -> Any:
        """The vault's whole body with these rules, as a PUT takes it."""
        return {**self.body, "properties": {**self.body["properties"], "networkAcls": acls}}

    async def check_name(self, clients: Clients) -> None:
        """`TargetError` where the vault's name is taken."""
        answer = await clients.vaults.vaults.check_name_availability(
            {"name": self.vault, "type": "Microsoft.KeyVault/vaults"}
        )
        if not answer.name_available:
            raise TargetError(f"the vault name {self.vault} is taken")

    async def make_vault(self, clients: Clients) -> str:
        """A new vault without rules, the former one gone; its address."""
        if self.is_made:
            await self.remove_vault(clients)
        self.is_made = True
        poller = await clients.vaults.vaults.begin_create_or_update(
            self._endpoint.resource_group, self.vault, self.body
        )
        made = await poller.result()
        return str(made.properties.vault_uri)

    async def remove_vault(self, clients: Clients) -> None:
        """Delete and purge the vault, if it is there."""
        await remove_vault(clients.vaults, self._endpoint.resource_group, self.vault, self._endpoint.location)
        self.is_made = False

    async def make_networks(self, clients: Clients, subnets: Sequence[JsonObject]) -> None:
        """Just these subnets, each in its network; a network of ours that is no longer wanted is deleted."""
        wanted: dict[tuple[str, str, str], Network] = {}
        for subnet in subnets:
            parsed = SubnetId.parsed(str(subnet["id"]))
            network = wanted.setdefault(
                parsed.network_key,
                Network(subscription=parsed.subscription, group=parsed.group, name=parsed.network),
            )
            endpoints = subnet["serviceEndpoints"]
            network.subnets[parsed.name] = tuple(endpoints) if isinstance(endpoints, list) else ()
        for key in [key for key in self.networks if key not in wanted]:
            await self._remove_network(clients, key)
        for key, network in wanted.items():
            if self.networks.get(key) != network:
                await self._put_network(clients, key, network)

    async def switch(self, clients: Clients, subnet: str, endpoints: Iterable[str]) -> None:
        """Switch the endpoints of one subnet of ours."""
        parsed = SubnetId.parsed(subnet)
        network = self.networks[parsed.network_key]
        name = next(known for known in network.subnets if known.lower() == parsed.name.lower())
        network.subnets[name] = tuple(endpoints)
        poller = await clients.network(network.subscription).subnets.begin_create_or_update(
            network.group, network.name, name, _subnet(name, network.subnets[name], list(network.subnets).index(name))
        )
        await poller.result()

    async def remove(self, clients: Clients, *, again_after: float = 0.0) -> None:
        """Everything that is ours.

        `again_after` seconds later once more, if it is not 0: the endpoint may carry out late a call that was cut off.
        """
        networks = dict(self.networks)
        if self.is_made:
            await self.remove_vault(clients)
        for key in networks:
            await self._remove_network(clients, key)
        if again_after:
            await asyncio.sleep(again_after)
            self.networks = networks
            self.is_made = True
            await self.remove(clients)

    async def _put_network(self, clients: Clients, key: tuple[str, str, str], network: Network) -> None:
        operations = clients.network(network.subscription).virtual_networks
        if key not in self.networks:
            try:
                found = await operations.get(network.group, network.name)
            except ResourceNotFoundError:
                found = None
            if found is not None and (found.tags or {}).get(TAG) != OURS:
                raise ValueError(f"the network {network.name} in {network.group} is there already, and is not ours")
        self.networks[key] = network
        poller = await operations.begin_create_or_update(
            network.group,
            network.name,
            {
                "location": self._endpoint.location,
                "tags": self.tags,
                "properties": {
                    "addressSpace": {"addressPrefixes": ["10.0.0.0/8"]},
                    "subnets": [
                        _subnet(name, endpoints, index)
                        for index, (name, endpoints) in enumerate(network.subnets.items())
                    ],
                },
            },
        )
        await poller.result()

    async def _remove_network(self, clients: Clients, key: tuple[str, str, str]) -> None:
        network = self.networks[key]
        poller = await clients.network(network.subscription).virtual_networks.begin_delete(network.group, network.name)
        await poller.result()
        del self.networks[key]


async def remove_vault(client: KeyVaultManagementClient, group: str, name: str, location: str) -> None:
    """Delete and purge the vault, if it is there."""
    await client.vaults.delete(group, name)
    try:
        poller = await client.vaults.begin_purge_deleted(name, location)
        await poller.result()
    except ResourceNotFoundError:
        return


def _subnet(name: str, endpoints: Iterable[str], index: int) -> Any:
    return {
        "name": name,
        "properties": {
            "addressPrefix": f"10.{index // 256}.{index % 256}.0/24",
            "serviceEndpoints": [{"service": service} for service in endpoints],
        },
    }


def code_of(error: HttpResponseError) -> str | None:
    """The error's code as the body has it, the inner one where there is one."""
    try:
        body = json.loads(error.response.text()) if error.response is not None else None
    except (ValueError, TypeError):
        body = None
    shown = body.get("error") if isinstance(body, dict) else None
    if not isinstance(shown, dict):
        return None
    inner = shown.get("innererror")
    code = inner.get("code") if isinstance(inner, dict) else shown.get("code")
    return code if isinstance(code, str) else None
