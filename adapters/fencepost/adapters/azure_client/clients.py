"""The SDK's clients for one endpoint: one set for each identity, over transports that they share."""

import asyncio
import logging
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import azure.keyvault.certificates
import azure.keyvault.keys
import azure.keyvault.secrets
from azure.core.pipeline.policies import AsyncRetryPolicy
from azure.identity.aio import ClientSecretCredential, DefaultAzureCredential
from azure.keyvault.certificates.aio import CertificateClient
from azure.keyvault.keys.aio import KeyClient
from azure.keyvault.secrets.aio import SecretClient
from azure.mgmt.keyvault.aio import KeyVaultManagementClient
from azure.mgmt.network.aio import NetworkManagementClient
from fencepost.adapters.azure.target import Endpoint, Identity, TargetFile, environment
from fencepost.adapters.azure_client.conveying import ConveyingTransport, OfOneCaller, connector, kept_connector

logging.getLogger("azure").addHandler(logging.NullHandler())  # else its warnings go to stderr, beside our one line

_ATTEMPTS = 8
_LAST_WORDS = 0.05
"""Seconds for the connections to end their TLS, once they are closed."""

_AZURE_VAULTS = ".vault.azure.net"


class OnlyThrottling(AsyncRetryPolicy):
    """Tries again where the endpoint says 429, after as long as it says; a 5xx is an answer."""

    def __init__(self) -> None:
        super().__init__(retry_total=_ATTEMPTS, retry_status=_ATTEMPTS, retry_connect=0, retry_read=0)

    def is_retry(self, settings: dict[str, Any], response: Any) -> bool:  # noqa: ARG002 - the base's signature
        """Whether the answer is a request to wait."""
        return bool(response.http_response.status_code == 429)


@dataclass(slots=True, kw_only=True)
class DataClients:
    """The three clients of one vault."""

    secrets: SecretClient
    keys: KeyClient
    certificates: CertificateClient


@dataclass(slots=True, kw_only=True)
class Clients:
    """The clients of one identity. `data` is there once the vault's address is known."""

    credential: Any
    transport: ConveyingTransport
    endpoint: Endpoint
    vaults: KeyVaultManagementClient
    networks: dict[str, NetworkManagementClient] = field(default_factory=dict)
    data: DataClients | None = None

    def network(self, subscription: str) -> NetworkManagementClient:
        """The client for the networks of a subscription."""
        key = subscription.lower()
        if key not in self.networks:
            self.networks[key] = NetworkManagementClient(
                self.credential, subscription, self.endpoint.control, **_common(self.transport, self.endpoint)
            )
        return self.networks[key]

    def reach(self, vault_url: str) -> DataClients:
        """The clients of the vault at this address."""
        if self.data is None or self.data.secrets.vault_url.rstrip("/") != vault_url.rstrip("/"):

            def client(of_kind: Callable[..., Any]) -> Any:
                # A policy is of one pipeline: it holds the policy that comes next there.
                return of_kind(
                    vault_url,
                    self.credential,
                    transport=self.transport,
                    retry_policy=OnlyThrottling(),
                    verify_challenge_resource=_AZURE_VAULTS in vault_url,
                )

            self.data = DataClients(
                secrets=client(SecretClient), keys=client(KeyClient), certificates=client(CertificateClient)
            )
        return self.data


@dataclass(slots=True, kw_only=True)
class ClientSets:
    """The clients of both identities, and the sessions below them."""

    authorized: Clients
    unauthorized: Clients | None
    sessions: tuple[aiohttp.ClientSession, ...]
    credentials: tuple[Any, ...]

    async def close(self) -> None:
        """Close every connection."""
        for credential in self.credentials:
            await credential.close()
        for session in self.sessions:
            await session.close()
        await asyncio.sleep(_LAST_WORDS)


