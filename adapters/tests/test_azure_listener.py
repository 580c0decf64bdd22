"""The listener: PROXY protocol before TLS, and what no client of Azure sends. Holds the seam to uvicorn's protocol."""

import contextlib
import http.client
import importlib.metadata
import json
import random
import socket
import ssl
import struct
from collections.abc import Iterator, Mapping

import pytest
from azure_http import DATA, Wire
from fencepost.adapters.azure_server import listener
from fencepost.adapters.azure_server.background import running
from fencepost.adapters.azure_server.server import Options
from fencepost.adapters.proxy_header import SERVICE, SIGNATURE, SUBNET, TRUSTED, write_header

CLOSED = {"bypass": "AzureServices", "defaultAction": "Deny", "ipRules": [{"value": "20.1.2.0/24"}]}


@pytest.fixture(scope="module")
def plain() -> Iterator[Wire]:
    with running(Options(trust_test_headers=True)) as server:
        wire = Wire(running=server)
        wire.create(CLOSED)
        yield wire


def exchange(wire: Wire, port: int, request: bytes, header: bytes = b"") -> tuple[int, bytes]:
    """The status and the body of what comes back to bytes that are sent as they are."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(header)
        with wire.running.context().wrap_socket(connection, server_hostname="127.0.0.1") as tls:
            tls.sendall(request)
            response = http.client.HTTPResponse(tls, method=request.partition(b" ")[0].decode("latin-1"))
            response.begin()
            return response.status, response.read()


def get(wire: Wire, path: str = "/secrets?api-version=7.4") -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {wire.token(DATA)}\r\n\r\n".encode()


def port(wire: Wire) -> int:
    return int(wire.uris[wire.vault].rpartition(":")[2])


@pytest.fixture(scope="module")
def proxied() -> Iterator[Wire]:
    """A server with a vault, made before the PROXY header is asked for, for the plain client has none."""
    rules = {**CLOSED, "virtualNetworkRules": []}
    with running(Options(proxy=True, trust_test_headers=True, rules=rules)) as server:
        wire = Wire(running=server, vault="fencepost")
        slot = server.server.world.slots["fencepost"]
        wire.uris["fencepost"] = f"https://127.0.0.1:{slot.listener.port}"
        yield wire


def test_the_seam_is_to_this_version_of_uvicorn() -> None:
    assert importlib.metadata.version("uvicorn").startswith("0.54.")


def test_callers_by_proxy_header_are_each_taken_for_themselves(proxied: Wire) -> None:
    chance, request = random.Random(0), get(proxied)
    for _ in range(200):
        address = f"20.1.{chance.choice((2, 3))}.{chance.randrange(256)}"
        status, body = exchange(proxied, port(proxied), request, write_header(address, {}))
        assert status == (200 if address.startswith("20.1.2.") else 403)
        assert status == 200 or f"Client address: {address}" in body.decode()


def test_values_of_the_proxy_header_convey_a_subnet_of_any_length_and_a_service(proxied: Wire) -> None:
    values: Mapping[int, bytes] = {SERVICE: b"Azure Backup", TRUSTED: b"true", SUBNET: b"/" + b"s" * 400}
    assert exchange(proxied, port(proxied), get(proxied), write_header("20.9.9.9", values))[0] == 200
    assert exchange(proxied, port(proxied), get(proxied), write_header("20.9.9.9", {SUBNET: b"s" * 400}))[0] == 403


def test_a_proxy_that_speaks_for_itself_has_its_own_address(proxied: Wire) -> None:
    local = SIGNATURE + struct.pack("!BBH", 0x20, 0, 0)
    status, body = exchange(proxied, port(proxied), get(proxied), local)
    assert status == 403
    assert b"Client address: 127.0.0.1" in body


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"PROXY TCP4 20.1.2.3 127.0.0.1 1 2\r\n",
        SIGNATURE + struct.pack("!BBH", 0x11, 0x11, 12) + bytes(12),
        SIGNATURE + struct.pack("!BBH", 0x21, 0x21, 36) + bytes(36),
        SIGNATURE + struct.pack("!BBH", 0x21, 0x11, 4) + bytes(4),
        write_header("20.1.2.3", {})[:14] + struct.pack("!H", 14) + write_header("20.1.2.3", {})[16:] + b"\xe0\x00",
    ],
)
def test_a_connection_without_a_good_proxy_header_is_closed(proxied: Wire, header: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port(proxied)), timeout=20) as connection:
        connection.sendall(header + _client_hello(proxied))
        with contextlib.suppress(ConnectionResetError):
            assert connection.recv(1) == b""


def _client_hello(wire: Wire) -> bytes:
    """How a client begins TLS; the server answers it wherever a good header stands before it."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = wire.running.context().wrap_bio(incoming, outgoing, server_hostname="127.0.0.1")
    with contextlib.suppress(ssl.SSLWantReadError):
        tls.do_handshake()
    return outgoing.read()


def test_a_connection_with_a_good_proxy_header_is_answered(proxied: Wire) -> None:
    with socket.create_connection(("127.0.0.1", port(proxied)), timeout=20) as connection:
        connection.sendall(write_header("20.1.2.3", {}) + _client_hello(proxied))
        assert connection.recv(1) == b"\x16"  # a handshake record of TLS


@pytest.mark.parametrize(
    "request_",
    [
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET /secrets?api-version=7.4 HTTP/1.0\r\n\r\n",
        b"GET /secrets HTTP/1.1\r\n\r\n",
        b"\x00\x01\x02\r\n\r\n",
        b"GET /secrets HTTP/9.9\r\nHost: a\r\n\r\n",
        b"POST /secrets/x/backup HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        b"GET /a/../../etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /a/%2e%2e/b HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /a%00b HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /secrets?api-version=7.4 HTTP/1.1\r\nHost:\r\n\r\n",
        b"GET /secrets?api-version=7.4 HTTP/2.0\r\nHost: a\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        b"PUT /secrets/x?api-version=7.4 HTTP/1.1\r\nHost: a\r\nContent-Length: 10485760\r\n\r\n",
        b"PUT /secrets/x?api-version=7.4 HTTP/1.1\r\nHost: a\r\nContent-Length: 10485760\r\n\r\n" + b" " * 10485760,
    ],
)
def test_what_no_client_sends_gets_an_error_of_azures_kind_and_a_line(
    plain: Wire, request_: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    before = len(plain.running.log)
    status, body = exchange(plain, port(plain), request_)
    assert 400 <= status < 500
    code = json.loads(body)["error"]["code"]
    line = plain.running.log[before]
    assert "from 127.0.0.1" in line
    assert f"{status} {code}" in line
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    "part", [b"GET /sec", b"PUT /secrets/x?api-version=7.4 HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{"]
)
def test_a_client_that_stops_half_way_is_told_so(plain: Wire, part: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "SLOWEST", 0.2)
    monkeypatch.setattr("fencepost.adapters.azure_server.asked.SLOWEST_BODY", 0.2)
    status, body = exchange(plain, port(plain), part)
    assert status == 408
    assert b"RequestTimeout" in body


def test_the_server_goes_on_after_all_this(plain: Wire) -> None:
    assert plain.data("GET", "/secrets", headers={"x-fencepost-address": "20.1.2.3"}).status == 200
