"""The vaults of the control plane: create, change, read, list, delete, recover and purge them."""

import copy
import datetime as dt
import re
from collections.abc import Mapping, Sequence

from fencepost.adapters.azure.forms import ALL_DEFAULT
from fencepost.adapters.azure_server.asked import Asked
from fencepost.adapters.azure_server.errors import OPEN_POINT, Answer, Refusal, bad_request, not_found, refusal
from fencepost.adapters.azure_server.open_rules import open_forms_of, open_points_in
from fencepost.adapters.azure_server.refused_rules import explained
from fencepost.adapters.azure_server.vault_bodies import as_of, read_body, read_policies, shown, shown_deleted
from fencepost.adapters.azure_server.vaults import Slot, Vault
from fencepost.adapters.azure_server.world import World, now

_ACTIONS = {
    "VaultGet": "vaults/read",
    "VaultList": "vaults/read",
    "VaultPut": "vaults/write",
    "VaultPatch": "vaults/write",
    "VaultRecover": "vaults/write",
    "VaultNetworkRuleSet": "vaults/write",
    "VaultDelete": "vaults/delete",
    "VaultAccessPolicySet": "vaults/accessPolicies/write",
    "VaultGetDeleted": "locations/deletedVaults/read",
    "VaultListDeleted": "deletedVaults/read",
    "VaultPurge": "locations/deletedVaults/purge/action",
}
_RETENTION = dt.timedelta(days=90)
_VAULT_NAME = re.compile(r"[a-z](?!.*--)[a-z0-9-]{1,22}[a-z0-9]", re.IGNORECASE | re.ASCII)


