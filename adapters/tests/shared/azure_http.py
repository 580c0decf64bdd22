"""A plain HTTPS client of Azure's wire: what is sent and what comes back, byte for byte, without an SDK."""

import http.client
import json
import ssl
import urllib.parse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from fencepost.adapters.azure_server.background import Running
from fencepost.adapters.azure_server.world import OWNER, STRANGER

CONTROL, DATA = "https://management.azure.com", "https://vault.azure.net"
NETWORK_VERSION, VAULT_VERSION, DATA_VERSION = "2023-09-01", "2023-02-01", "7.4"
SUBNETS = "/subscriptions/{}/resourceGroups/Net/providers/Microsoft.Network/virtualNetworks/Vnet1/subnets"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came back."""

    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def code(self) -> str:
        """The error's code, the inner one where there is one."""
        error = self.body["error"]
        return str(error.get("innererror", error)["code"])


@dataclass(slots=True, kw_only=True)
class Wire:
    """Asks a running server; `vault` is the name of the vault at hand."""

    running: Running
    vault: str = "kv-one"
    uris: dict[str, str] = field(default_factory=dict)
    names: Iterator[int] = field(default_factory=count)

    def fresh(self) -> "Wire":
        """The same, a new vault name at hand."""
        self.vault = f"kv-{next(self.names)}"
        return self

    @property
    def group(self) -> str:
        """The path of the resource group."""
        world = self.running.server.world
        return f"/subscriptions/{world.subscription}/resourceGroups/{world.group}"

    def path(self, name: str | None = None) -> str:
        """The path of the vault."""
        return f"{self.group}/providers/Microsoft.KeyVault/vaults/{name or self.vault}"

    def token(self, audience: str = CONTROL, *, client: str | None = None) -> str:
        """A token as the OAuth endpoint gives it."""
        world = self.running.server.world
        form = {"grant_type": "client_credentials", "client_id": client or OWNER.client_id, "client_secret": "any"}
        reply = self.send(
            "POST",
            f"{world.login_url}/{world.tenant}/oauth2/v2.0/token",
            urllib.parse.urlencode({**form, "scope": f"{audience}/.default"}).encode(),
        )
        return str(reply.body["access_token"])

    def stranger(self, audience: str = CONTROL) -> str:
        """The token of a principal without roles."""
        return self.token(audience, client=STRANGER.client_id)

    def control(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        token: str | None = "",
        version: str = VAULT_VERSION,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """One request to the control plane, by the owner unless another token, or None, is given."""
        base = self.running.server.world.control_url
        joint = "&" if "?" in path else "?"
        target = f"{base}{path}{joint}api-version={version}" if version else f"{base}{path}"
        return self.send(method, target, body, token=self.token() if token == "" else token, headers=headers)

    def data(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        token: str | None = "",
        version: str = DATA_VERSION,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """One request to the data plane of the vault."""
        joint = "&" if "?" in path else "?"
        target = f"{self.uris[self.vault]}{path}{joint}api-version={version}"
        return self.send(method, target, body, token=self.token(DATA) if token == "" else token, headers=headers)

    def create(self, acls: object = None, *, name: str | None = None, **properties: object) -> Reply:
        """PUT a vault in which the owner may do everything."""
        reply = self.control("PUT", self.path(name), self.body(acls, **properties))
        if reply.status == 200:
            self.uris[name or self.vault] = str(reply.body["properties"]["vaultUri"]).rstrip("/")
        return reply

    def body(self, acls: object = None, **properties: object) -> dict[str, Any]:
        """The body of a vault."""
        world = self.running.server.world
        permissions = {"secrets": ["all"], "keys": ["all"], "certificates": ["all"]}
        policy = {"tenantId": world.tenant, "objectId": OWNER.object_id, "permissions": permissions}
        written = {
            "tenantId": world.tenant,
            "sku": {"family": "A", "name": "standard"},
            "accessPolicies": [policy],
            **({} if acls is None else {"networkAcls": acls}),
            **properties,
        }
        return {"location": "westeurope", "properties": written}

    def read(self) -> Any:
        """The vault's properties, by a GET."""
        return self.control("GET", self.path()).body["properties"]

    def subnet(self, name: str, *endpoints: str) -> str:
        """A subnet of a network that is there from now on; its id."""
        world = self.running.server.world
        path = SUBNETS.format(world.subscription)
        network = path.removesuffix("/subnets")
        services = [{"service": endpoint} for endpoint in endpoints]
        if self.control("GET", network, version=NETWORK_VERSION).status == 404:
            self.control("PUT", network, {"location": "westeurope"}, version=NETWORK_VERSION)
        body = {"properties": {"addressPrefix": "10.1.1.0/24", "serviceEndpoints": services}}
        reply = self.control("PUT", f"{path}/{name}", body, version=NETWORK_VERSION)
        return str(reply.body["id"])

    def send(
        self,
        method: str,
        url: str,
        body: object = None,
        *,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """One request on a connection of its own."""
        parts = urllib.parse.urlsplit(url)
        sent = {**({} if token is None else {"Authorization": f"Bearer {token}"}), **(headers or {})}
        content = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        connection = connect(self.running.context() if parts.scheme == "https" else None, parts.port or 0)
        try:
            target = f"{parts.path}?{parts.query}" if parts.query else parts.path
            connection.request(method, target, content, sent)
            response = connection.getresponse()
            text = response.read()
        finally:
            connection.close()
        found = {name.lower(): value for name, value in response.getheaders()}
        return Reply(status=response.status, body=json.loads(text) if text else None, headers=found)


def connect(context: ssl.SSLContext | None, port: int) -> http.client.HTTPConnection:
    """A connection to a port of this machine."""
    if context is None:
        return http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    return http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=20)
