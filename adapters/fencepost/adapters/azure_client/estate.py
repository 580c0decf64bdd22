"""What the adapter has made at the endpoint: a vault and networks, all tagged, and how they are taken away again."""

import asyncio
import json
import secrets
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.mgmt.keyvault.aio import KeyVaultManagementClient
from fencepost.adapters.azure.target import TargetError, TargetFile
from fencepost.adapters.azure_client.clients import Clients
from fencepost.adapters.azure_client.conveying import CALLER, Conveyed
from fencepost.adapters.contract.protocol import JsonObject

TAG = "created-by"
"""The tag of everything that the adapter makes."""

OURS = "fencepost"
"""Its value; another tag, `fencepost-run`, names the run."""

_BY_FIREWALL = frozenset({"ForbiddenByFirewall", "ForbiddenByConnection"})
_LONGEST_NAME = 24


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
        """The network of the subnet; equal for two subnets of one network."""
        return self.subscription.lower(), self.group.lower(), self.network.lower()


@dataclass(slots=True, kw_only=True)
class Network:
    """One network that is ours, with its subnets' endpoints by name."""

    subscription: str
    group: str
    name: str
    subnets: dict[str, tuple[str, ...]] = field(default_factory=dict)


class Estate:
    """The vault and the networks of one run. Nothing that was there before is changed or deleted.

    `ip_rules` are those in force. `locked` are vaults whose firewall refuses their removal: it must not reach the
    control plane (CTL-1).
    """

    def __init__(self, target: TargetFile, object_id: str) -> None:
        self._target = target
        self._endpoint = target.endpoint
        self.run = secrets.token_hex(5)
        self._first_name = target.endpoint.vault or f"fp-{self.run}"
        self.vault = self._first_name
        self.is_made = False
        self.ip_rules: Sequence[object] = ()
        self.locked: list[str] = []
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
        return not self.is_made and not self.networks and not self.locked

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
        """Make a new vault without rules, and return its address; the former vault is gone or locked."""
        if self.is_made:
            if await self._is_removed(clients, self.vault):
                self.is_made = False
            else:
                await self.lock(clients)
        self.is_made, self.ip_rules = True, ()
        poller = await clients.vaults.vaults.begin_create_or_update(
            self._endpoint.resource_group, self.vault, self.body
        )
        made = await poller.result()
        return str(made.properties.vault_uri)

    async def lock(self, clients: Clients) -> None:
        """Leave the vault, which cannot be removed, and take another name; `TargetError` where that name is taken."""
        self.locked.append(self.vault)
        self.is_made = False
        number = f"-{len(self.locked) + 1}"
        self.vault = self._first_name[: _LONGEST_NAME - len(number)] + number
        await self.check_name(clients)

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
        """Switch the endpoints of one subnet of ours, its id spelt as in the call (DEC-8)."""
        parsed = SubnetId.parsed(subnet)
        network = self.networks[parsed.network_key]
        name = next(known for known in network.subnets if known.lower() == parsed.name.lower())
        network.subnets[name] = tuple(endpoints)
        body = _subnet(parsed.name, network.subnets[name], list(network.subnets).index(name))
        poller = await clients.network(parsed.subscription).subnets.begin_create_or_update(
            parsed.group, parsed.network, parsed.name, body
        )
        await poller.result()

    async def remove(self, clients: Clients, *, again_after: float = 0.0) -> None:
        """Everything that is ours.

        `again_after` seconds later once more, if it is not 0: the endpoint may carry out late a call that was cut off.
        """
        networks = dict(self.networks)
        await self._remove_vaults(clients, says_what_stays=not again_after)
        for key in networks:
            await self._remove_network(clients, key)
        if again_after:
            await asyncio.sleep(again_after)
            self.networks = networks
            self.is_made = True
            await self.remove(clients)

    async def _remove_vaults(self, clients: Clients, *, says_what_stays: bool) -> None:
        """Every vault of ours but those that are locked, which a line on stderr names."""
        names = dict.fromkeys((*self.locked, *((self.vault,) if self.is_made else ())))
        self.locked = [name for name in names if not await self._is_removed(clients, name)]
        self.is_made = False
        if self.locked and says_what_stays:
            few = ", ".join(self.locked[:3]) + (" …" if len(self.locked) > 3 else "")
            sys.stderr.write(f"the endpoint's firewall refuses the removal of {len(self.locked)} vaults: {few}\n")

    async def _is_removed(self, clients: Clients, name: str) -> bool:
        group, location = self._endpoint.resource_group, self._endpoint.location
        return await self.is_let(lambda: remove_vault(clients.vaults, group, name, location))

    async def is_let(self, call: Callable[[], Awaitable[None]]) -> bool:
        """Make the call; False where the vault's firewall refuses it, to a caller whom a rule admits too."""
        for caller in dict.fromkeys((None, self._admitted())):
            given = CALLER.set(caller)
            try:
                await call()
            except HttpResponseError as error:
                if not is_by_firewall(error):
                    raise
            else:
                return True
            finally:
                CALLER.reset(given)
        return False

    def _admitted(self) -> Conveyed | None:
        """A caller that an IP rule admits: where the firewall reaches the control plane, it may still remove."""
        for rule in self.ip_rules:
            value = rule.get("value") if isinstance(rule, Mapping) else None
            if isinstance(value, str):
                return Conveyed(address=value.partition("/")[0], is_last=True)
        return None

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


def is_by_firewall(error: HttpResponseError) -> bool:
    """Whether the vault's firewall refused the call; nothing of the control plane is its to refuse."""
    return error.status_code == 403 and code_of(error) in _BY_FIREWALL


def code_of(error: HttpResponseError) -> str | None:
    """The error's code in the body, its inner code if it has any."""
    try:
        body = json.loads(error.response.text()) if error.response is not None else None
    except (ValueError, TypeError, RecursionError):
        body = None
    shown = body.get("error") if isinstance(body, dict) else None
    if not isinstance(shown, dict):
        return None
    inner = shown.get("innererror")
    code = inner.get("code") if isinstance(inner, dict) else shown.get("code")
    return code if isinstance(code, str) else None
