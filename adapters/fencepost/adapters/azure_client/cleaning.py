"""The vaults and networks that a killed run has left, found by their tag and removed."""

from collections.abc import Mapping
from dataclasses import dataclass

from azure.core import AsyncPipelineClient
from azure.core.exceptions import AzureError, HttpResponseError
from azure.core.pipeline.policies import AsyncBearerTokenCredentialPolicy
from azure.core.rest import HttpRequest
from fencepost.adapters.azure.target import TargetError, TargetFile
from fencepost.adapters.azure_client.clients import Clients, context_for, open_clients
from fencepost.adapters.azure_client.estate import OURS, TAG, remove_vault


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftover:
    """One thing of ours: a vault, a deleted vault or a network."""

    kind: str
    name: str


async def cleaned(target: TargetFile, *, removes: bool) -> list[Leftover]:
    """What carries our tag, removed unless that is not wanted; `TargetError` where the endpoint cannot be asked."""
    sets = open_clients(target, context_for(target.endpoint))
    try:
        return await _cleaned(target, sets.authorized, removes=removes)
    except AzureError as error:
        status = f" ({error.status_code})" if isinstance(error, HttpResponseError) else ""
        raise TargetError(f"{target.endpoint.control}: {str(error.message).splitlines()[0]}{status}") from None
    finally:
        await sets.close()


async def _cleaned(target: TargetFile, clients: Clients, *, removes: bool) -> list[Leftover]:
    endpoint, found = target.endpoint, list[Leftover]()
    vaults = [vault async for vault in clients.vaults.vaults.list_by_resource_group(endpoint.resource_group)]
    for vault in vaults:
        if _is_ours(vault.tags):
            found.append(Leftover(kind="vault", name=str(vault.name)))
            if removes:
                await remove_vault(clients.vaults, endpoint.resource_group, str(vault.name), str(vault.location))
    async for deleted in clients.vaults.vaults.list_deleted():
        if _is_ours(deleted.properties.tags):
            found.append(Leftover(kind="deleted vault", name=str(deleted.name)))
            if removes:
                purging = await clients.vaults.vaults.begin_purge_deleted(
                    str(deleted.name), deleted.properties.location
                )
                await purging.result()
    for subscription in await _subscriptions(target, clients):
        networks = clients.network(subscription).virtual_networks
        for network in [network async for network in networks.list_all()]:
            if _is_ours(network.tags):
                found.append(Leftover(kind="network", name=str(network.id)))
                if removes:
                    deleting = await networks.begin_delete(str(network.id).split("/")[4], str(network.name))
                    await deleting.result()
    return found


async def _subscriptions(target: TargetFile, clients: Clients) -> list[str]:
    """Every subscription that the identity sees: networks are made where the questions' subnets are."""
    endpoint = target.endpoint
    policy = AsyncBearerTokenCredentialPolicy(clients.credential, endpoint.control_scope)
    asking = AsyncPipelineClient(endpoint.control, policies=[policy], transport=clients.transport)
    request = HttpRequest("GET", f"{endpoint.control.rstrip('/')}/subscriptions", params={"api-version": "2022-12-01"})
    response = await asking.send_request(request)
    response.raise_for_status()
    return [str(one["subscriptionId"]) for one in response.json()["value"]]


def _is_ours(tags: Mapping[str, str] | None) -> bool:
    return (tags or {}).get(TAG) == OURS
