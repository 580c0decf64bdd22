"""Everything that is served: the vaults by name, the networks, the principals, and how a new vault gets its subject."""

import asyncio
import datetime as dt
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from fencepost.adapters.azure_server.asked import Asked
from fencepost.adapters.azure_server.errors import refusal
from fencepost.adapters.azure_server.gates import Gates, Standing
from fencepost.adapters.azure_server.network import Networks
from fencepost.adapters.azure_server.tokens import Principal, Token, Tokens
from fencepost.adapters.azure_server.vaults import Slot, Vault

_SPACE = uuid.UUID("9b4cf2c3-6a9f-4e0b-8f6e-3f6f7c1f5a10")
_CONTROL_AUDIENCES = ("https://management.azure.com", "https://management.core.windows.net")


def fixed_id(name: str) -> str:
    """The same GUID for the same name, in every server."""
    return str(uuid.uuid5(_SPACE, name))


OWNER = Principal(client_id=fixed_id("client/owner"), object_id=fixed_id("object/owner"), is_owner=True)
"""The principal with every role."""

STRANGER = Principal(client_id=fixed_id("client/stranger"), object_id=fixed_id("object/stranger"), is_owner=False)
"""The principal with none."""


@dataclass(slots=True, kw_only=True)
class World:
    """The vaults and networks that are served, and their addresses; `save` is called after every change."""

    tenant: str
    subscription: str
    group: str
    location: str
    gates: Gates
    tokens: Tokens
    networks: Networks
    open_slot: Callable[[str], Slot]
    most_vaults: int
    control_url: str
    login_url: str
    hosts: str | None = None
    save: Callable[[], None] = lambda: None
    log: Callable[[str], None] = lambda _: None
    slots: dict[str, Slot] = field(default_factory=dict)
    groups: set[str] = field(default_factory=set)
    principals: Mapping[str, Principal] = field(
        default_factory=lambda: {known.client_id: known for known in (OWNER, STRANGER)}
    )
    writing: asyncio.Lock = field(default_factory=asyncio.Lock)

    def principal(self, client_id: str | None) -> Principal:
        """The principal of this id; a principal without roles if the id is new, the owner if no id is given."""
        if client_id is None:
            return OWNER
        known = self.principals.get(client_id)
        return known or Principal(client_id=client_id, object_id=fixed_id(f"object/{client_id}"), is_owner=False)

    def slot(self, name: str) -> Slot:
        """The place of this name, made where it is new; a 409 where there are as many as there may be."""
        known = self.slots.get(name.lower())
        if known is None:
            if len(self.slots) >= self.most_vaults:
                raise refusal(
                    409, "QuotaExceeded", f"There are {self.most_vaults} vault names already; see serve --vaults."
                )
            known = self.slots[name.lower()] = self.open_slot(name)
        return known

    def vault_uri(self, name: str, port: int) -> str:
        """The URL of a vault's data plane: at the server's address, or at a name of its own."""
        host = f"{name}.{self.hosts}" if self.hosts else self.control_url.split("//")[1].rpartition(":")[0]
        return f"https://{host}:{port}"

    def control_standing(self, asked: Asked, action: str, *, scope: str | None = None) -> Standing:
        """Whether the token permits the action on the control plane, on what the path names or on this scope."""
        token = self._token(asked, (*_CONTROL_AUDIENCES, self.control_url))
        owner = token is not None and self.principal(token.client_id).is_owner
        standing = Standing(token=token, is_authorized=owner, action=action, scope=scope or asked.path)
        return standing if token is not None or not asked.bearer else replace(standing, fault=self._fault(asked.bearer))

    def check_control(self, asked: Asked, action: str, *, scope: str | None = None) -> None:
        """Raise the `Refusal` for a token that does not permit the action on the control plane."""
        self.gates.check_credentials(self.control_standing(asked, action, scope=scope))

    def _fault(self, bearer: str) -> tuple[str, str]:
        """Code and message for a token that is not good, as issues have quoted them."""
        known = self.tokens.claims(bearer)
        now = self.tokens.now()
        if known is None or now < known.expires:
            return "InvalidAuthenticationToken", "The access token is invalid."
        expiry, at = (
            f"{dt.datetime.fromtimestamp(when, dt.UTC):%m/%d/%Y %I:%M:%S %p}" for when in (known.expires, now)
        )
        message = f"The access token expiry UTC time '{expiry}' is earlier than current UTC time '{at}'."
        return "ExpiredAuthenticationToken", message

    def data_standing(self, asked: Asked, vault: Vault, permission: str) -> Standing:
        """Whether the token has a permission such as `secrets get`: by role, or by access policy."""
        token = self._token(asked, (self.gates.data_audience,))
        if token is None:
            is_authorized = False
        elif vault.properties.get("enableRbacAuthorization") is True:
            is_authorized = self.principal(token.client_id).is_owner
        else:
            is_authorized = _permits(vault.properties.get("accessPolicies"), token.object_id, permission)
        version = asked.query.get("api-version", "")
        return Standing(token=token, is_authorized=is_authorized, action=permission, scope=vault.id, version=version)

    def _token(self, asked: Asked, audiences: tuple[str, ...]) -> Token | None:
        token = self.tokens.read(asked.bearer) if asked.bearer else None
        return token if token is not None and token.audience in audiences else None


def _permits(policies: object, object_id: str, permission: str) -> bool:
    kind, _, verb = permission.partition(" ")
    for policy in policies if isinstance(policies, list) else ():
        if not isinstance(policy, Mapping) or str(policy.get("objectId", "")).lower() != object_id.lower():
            continue
        permissions = policy.get("permissions")
        granted = permissions.get(kind) if isinstance(permissions, Mapping) else None
        if isinstance(granted, list) and {"all", verb} & {str(one).lower() for one in granted}:
            return True
    return False


def now() -> str:
    """The time of day, as resources show it."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
