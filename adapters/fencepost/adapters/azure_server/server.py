"""The server put together: ports, certificates, subjects and state; and how it begins and ends."""

import asyncio
import contextlib
import random
import secrets
import ssl
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import trustme
from fencepost.adapters.azure.forms import texts_of
from fencepost.adapters.azure.target import (
    CallerHeaders,
    CallerTable,
    Endpoint,
    Identities,
    Identity,
    StatementTable,
    TargetFile,
    remove_target,
    save_target,
    write_atomically,
)
from fencepost.adapters.azure_server.application import Application, Disturbance
from fencepost.adapters.azure_server.calling import HEADERS, Convoy
from fencepost.adapters.azure_server.gates import Gates
from fencepost.adapters.azure_server.listener import Listener, configuration
from fencepost.adapters.azure_server.network import Networks, Subnet, VirtualNetwork
from fencepost.adapters.azure_server.state import State, network_from, read_from, rows_of, vault_from
from fencepost.adapters.azure_server.subject import Subject, introduce
from fencepost.adapters.azure_server.tokens import Tokens
from fencepost.adapters.azure_server.vault_bodies import check_acls
from fencepost.adapters.azure_server.vaults import Slot, Vault
from fencepost.adapters.azure_server.world import OWNER, STRANGER, World, fixed_id, now
from fencepost.adapters.contract import Connection, Statement, Timeouts, open_subject
from fencepost.adapters.contract.protocol import JsonObject

