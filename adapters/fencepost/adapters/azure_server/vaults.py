"""A vault as the control plane keeps it, its normal forms on read-back, and the subject that decides for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from fencepost.adapters.azure.forms import read_back, texts_of, with_prefix
from fencepost.adapters.azure_server.listener import Listener
from fencepost.adapters.azure_server.network import Subnet, as_reset
from fencepost.adapters.azure_server.objects import Objects
from fencepost.adapters.azure_server.subject import Refused, Subject
from fencepost.adapters.contract.protocol import JsonObject

PREVIEW = "keyvault-2018-preview"


@dataclass(slots=True, kw_only=True)
class Vault:
    """One vault: what was written of it, and `sent`, the rules in force as the subject was given them."""

    name: str
    subscription: str
    group: str
    location: str
    tags: dict[str, object] = field(default_factory=dict)
    properties: dict[str, object] = field(default_factory=dict)
    sent: JsonObject | None = None
    created: str = ""
    created_by: str = ""
    modified: str = ""
    modified_by: str = ""
    is_provisioned: bool = False
    deleted: str | None = None
    objects: Objects = field(default_factory=Objects)

    @property
    def id(self) -> str:
        """The resource id, as the service spells it."""
        return (
            f"/subscriptions/{self.subscription}/resourceGroups/{self.group}"
            f"/providers/Microsoft.KeyVault/vaults/{self.name}"
        )

    @property
    def bypass(self) -> str:
        """The bypass in force, for the words of a refusal."""
        return str((self.sent or {}).get("bypass") or "AzureServices")

    @property
    def subnets(self) -> frozenset[str]:
        """The subnets that the rules in force name, in lower case."""
        return frozenset(name.lower() for name in texts_of(self.sent or {}, "virtualNetworkRules", "id"))


@dataclass(slots=True, kw_only=True)
class Slot:
    """The place of a vault's name: a port and a subject, which outlive the vault; and the vault, live or deleted."""

    listener: Listener
    subject: Subject
    vault: Vault | None = None

    @property
    def live(self) -> Vault | None:
        """The vault, if it is there and not deleted."""
        return self.vault if self.vault is not None and self.vault.deleted is None else None

    async def begin(self, subnets: Sequence[Subnet]) -> None:
        """A new vault for the subject, in the network as it is."""
        await self.subject.reset(as_reset(subnets))

    async def write(self, vault: Vault, acls: JsonObject) -> Refused | None:
        """Put the rules to the subject; return the refusal if it refused them, else None."""
        sent = _as_stored_before(acls, vault.sent) if self.subject.statement.profile == PREVIEW else acls
        refused = await self.subject.put_rules(sent)
        if refused is None:
            vault.sent = sent
        return refused

    async def restore(self, vault: Vault, subnets: Sequence[Subnet]) -> Refused | None:
        """A vault for the subject with the rules in force: endpoints on while they are written, then as they are."""
        named = vault.subnets
        on = [
            Subnet(id=subnet.id, endpoints=(*subnet.endpoints, "Microsoft.KeyVault"))
            if subnet.id.lower() in named and "Microsoft.KeyVault" not in subnet.endpoints
            else subnet
            for subnet in subnets
        ]
        await self.subject.reset(as_reset(on))
        refused = None if vault.sent is None else await self.subject.put_rules(vault.sent)
        for subnet, switched in zip(subnets, on, strict=True):
            if subnet != switched:
                await self.subject.set_service_endpoints(subnet.id, subnet.endpoints)
        return refused

    async def shown_rules(self, vault: Vault) -> JsonObject | None:
        """The rules in their normal forms: as the subject reads them back, or as written where it reads none back."""
        if vault.sent is None:
            return None
        return read_back(await self.subject.rules() if self.subject.offers("read-back") else vault.sent)


def _as_stored_before(acls: JsonObject, before: JsonObject | None) -> JsonObject:
    """In 2018, a /32 that was read back is the bare address that was written: it is no new value."""
    stored = set(texts_of(before or {}, "ipRules", "value"))
    shown = {with_prefix(value): value for value in stored}
    rules = acls.get("ipRules")
    if not isinstance(rules, list):
        return acls
    return {**acls, "ipRules": [_stored(rule, shown, stored) for rule in rules]}


def _stored(rule: object, shown: Mapping[str, str], stored: set[str]) -> object:
    value = rule.get("value") if isinstance(rule, Mapping) else None
    if not isinstance(rule, Mapping) or not isinstance(value, str) or value in stored:
        return rule
    return {**rule, "value": shown.get(value, value)}
