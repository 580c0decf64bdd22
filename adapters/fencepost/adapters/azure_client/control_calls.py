"""Each control operation of the contract as the SDK's own call, arranged so that nothing changes."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from azure.mgmt.keyvault.aio import KeyVaultManagementClient
from azure.mgmt.keyvault.models import VaultAccessPolicyParameters, VaultPatchParameters
from fencepost.adapters.azure.forms import ALL_DEFAULT
from fencepost.adapters.azure_client.clients import first_page

_ELSEWHERE = "antarctica"
"""No vault of ours is there: putting a vault where its name is taken in another location is a 409."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The vault that control operations are asked of; `body` is what it was written with."""

    group: str
    name: str
    location: str
    body: Mapping[str, Any]

    def moved(self, **properties: object) -> Any:
        """The vault's body for another location, with these properties."""
        return {"location": _ELSEWHERE, "properties": {**self.body["properties"], **properties}}


Call = Callable[[KeyVaultManagementClient, Place], Awaitable[Any]]


async def _put(client: KeyVaultManagementClient, place: Place, **properties: object) -> None:
    await client.vaults.begin_create_or_update(place.group, place.name, place.moved(**properties), polling=False)


async def _purge(client: KeyVaultManagementClient, place: Place) -> None:
    await client.vaults.begin_purge_deleted(place.name, place.location, polling=False)


CALLS: Mapping[str, Call] = MappingProxyType(
    {
        "VaultGet": lambda client, place: client.vaults.get(place.group, place.name),
        "VaultList": lambda client, place: first_page(client.vaults.list_by_resource_group(place.group)),
        "VaultPut": _put,
        "VaultPatch": lambda client, place: client.vaults.update(place.group, place.name, VaultPatchParameters()),
        "VaultDelete": lambda client, place: client.vaults.delete(f"{place.group}-none", place.name),
        "VaultPurge": _purge,
        "VaultRecover": lambda client, place: _put(client, place, createMode="recover"),
        "VaultGetDeleted": lambda client, place: client.vaults.get_deleted(place.name, place.location),
        "VaultListDeleted": lambda client, _: first_page(client.vaults.list_deleted()),
        "VaultAccessPolicySet": lambda client, place: client.vaults.update_access_policy(
            place.group, place.name, "add", VaultAccessPolicyParameters({"properties": {"accessPolicies": []}})
        ),
        "VaultNetworkRuleSet": lambda client, place: _put(client, place, networkAcls=dict(ALL_DEFAULT)),
    }
)
"""Each operation, and its call."""

OF_ALL_VAULTS = frozenset({"VaultList", "VaultListDeleted"})
"""The operations whose answer depends on every vault that is there."""