class ControlPlane:
    """The operations on vaults. Every one asks the subject of the vault first, whether or not the path leads to it."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def put(self, asked: Asked, subscription: str, group: str, name: str) -> Answer:
        """Create the vault, replace it, or recover it."""
        _check_vault_name(name)
        body = self._body(asked)
        properties = body.get("properties") if isinstance(body.get("properties"), dict) else {}
        assert isinstance(properties, dict)
        operation = "VaultNetworkRuleSet" if properties.get("networkAcls") is not None else "VaultPut"
        if str(properties.get("createMode", "")).lower() == "recover":
            operation = "VaultRecover"
        slot = self._world.slots.get(name.lower())
        vault = slot.vault if slot else None
        async with self._world.writing:
            if slot is None or vault is None:
                self._world.check_control(asked, f"Microsoft.KeyVault/{_ACTIONS[operation]}")
            else:
                await self._gate(asked, operation, [slot])
            written = read_body(body)
            if operation == "VaultRecover":
                return await self._recover(asked, slot, body, subscription, group, name)
            if vault is not None and vault.deleted is not None:
                raise refusal(
                    409,
                    "ConflictError",
                    f"A vault with the same name already exists in deleted state. You need to either recover or purge "
                    f"existing key vault. {name}",
                )
            if vault is not None and not _is_at(vault, subscription, group):
                raise refusal(409, "VaultAlreadyExists", f"The vault name '{name}' is already in use.")
            location = body.get("location")
            if not isinstance(location, str) or not location:
                raise refusal(400, "LocationRequired", "The location property is required for this definition.")
            if not isinstance(written.get("tenantId"), str) or "sku" not in written:
                raise bad_request("A vault needs properties.tenantId and properties.sku.")
            if vault is None or slot is None:
                return await self._create(asked, body, written, subscription, group, name)
            if _place(location) != _place(vault.location):
                raise refusal(
                    409,
                    "InvalidResourceLocation",
                    f"The resource '{name}' already exists in location '{vault.location}' in resource group "
                    f"'{group}'. A resource with the same name cannot be created in location '{location}'. Please "
                    "select a new resource name.",
                )
            return await self._replace(asked, slot, vault, body, written)

    async def patch(self, asked: Asked, subscription: str, group: str, name: str) -> Answer:
        """Change the members that are named."""
        body = self._body(asked)
        properties = body.get("properties")
        names_rules = isinstance(properties, dict) and properties.get("networkAcls") is not None
        async with self._world.writing:
            slot, vault = await self._gated(
                asked, "VaultNetworkRuleSet" if names_rules else "VaultPatch", subscription, group, name
            )
            written = read_body(body)
            points: tuple[str, ...] = ()
            if "networkAcls" in written:
                points = ("null-network-acls" if written["networkAcls"] is None else "patch-with-network-acls",)
                if written["networkAcls"] is not None:
                    points += await self._write_rules(slot, vault, written["networkAcls"])
            vault.properties |= {key: value for key, value in written.items() if key != "networkAcls"}
            if isinstance(body.get("tags"), dict):
                vault.tags = dict(body["tags"])  # type: ignore[call-overload]
            return await self._changed(asked, slot, vault, points)

    async def get(self, asked: Asked, subscription: str, group: str, name: str) -> Answer:
        """Read the vault."""
        slot, vault = await self._gated(asked, "VaultGet", subscription, group, name)
        if not vault.is_provisioned:
            vault.is_provisioned = True
            self._world.save()
        return Answer(body=await self._shown(asked, slot, vault), headers=_open(open_forms_of(vault.sent or {})))

    async def delete(self, asked: Asked, subscription: str, group: str, name: str) -> Answer:
        """Delete the vault; its name stays taken until it is purged."""
        async with self._world.writing:
            slot = await self._gated_slot(asked, "VaultDelete", name)
            vault = slot.live if slot else None
            if vault is None or not _is_at(vault, subscription, group):
                return Answer(status=204)
            vault.deleted = now()
            self._world.save()
            return Answer(status=200)

    async def list(self, asked: Asked, subscription: str, group: str | None = None) -> Answer:
        """The vaults of a group, or of the subscription."""
        slots = [slot for slot in self._world.slots.values() if slot.live and _is_at(slot.live, subscription, group)]
        await self._gate(asked, "VaultList", slots)
        listed = [await self._shown(asked, slot, slot.live) for slot in slots if slot.live]
        return Answer(body={"value": listed})

    async def set_policies(self, asked: Asked, subscription: str, group: str, name: str, how: str) -> Answer:
        """Add, replace or remove access policies."""
        _check_vault_name(name)
        async with self._world.writing:
            _slot, vault = await self._gated(asked, "VaultAccessPolicySet", subscription, group, name)
            body = asked.json()
            properties = body.get("properties")
            if how not in ("add", "replace", "remove") or not isinstance(properties, dict):
                raise bad_request("Expected add, replace or remove, and an object properties.")
            named = read_policies(properties.get("accessPolicies", []))
            known = vault.properties.get("accessPolicies")
            kept = known if isinstance(known, list) else []
            ids = {_object_id(policy) for policy in named}
            others = [policy for policy in kept if _object_id(policy) not in ids]
            vault.properties["accessPolicies"] = (
                others if how == "remove" else [*others, *named] if how == "add" else named
            )
            vault.modified = now()
            self._world.save()
            return Answer(
                body={
                    "id": f"{vault.id}/accessPolicies/",
                    "type": "Microsoft.KeyVault/vaults/accessPolicies",
                    "location": vault.location,
                    "properties": {"accessPolicies": copy.deepcopy(vault.properties["accessPolicies"])},
                }
            )

    async def list_deleted(self, asked: Asked, subscription: str) -> Answer:
        """The deleted vaults of the subscription."""
        slots = [
            slot for slot in self._world.slots.values() if slot.vault is not None and _is_at(slot.vault, subscription)
        ]
        await self._gate(asked, "VaultListDeleted", slots)
        return Answer(body={"value": [_deleted(slot.vault) for slot in slots if slot.vault and slot.vault.deleted]})

    async def get_deleted(self, asked: Asked, subscription: str, location: str, name: str) -> Answer:
        """Read a deleted vault."""
        slot = await self._gated_slot(asked, "VaultGetDeleted", name)
        return Answer(body=_deleted(_find_deleted(slot, subscription, location, name)))

    async def purge(self, asked: Asked, subscription: str, location: str, name: str) -> Answer:
        """Delete a deleted vault for good."""
        async with self._world.writing:
            slot = await self._gated_slot(asked, "VaultPurge", name)
            _find_deleted(slot, subscription, location, name)
            assert slot is not None
            slot.vault = None
            self._world.save()
            return Answer(status=200)

    async def check_name(self, asked: Asked, subscription: str) -> Answer:
        """Whether a vault's name is free."""
        action, scope = "Microsoft.KeyVault/checkNameAvailability/read", f"/subscriptions/{subscription}"
        self._world.check_control(asked, action, scope=scope)
        name = asked.json().get("name")
        if not isinstance(name, str):
            raise bad_request("Invalid value found at name: expected a string.")
        slot = self._world.slots.get(name.lower())
        if slot is None or slot.vault is None:
            return Answer(body={"nameAvailable": True})
        return Answer(
            body={
                "nameAvailable": False,
                "reason": "AlreadyExists",
                "message": f"The vault name '{name}' is already in use.",
            }
        )

    def _body(self, asked: Asked) -> dict[str, object]:
        """The body; where it cannot be read, a caller without token or role hears of that first."""
        try:
            return asked.json()
        except Refusal:
            self._world.check_control(asked, "Microsoft.KeyVault/vaults/write")
            raise

    async def _gated(
        self, asked: Asked, operation: str, subscription: str, group: str, name: str
    ) -> tuple[Slot, Vault]:
        slot = await self._gated_slot(asked, operation, name)
        vault = slot.live if slot else None
        if slot is None or vault is None or not _is_at(vault, subscription, group):
            raise not_found(f"Microsoft.KeyVault/vaults/{name}", group=group)
        return slot, vault

    async def _gated_slot(self, asked: Asked, operation: str, name: str) -> Slot | None:
        slot = self._world.slots.get(name.lower())
        await self._gate(asked, operation, [slot] if slot else [])
        return slot

    async def _gate(self, asked: Asked, operation: str, slots: Sequence[Slot]) -> None:
        standing = self._world.control_standing(asked, f"Microsoft.KeyVault/{_ACTIONS[operation]}")
        concerned = [slot for slot in slots if slot.vault is not None]
        if not concerned:
            self._world.gates.check_credentials(standing)
        for slot in concerned:
            await self._world.gates.pass_subject(
                slot.subject, slot.vault, plane="control", operation=operation, asked=asked, standing=standing
            )

    async def _create(
        self,
        asked: Asked,
        body: Mapping[str, object],
        written: dict[str, object],
        subscription: str,
        group: str,
        name: str,
    ) -> Answer:
        slot = self._world.slot(name)
        vault = Vault(
            name=name, subscription=subscription, group=group, location=_place(str(body["location"])), created=now()
        )
        await slot.begin(self._world.networks.subnets())
        acls = written.get("networkAcls")
        points = () if acls is None else await self._write_rules(slot, vault, acls)
        slot.vault = vault
        self._take(vault, body, written)
        return await self._changed(asked, slot, vault, points)

    async def _replace(
        self, asked: Asked, slot: Slot, vault: Vault, body: Mapping[str, object], written: dict[str, object]
    ) -> Answer:
        acls, points = written.get("networkAcls"), tuple[str, ...]()
        if acls is None:
            points = ("null-network-acls" if "networkAcls" in written else "put-without-network-acls",)
        if acls is not None or vault.sent is not None:
            points += await self._write_rules(slot, vault, ALL_DEFAULT if acls is None else acls)
        vault.sent = None if acls is None else vault.sent
        self._take(vault, body, written)
        return await self._changed(asked, slot, vault, points)

    async def _recover(
        self, asked: Asked, slot: Slot | None, body: Mapping[str, object], subscription: str, group: str, name: str
    ) -> Answer:
        vault = slot.vault if slot else None
        if slot is None or vault is None or not _is_at(vault, subscription, group):
            raise not_found(f"deleted vault {name}")
        if vault.deleted is None or _place(str(body.get("location", vault.location))) != _place(vault.location):
            raise refusal(409, "ConflictError", f"There is no deleted vault {name} to recover at this location.")
        vault.deleted = None
        return await self._changed(asked, slot, vault)

    async def _write_rules(self, slot: Slot, vault: Vault, acls: object) -> tuple[str, ...]:
        """Write the rules; the open points that the answer hangs on."""
        assert isinstance(acls, Mapping)
        refused = await slot.write(vault, acls)
        if refused is not None:
            raise explained(refused, acls, self._world.networks)
        return open_points_in(acls)

    @staticmethod
    def _take(vault: Vault, body: Mapping[str, object], written: Mapping[str, object]) -> None:
        vault.properties = {key: value for key, value in written.items() if key not in ("networkAcls", "createMode")}
        tags = body.get("tags")
        vault.tags = dict(tags) if isinstance(tags, Mapping) else {}

    async def _changed(self, asked: Asked, slot: Slot, vault: Vault, points: Sequence[str] = ()) -> Answer:
        vault.modified = now()
        token = self._world.tokens.read(asked.bearer) if asked.bearer else None
        vault.modified_by = token.client_id if token else ""
        vault.created_by = vault.created_by or vault.modified_by
        self._world.save()
        return Answer(body=await self._shown(asked, slot, vault), headers=_open(points))

    async def _shown(self, asked: Asked, slot: Slot, vault: Vault) -> Mapping[str, object]:
        uri = self._world.vault_uri(vault.name, slot.listener.port)
        return as_of(shown(vault, await slot.shown_rules(vault), uri), asked.query["api-version"])