class ResumingContext(ssl.SSLContext):
    """A client's TLS context: a connection resumes the session of the last connection to the same server name.

    The certificate was checked when the session began; only the same server can resume it.
    """

    def __init__(self, protocol: int) -> None:  # noqa: ARG002 - taken by __new__
        super().__init__()
        self._last: dict[str | None, ssl.SSLObject] = {}

    def wrap_bio(
        self,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        server_side: bool = False,  # noqa: FBT001, FBT002 - the base's signature
        server_hostname: str | bytes | None = None,
        session: ssl.SSLSession | None = None,
    ) -> ssl.SSLObject:
        """A connection's TLS, with the session of the last connection to the same name."""
        name = server_hostname if isinstance(server_hostname, str) else None
        if session is None and name in self._last:
            session = self._last[name].session
        self._last[name] = super().wrap_bio(incoming, outgoing, server_side, server_hostname, session)
        return self._last[name]


async def first_page(pager: Any) -> None:
    """Ask for the first page of a list."""
    async for _ in await anext(pager.by_page()):
        return


def context_for(endpoint: Endpoint) -> ssl.SSLContext:
    """The one TLS context: making it is dear, and every connection shares it."""
    context = ResumingContext(ssl.PROTOCOL_TLS_CLIENT)
    if endpoint.ca is None:
        context.load_default_certs()
    else:
        context.load_verify_locations(cafile=endpoint.ca)
    return context


def forget_challenges() -> None:
    """Take from the process what the SDKs know of endpoints that they asked before.

    An SDK keeps, by host and port, which token a vault asks for. A vault at the same host and port that asks for no
    token would be asked otherwise than a vault at a new port, and its conformance statement would differ.
    """
    for package in (azure.keyvault.secrets, azure.keyvault.keys, azure.keyvault.certificates):
        package._shared.HttpChallengeCache.clear()  # the SDKs have no public name for it


def open_clients(target: TargetFile, context: ssl.SSLContext) -> ClientSets:
    """The clients of the target; to be called in the loop that they are used in."""
    stranger = target.identities.unauthorized
    secrets = {identity: _secret(identity) for identity in (target.identities.authorized, stranger) if identity}
    shared = target.caller.address == "header"
    session = _session(connector(target.caller, context), aiohttp.ClientRequest if shared else OfOneCaller)
    plain = _session(kept_connector(context))
    transport = ConveyingTransport(session, target.caller)
    credentials: list[Any] = []

    def clients(identity: Identity) -> Clients:
        credential = _credential(identity, secrets[identity], target.endpoint, ConveyingTransport(plain, target.caller))
        credentials.append(credential)
        endpoint = target.endpoint
        return Clients(
            credential=credential,
            transport=transport,
            endpoint=endpoint,
            vaults=KeyVaultManagementClient(
                credential, endpoint.subscription, endpoint.control, **_common(transport, endpoint)
            ),
        )

    authorized = clients(target.identities.authorized)
    unauthorized = None if stranger is None else clients(stranger)
    return ClientSets(
        authorized=authorized,
        unauthorized=unauthorized,
        sessions=(session, plain),
        credentials=tuple(credentials),
    )


def _session(
    connecting: aiohttp.TCPConnector, requests: type[aiohttp.ClientRequest] = aiohttp.ClientRequest
) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=connecting,
        request_class=requests,
        trust_env=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
    )


def _common(transport: ConveyingTransport, endpoint: Endpoint) -> dict[str, Any]:
    return {
        "transport": transport,
        "credential_scopes": [endpoint.control_scope],
        "retry_policy": OnlyThrottling(),
        "polling_interval": 0,
    }


def _secret(identity: Identity) -> str:
    """The principal's secret, from the environment; a word in its place for an endpoint that takes any."""
    if identity.client_id is None or not identity.checks_secret:
        return "unchecked"
    return environment(identity.secret_env or "AZURE_CLIENT_SECRET")


def _credential(identity: Identity, secret: str, endpoint: Endpoint, transport: ConveyingTransport) -> Any:
    if identity.client_id is None:
        return DefaultAzureCredential()
    options: dict[str, Any] = {"transport": transport, "retry_total": 0}
    if endpoint.login is not None:
        options |= {"authority": endpoint.login, "disable_instance_discovery": True}
    return ClientSecretCredential(endpoint.tenant, identity.client_id, secret, **options)
