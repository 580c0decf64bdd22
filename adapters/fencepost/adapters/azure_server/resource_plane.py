"""Resource Manager: which operation a path is, with its api-version checked; subscriptions and resource groups."""

import re
from collections.abc import Awaitable, Callable, Mapping

from fencepost.adapters.azure.facts import FACTS
from fencepost.adapters.azure_server.asked import Asked
from fencepost.adapters.azure_server.control_plane import ControlPlane
from fencepost.adapters.azure_server.errors import Answer, not_found, refusal
from fencepost.adapters.azure_server.network_plane import NetworkPlane
from fencepost.adapters.azure_server.world import World

_Work = Callable[..., Awaitable[Answer]]
_SUBSCRIPTION = r"/subscriptions/(?P<subscription>[^/]+)"
_GROUP = rf"{_SUBSCRIPTION}/resourcegroups/(?P<group>[^/]+)"
_VAULTS = r"/providers/microsoft\.keyvault/vaults"
_NETWORKS = r"/providers/microsoft\.network/virtualnetworks"
_DELETED = rf"{_SUBSCRIPTION}/providers/microsoft\.keyvault/locations/[^/]+/deletedvaults/(?P<name>[^/]+)"
_VAULT_NAME = re.compile(r"[a-z](?!.*--)[a-z0-9-]{1,22}[a-z0-9]", re.IGNORECASE | re.ASCII)


ROUTES: tuple[tuple[str, str, str, str], ...] = (
    ("PUT", rf"{_GROUP}{_VAULTS}/(?P<name>[^/]+)", "vaults", "vaults.put"),
    ("PATCH", rf"{_GROUP}{_VAULTS}/(?P<name>[^/]+)", "vaults", "vaults.patch"),
    ("GET", rf"{_GROUP}{_VAULTS}/(?P<name>[^/]+)", "vaults", "vaults.get"),
    ("DELETE", rf"{_GROUP}{_VAULTS}/(?P<name>[^/]+)", "vaults", "vaults.delete"),
    ("PUT", rf"{_GROUP}{_VAULTS}/(?P<name>[^/]+)/accesspolicies/(?P<how>\w+)", "vaults", "vaults.set_policies"),
    ("GET", rf"{_GROUP}{_VAULTS}", "vaults", "vaults.list"),
    ("GET", rf"{_SUBSCRIPTION}{_VAULTS}", "vaults", "self._list_vaults"),
    ("GET", rf"{_SUBSCRIPTION}/providers/microsoft\.keyvault/deletedvaults", "vaults", "vaults.list_deleted"),
    (
        "POST",
        rf"{_SUBSCRIPTION}/providers/microsoft\.keyvault/checknameavailability",
        "vaults",
        "vaults.check_name",
    ),
    ("GET", _DELETED, "vaults", "vaults.get_deleted"),
    ("POST", rf"{_DELETED}/purge", "vaults", "vaults.purge"),
    ("PUT", rf"(?P<network_id>{_GROUP}{_NETWORKS}/[^/]+)", "network", "networks.put_network"),
    ("GET", rf"(?P<network_id>{_GROUP}{_NETWORKS}/[^/]+)", "network", "networks.get"),
    ("DELETE", rf"(?P<network_id>{_GROUP}{_NETWORKS}/[^/]+)", "network", "networks.delete"),
    ("GET", rf"(?P<scope>{_GROUP}){_NETWORKS}", "network", "networks.list"),
    ("GET", rf"(?P<scope>{_SUBSCRIPTION}){_NETWORKS}", "network", "networks.list"),
    ("GET", rf"(?P<scope>{_GROUP}{_NETWORKS}/[^/]+/subnets)", "network", "networks.list"),
    (
        "PUT",
        rf"(?P<network_id>{_GROUP}{_NETWORKS}/[^/]+)/subnets/(?P<name>[^/]+)",
        "network",
        "networks.put_subnet",
    ),
    (
        "GET",
        rf"(?P<network_id>{_GROUP}{_NETWORKS}/[^/]+)/subnets/(?P<name>[^/]+)",
        "network",
        "networks.get",
    ),
    (
        "DELETE",
        rf"(?P<network_id>{_GROUP}{_NETWORKS}/[^/]+)/subnets/(?P<name>[^/]+)",
        "network",
        "networks.delete",
    ),
    ("GET", r"/subscriptions", "resources", "self._subscriptions"),
    ("GET", _SUBSCRIPTION, "resources", "self._subscription"),
    ("GET", r"/tenants", "resources", "self._tenants"),
    ("GET", rf"{_SUBSCRIPTION}/resourcegroups", "resources", "self._groups"),
    ("GET", _GROUP, "resources", "self._group"),
    ("HEAD", _GROUP, "resources", "self._group"),
    ("PUT", _GROUP, "resources", "self._put_group"),
    ("GET", rf"{_SUBSCRIPTION}/resources", "resources", "self._list_vaults"),
)
"""Every operation: its method, its path as a pattern, the family of its api-versions, and what does it."""