GROUP, LOCATION, FIRST_VAULT = "fencepost", "westeurope", "fencepost"
_RESTRICTIONS = ("data-plane-only", "ip-rules-only", "decisions-only", "always-deny")
_CARRIED = ("read-back", "service-endpoints", "trusted-services", "caller-credentials", "decision-codes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What is asked of the server. `port` is the control plane's, 0 for a free one; `proxy` reads PROXY protocol v2.

    `hosts` is a domain: vaults are then named `NAME.DOMAIN` in their URIs, which somebody has to resolve.
    """

    subject: str = "reference"
    target: Path | None = None
    listen: str = "127.0.0.1"
    port: int = 0
    proxy: bool = False
    hops: int = 0
    trust_test_headers: bool = False
    state: Path | None = None
    rules: JsonObject | None = None
    disturbance: Disturbance = field(default_factory=Disturbance)
    most_vaults: int = 32
    seed: int = 0
    call_timeout: float = 10.0
    hosts: str | None = None

    @property
    def host(self) -> str:
        """The address that URLs name: loopback, where the server listens everywhere."""
        return "127.0.0.1" if self.listen == "0.0.0.0" else self.listen  # noqa: S104 - compared, not bound


class Server:
    """Serves from `begin()` to `end()`, both awaited in one loop."""

    def __init__(
        self, options: Options, *, log: Callable[[str], None], opener: Callable[[], Connection] | None = None
    ) -> None:
        self._options = options
        self._log = log
        self._opener = opener or (lambda: open_subject(options.subject, timeouts=Timeouts(call=options.call_timeout)))
        self._first: Connection | None = self._opener()
        try:
            self.statement: Statement = introduce(self._first)
        except BaseException:
            self._first.close()
            raise
        self._state = State(options.state) if options.state else None
        with read_from(options.state):
            self._open()

    def _open(self) -> None:
        """Bind the ports, those of the state where there is one."""
        options = self._options
        settings = dict(self._state.read("settings").get("all", {})) if self._state else {}
        self._settings: dict[str, object] = {"key": secrets.token_hex(32), "groups": [GROUP], **settings}
        self._authority = trustme.CA()
        self._context = self._tls()
        self._networks = Networks()
        self._listeners: list[Listener] = []
        self._is_begun = False
        self.world = self._world()
        self._application = Application(
            self.world,
            convoy=Convoy(trusts_test_headers=options.trust_test_headers, hops=options.hops),
            disturbance=options.disturbance,
            chance=random.Random(options.seed),
            log=self._log,
        )
        self._config = configuration(self._application)
        self._open_ports()

    @property
    def certificates(self) -> str:
        """The certificate of the authority that the server's own is signed by, as PEM."""
        return self._authority.cert_pem.bytes().decode()

    @property
    def identity_url(self) -> str:
        """The managed identity's endpoint."""
        return f"http://{self._options.host}:{self._ports['identity']}/msi/token"

    async def begin(self) -> None:
        """Restore the state, make the first vault where `rules` ask for it, answer, and write the target file."""
        with read_from(self._options.state):
            await self._restore()
        if self._options.rules is not None and FIRST_VAULT not in self.world.slots:
            await self._make_first_vault(self._options.rules)
        self._is_begun = True
        self.world.save()
        for listener in self._listeners:
            listener.start()
        if self._options.target is not None:
            authority = _authority_beside(self._options.target)
            write_atomically(authority, self.certificates)
            save_target(self.target(ca=authority.name), self._options.target)

    async def end(self) -> None:
        """Take no more requests, take leave of the subjects, remove the target file."""
        if self._options.target is not None:
            remove_target(self._options.target)
            remove_target(_authority_beside(self._options.target))
        slots = tuple(self.world.slots.values())
        for listener in (*self._listeners, *(slot.listener for slot in slots)):
            await listener.close()
        for slot in slots:
            await slot.subject.close()
        if self._first is not None:
            self._first.close()

    def target(self, *, ca: str) -> TargetFile:
        """The target file of this server."""
        options, statement = self._options, self.statement
        conveys = options.trust_test_headers
        offered = {*statement.features, "read-back", "service-endpoints", "caller-credentials", "decision-codes"}
        if "ip-rules-only" in offered:
            offered -= {"service-endpoints"}
        offered -= set() if conveys else {"service-endpoints", "trusted-services"}
        choices = {key: value for key, value in statement.choices.items() if key != "single-address-read-back"}
        return TargetFile(
            endpoint=Endpoint(
                control=self.world.control_url,
                login=self.world.login_url,
                ca=ca,
                tenant=self.world.tenant,
                subscription=self.world.subscription,
                resource_group=GROUP,
                location=LOCATION,
            ),
            identities=Identities(
                authorized=Identity(client_id=OWNER.client_id, checks_secret=False),
                unauthorized=Identity(client_id=STRANGER.client_id, checks_secret=False),
            ),
            caller=CallerTable(
                address="proxy-v2" if options.proxy else "header" if conveys else "bound",
                headers=CallerHeaders(**HEADERS) if conveys and not options.proxy else CallerHeaders(),
                proxy_values=conveys and options.proxy,
            ),
            statement=StatementTable(
                name=f"{statement.name} behind Azure's wire",
                version=statement.version,
                profile=statement.profile,
                without=[feature for feature in _CARRIED if feature not in offered],
                restrictions=[feature for feature in _RESTRICTIONS if feature in offered],
                choices={**choices, "single-address-read-back": "/32"},
                settle_seconds=statement.settle_seconds,
            ),
        )

    def _tls(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.num_tickets = 1  # a client with a connection for each caller resumes its session
        names = dict.fromkeys((self._options.host, "127.0.0.1", "localhost"))
        wildcard = (f"*.{self._options.hosts}",) if self._options.hosts else ()
        self._authority.issue_cert(*names, *wildcard).configure_cert(context)
        return context

    def _world(self) -> World:
        tenant = fixed_id("tenant")
        data_audience = "https://vault.azure.net"
        return World(
            tenant=tenant,
            subscription=fixed_id("subscription"),
            group=GROUP,
            location=LOCATION,
            gates=Gates(networks=self._networks, tenant=tenant, login="", data_audience=data_audience, region=LOCATION),
            tokens=Tokens(tenant=tenant, key=str(self._settings["key"])),
            networks=self._networks,
            open_slot=self._open_slot,
            most_vaults=self._options.most_vaults,
            control_url="",
            login_url="",
            hosts=self._options.hosts,
            save=self._save,
            log=self._log,
            groups=set(self._settings["groups"]),  # type: ignore[call-overload]
        )

    def _open_ports(self) -> None:
        kept = self._settings.get("ports")
        ports = dict(kept) if isinstance(kept, Mapping) else {"control": self._options.port}
        for name in ("control", "login", "identity"):
            listener = self._listener(
                int(ports.get(name, 0)), plain=name == "identity", proxy=self._options.proxy and name == "control"
            )
            self._listeners.append(listener)
            self._application.ports[listener.port] = name
        self._ports = {self._application.ports[listener.port]: listener.port for listener in self._listeners}
        self._settings["ports"] = self._ports
        self.world.control_url = f"https://{self._options.host}:{self._ports['control']}"
        self.world.login_url = f"https://{self._options.host}:{self._ports['login']}"
        self.world.gates = replace(self.world.gates, login=self.world.login_url)

    def _listener(self, port: int, *, plain: bool, proxy: bool) -> Listener:
        return Listener(
            self._config,
            address=self._options.listen,
            port=port,
            context=None if plain else self._context,
            reads_proxy_header=proxy,
            log=self._log,
        )

    def _open_slot(self, name: str, port: int = 0) -> Slot:
        connection, self._first = (self._first or self._opener()), None
        slot = Slot(
            listener=self._listener(port, plain=False, proxy=self._options.proxy),
            subject=Subject(connection, self.statement),
        )
        self._application.ports[slot.listener.port] = name.lower()
        if self._is_begun:
            slot.listener.start()
        else:
            self._listeners.append(slot.listener)
        return slot

    async def _restore(self) -> None:
        if self._state is None:
            return
        for row in self._state.read("network").values():
            self._networks.put(network_from(row))
        subnets = self._networks.subnets()
        for name, row in self._state.read("vault").items():
            slot = self.world.slots[name] = self._open_slot(name, int(str(row["port"])))
            slot.vault = vault_from(row)
            if slot.vault is not None:
                refused = await slot.restore(slot.vault, subnets)
                if refused is not None:
                    self._log(f"{name}: the subject refuses the rules that it had taken: {refused.message}")

    async def _make_first_vault(self, acls: JsonObject) -> None:
        try:
            check_acls(acls)
        except ValueError as error:
            raise ValueError(f"--rules: {error}") from None
        for subnet in texts_of(acls, "virtualNetworkRules", "id"):
            network_id, is_subnet, _ = subnet.rpartition("/subnets/")
            if not is_subnet:
                continue
            network = self._networks.find(network_id) or VirtualNetwork(id=network_id)
            self._networks.put(network.with_subnet(Subnet(id=subnet, endpoints=("Microsoft.KeyVault",))))
        slot = self.world.slot(FIRST_VAULT)
        vault = Vault(
            name=FIRST_VAULT,
            subscription=self.world.subscription,
            group=GROUP,
            location=LOCATION,
            created=now(),
            is_provisioned=True,
        )
        vault.properties = {
            "tenantId": self.world.tenant,
            "sku": {"family": "A", "name": "standard"},
            "enableRbacAuthorization": True,
        }
        await slot.begin(self._networks.subnets())
        refused = await slot.write(vault, acls)
        if refused is not None:
            raise ValueError(f"--rules: the subject refuses them: {refused.message}")
        slot.vault = vault

    def _save(self) -> None:
        if self._state is None or not self._is_begun:
            return
        self._settings["groups"] = sorted(self.world.groups)
        slots = [(name, slot.listener.port, slot.vault) for name, slot in self.world.slots.items()]
        self._state.write(rows_of(vaults=slots, networks=self._networks, settings=self._settings))


@contextlib.asynccontextmanager
async def serving(
    options: Options, *, log: Callable[[str], None], opener: Callable[[], Connection] | None = None
) -> AsyncIterator[Server]:
    """The server, answering while the block runs."""
    server = Server(options, log=log, opener=opener)
    try:
        await server.begin()
        yield server
    finally:
        await server.end()


async def serve_until(options: Options, stop: asyncio.Event, ready: Callable[[Server], None]) -> None:
    """Serve until the event is set; `ready` is called once when requests are answered."""
    async with serving(options, log=_to_stderr) as server:
        ready(server)
        await stop.wait()


def _to_stderr(line: str) -> None:
    with contextlib.suppress(OSError):  # nobody reads any more, as behind `| head`
        sys.stderr.write(f"{line}\n")


def _authority_beside(target: Path) -> Path:
    return target.with_name(f"{target.name}.ca.pem")