def _open(points: Sequence[str]) -> Mapping[str, str]:
    return {OPEN_POINT: ", ".join(points)} if points else {}


def _check_vault_name(name: str) -> None:
    if not _VAULT_NAME.fullmatch(name):
        raise refusal(
            400,
            "VaultNameNotValid",
            f"The vault name '{name[:80]}' is invalid: 3 to 24 letters, digits and hyphens.",
        )


def _is_at(vault: Vault, subscription: str, group: str | None = None) -> bool:
    is_here = vault.subscription.lower() == subscription.lower()
    return is_here and (group is None or group.lower() == vault.group.lower())


def _place(location: str) -> str:
    return location.replace(" ", "").lower()


def _object_id(policy: object) -> str:
    return str(policy.get("objectId", "")).lower() if isinstance(policy, Mapping) else ""


def _deleted(vault: Vault | None) -> Mapping[str, object]:
    assert vault is not None
    at = dt.datetime.fromisoformat(str(vault.deleted))
    return shown_deleted(vault, (at + _RETENTION).isoformat().replace("+00:00", "Z"))


def _find_deleted(slot: Slot | None, subscription: str, location: str, name: str) -> Vault:
    vault = slot.vault if slot else None
    is_here = vault is not None and _is_at(vault, subscription) and _place(vault.location) == _place(location)
    if vault is None or vault.deleted is None or not is_here:
        raise not_found(f"deleted vault {name}")
    return vault