class ResourcePlane:
    """Everything below the control plane's URL, by method and path; paths compare without regard to case."""

    def __init__(self, world: World) -> None:
        self._world = world
        works = {"vaults": ControlPlane(world), "networks": NetworkPlane(world), "self": self}
        self._routes = [
            (method, re.compile(pattern, re.IGNORECASE | re.ASCII), family, self._work(works, name))
            for method, pattern, family, name in ROUTES
        ]

    @classmethod
    def _work(cls, works: Mapping[str, object], name: str) -> _Work:
        plane, _, method = name.partition(".")
        work: _Work = getattr(works[plane], method)
        return cls._of_network(work) if plane == "networks" else work

    async def answer(self, asked: Asked) -> Answer:
        """The answer to one request of the control plane."""
        is_known = False
        for method, pattern, family, work in self._routes:
            found = pattern.fullmatch("/" + "/".join(asked.segments))
            if found is None:
                continue
            is_known = True
            if method == asked.method:
                _check_version(asked, family)
                named = found.groupdict()
                if (
                    family == "vaults"
                    and "name" in named
                    and method == "PUT"
                    and not _VAULT_NAME.fullmatch(named["name"])
                ):
                    raise refusal(
                        400,
                        "VaultNameNotValid",
                        f"The vault name '{named['name'][:80]}' is invalid: 3 to 24 letters, digits and hyphens.",
                    )
                return await work(asked, **named)
        if is_known:
            raise refusal(405, "MethodNotAllowed", f"The method {asked.method} is not allowed here.")
        raise not_found(asked.path)

    @staticmethod
    def _of_network(work: _Work) -> _Work:
        async def of_network(asked: Asked, **named: str) -> Answer:
            scope = named.get("network_id") or named.get("scope")
            kept = {key: value for key, value in named.items() if key == "name"}
            if work.__name__ in ("get", "delete") and "name" not in kept:
                return await work(asked, _spelt(scope or ""), None)
            return await work(asked, _spelt(scope or ""), **kept)

        return of_network

    async def _list_vaults(self, asked: Asked, subscription: str) -> Answer:
        return await ControlPlane(self._world).list(asked, subscription, None)

    async def _subscriptions(self, asked: Asked) -> Answer:
        self._check(asked)
        others = {network.id.split("/")[2].lower() for network in self._world.networks} - {self._world.subscription}
        known = [self._shown_subscription(one) for one in (self._world.subscription, *sorted(others))]
        return Answer(body={"value": known, "count": {"type": "Total", "value": len(known)}})

    async def _subscription(self, asked: Asked, subscription: str) -> Answer:
        self._check(asked)
        return Answer(body=self._shown_subscription(subscription))

    async def _tenants(self, asked: Asked) -> Answer:
        self._check(asked)
        tenant = self._world.tenant
        return Answer(body={"value": [{"id": f"/tenants/{tenant}", "tenantId": tenant, "displayName": "fencepost"}]})

    async def _groups(self, asked: Asked, subscription: str) -> Answer:
        self._check(asked)
        return Answer(body={"value": [self._shown_group(subscription, group) for group in sorted(self._world.groups)]})

    async def _group(self, asked: Asked, subscription: str, group: str) -> Answer:
        self._check(asked)
        if group.lower() not in {known.lower() for known in self._world.groups}:
            raise refusal(404, "ResourceGroupNotFound", f"Resource group '{group}' could not be found.")
        return Answer(body=self._shown_group(subscription, group))

    async def _put_group(self, asked: Asked, subscription: str, group: str) -> Answer:
        self._check(asked)
        self._world.groups.add(group)
        self._world.save()
        return Answer(body=self._shown_group(subscription, group))

    def _check(self, asked: Asked) -> None:
        standing = self._world.control_standing(asked, "Microsoft.Resources/subscriptions/read", asked.path)
        self._world.gates.check_credentials(standing)

    def _shown_subscription(self, subscription: str) -> dict[str, object]:
        return {
            "id": f"/subscriptions/{subscription}",
            "subscriptionId": subscription,
            "tenantId": self._world.tenant,
            "displayName": "fencepost",
            "state": "Enabled",
            "authorizationSource": "RoleBased",
            "managedByTenants": [],
            "subscriptionPolicies": {
                "locationPlacementId": "Public_2014-09-01",
                "quotaId": "x",
                "spendingLimit": "Off",
            },
        }

    def _shown_group(self, subscription: str, group: str) -> dict[str, object]:
        return {
            "id": f"/subscriptions/{subscription}/resourceGroups/{group}",
            "name": group,
            "type": "Microsoft.Resources/resourceGroups",
            "location": self._world.location,
            "properties": {"provisioningState": "Succeeded"},
        }


def _spelt(path: str) -> str:
    """The path of a network with its fixed parts as Resource Manager spells them, its names as they came."""
    words = {
        "subscriptions": "subscriptions",
        "resourcegroups": "resourceGroups",
        "providers": "providers",
        "microsoft.network": "Microsoft.Network",
        "virtualnetworks": "virtualNetworks",
        "subnets": "subnets",
    }
    parts = path.split("/")
    fixed = (1, 3, 5, 6, 7, 9)
    return "/".join(words.get(part.lower(), part) if index in fixed else part for index, part in enumerate(parts))


def _check_version(asked: Asked, family: str) -> None:
    version = asked.query.get("api-version")
    if version is None:
        raise refusal(
            400,
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.",
        )
    known = FACTS.api_versions[family]
    if version not in known:
        raise refusal(
            400,
            "NoRegisteredProviderFound",
            f"No registered resource provider found for API version '{version[:80]}'. The supported api-versions are "
            f"'{', '.join(sorted(known))}'.",
        )
