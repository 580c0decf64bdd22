"""Subscriptions, tenants and resource groups on the control plane."""

from fencepost.adapters.azure_server.asked import Asked
from fencepost.adapters.azure_server.control_plane import ControlPlane
from fencepost.adapters.azure_server.errors import Answer, refusal
from fencepost.adapters.azure_server.world import World


class SubscriptionPlane:
    """The operations on subscriptions and resource groups; every caller with a valid token may do them."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def list(self, asked: Asked) -> Answer:
        """The subscriptions: our own, and those of the virtual networks."""
        self._check(asked)
        others = {network.id.split("/")[2].lower() for network in self._world.networks} - {self._world.subscription}
        known = [self._shown_subscription(one) for one in (self._world.subscription, *sorted(others))]
        return Answer(body={"value": known, "count": {"type": "Total", "value": len(known)}})

    async def get(self, asked: Asked, subscription: str) -> Answer:
        """Read a subscription."""
        self._check(asked)
        return Answer(body=self._shown_subscription(subscription))

    async def list_tenants(self, asked: Asked) -> Answer:
        """The one tenant."""
        self._check(asked)
        tenant = self._world.tenant
        return Answer(body={"value": [{"id": f"/tenants/{tenant}", "tenantId": tenant, "displayName": "fencepost"}]})

    async def list_groups(self, asked: Asked, subscription: str) -> Answer:
        """The resource groups."""
        self._check(asked)
        return Answer(body={"value": [self._shown_group(subscription, group) for group in sorted(self._world.groups)]})

    async def get_group(self, asked: Asked, subscription: str, group: str) -> Answer:
        """Read a resource group."""
        self._check(asked)
        if group.lower() not in {known.lower() for known in self._world.groups}:
            raise refusal(404, "ResourceGroupNotFound", f"Resource group '{group}' could not be found.")
        return Answer(body=self._shown_group(subscription, group))

    async def put_group(self, asked: Asked, subscription: str, group: str) -> Answer:
        """Create a resource group."""
        self._check(asked)
        self._world.groups.add(group)
        self._world.save()
        return Answer(body=self._shown_group(subscription, group))

    async def list_resources(self, asked: Asked, subscription: str) -> Answer:
        """The resources of a subscription; of those, its vaults alone."""
        return await ControlPlane(self._world).list(asked, subscription)

    def _check(self, asked: Asked) -> None:
        self._world.check_control(asked, "Microsoft.Resources/subscriptions/read")

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
