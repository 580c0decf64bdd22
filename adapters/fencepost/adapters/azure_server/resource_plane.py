"""Resource Manager: which operation a method and a path are, with the api-version checked."""

from collections.abc import Awaitable, Callable, Mapping

from fencepost.adapters.azure.facts import FACTS
from fencepost.adapters.azure_server.asked import Asked, path_pattern
from fencepost.adapters.azure_server.control_plane import ControlPlane
from fencepost.adapters.azure_server.errors import SERVICE_VERSION, Answer, Refusal, not_found, refusal
from fencepost.adapters.azure_server.network_plane import NetworkPlane
from fencepost.adapters.azure_server.subscription_plane import SubscriptionPlane
from fencepost.adapters.azure_server.world import World

_Works = Mapping[str, Callable[..., Awaitable[Answer]]]
_OF_SERVICE = {"x-ms-keyvault-service-version": SERVICE_VERSION}
_SUBSCRIPTION = "/subscriptions/{subscription}"
_GROUP = _SUBSCRIPTION + "/resourcegroups/{group}"
_KEY_VAULT = "/providers/microsoft.keyvault"
_VAULTS = _KEY_VAULT + "/vaults"
_VAULT = _GROUP + _VAULTS + "/{name}"
_DELETED = _SUBSCRIPTION + _KEY_VAULT + "/locations/{location}/deletedvaults/{name}"
_NETWORKS = "/providers/microsoft.network/virtualnetworks"
_NETWORK = _GROUP + _NETWORKS + "/{network}"
_SUBNET = _NETWORK + "/subnets/{subnet}"

_OF_VAULT: _Works = {
    "PUT": ControlPlane.put,
    "PATCH": ControlPlane.patch,
    "GET": ControlPlane.get,
    "DELETE": ControlPlane.delete,
}
_OF_NETWORK: _Works = {"PUT": NetworkPlane.put_network, "GET": NetworkPlane.get, "DELETE": NetworkPlane.delete}
_OF_SUBNET: _Works = {"PUT": NetworkPlane.put_subnet, "GET": NetworkPlane.get, "DELETE": NetworkPlane.delete}
_OF_GROUP: _Works = {
    "GET": SubscriptionPlane.get_group,
    "HEAD": SubscriptionPlane.get_group,
    "PUT": SubscriptionPlane.put_group,
}

ROUTES: tuple[tuple[str, str, _Works], ...] = (
    ("vaults", _VAULT, _OF_VAULT),
    ("vaults", _VAULT + "/accesspolicies/{how}", {"PUT": ControlPlane.set_policies}),
    ("vaults", _GROUP + _VAULTS, {"GET": ControlPlane.list}),
    ("vaults", _SUBSCRIPTION + _VAULTS, {"GET": ControlPlane.list}),
    ("vaults", _SUBSCRIPTION + _KEY_VAULT + "/deletedvaults", {"GET": ControlPlane.list_deleted}),
    ("vaults", _SUBSCRIPTION + _KEY_VAULT + "/checknameavailability", {"POST": ControlPlane.check_name}),
    ("vaults", _DELETED, {"GET": ControlPlane.get_deleted}),
    ("vaults", _DELETED + "/purge", {"POST": ControlPlane.purge}),
    ("network", _NETWORK, _OF_NETWORK),
    ("network", _NETWORK + "/subnets", {"GET": NetworkPlane.list_subnets}),
    ("network", _SUBNET, _OF_SUBNET),
    ("network", _GROUP + _NETWORKS, {"GET": NetworkPlane.list}),
    ("network", _SUBSCRIPTION + _NETWORKS, {"GET": NetworkPlane.list}),
    ("resources", "/subscriptions", {"GET": SubscriptionPlane.list}),
    ("resources", _SUBSCRIPTION, {"GET": SubscriptionPlane.get}),
    ("resources", "/tenants", {"GET": SubscriptionPlane.list_tenants}),
    ("resources", _SUBSCRIPTION + "/resourcegroups", {"GET": SubscriptionPlane.list_groups}),
    ("resources", _GROUP, _OF_GROUP),
    ("resources", _SUBSCRIPTION + "/resources", {"GET": SubscriptionPlane.list_resources}),
)
"""Every path: the family of its api-versions, its template, and its operations by method."""


class ResourcePlane:
    """Everything below the control plane's URL, by method and path; paths compare without regard to case."""

    def __init__(self, world: World) -> None:
        self._planes = {
            "vaults": ControlPlane(world),
            "network": NetworkPlane(world),
            "resources": SubscriptionPlane(world),
        }
        self._routes = [(family, path_pattern(path), works) for family, path, works in ROUTES]

    async def answer(self, asked: Asked) -> Answer:
        """The answer to one request of the control plane."""
        path = "/" + "/".join(asked.segments)
        for family, pattern, works in self._routes:
            found = pattern.fullmatch(path)
            if found is None:
                continue
            if asked.method not in works:
                raise refusal(405, "MethodNotAllowed", f"The method {asked.method} is not allowed here.")
            _check_version(asked, family)
            headers = _OF_SERVICE if family == "vaults" else {}
            try:
                answer = await works[asked.method](self._planes[family], asked, **found.groupdict())
            except Refusal as refused:
                raise Refusal(answer=refused.answer.with_headers(headers)) from None
            return answer.with_headers(headers)
        raise not_found(asked.path)


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
