"""Whatever a server of Azure's wire is sent, it answers with a success or an error of Azure's kind, never a 500."""

import json
import os
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from azure_http import DATA, Reply, Wire
from fencepost.adapters.azure_server.background import running
from fencepost.adapters.azure_server.server import Options
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

EXAMPLES = int(os.environ.get("FENCEPOST_FUZZ", "120"))
"""So many inputs a test; by hand more: FENCEPOST_FUZZ=20000 python -m pytest adapters/tests/test_azure_fuzz.py"""

fuzz = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=EXAMPLES <= 120,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
WORDS = st.sampled_from(
    [
        *("subscriptions", "resourceGroups", "fencepost", "providers", "Microsoft.KeyVault", "vaults", "kv-one"),
        *(
            "Microsoft.Network",
            "virtualNetworks",
            "Vnet1",
            "subnets",
            "accessPolicies",
            "add",
            "locations",
            "deletedVaults",
        ),
        *(
            "secrets",
            "keys",
            "certificates",
            "deletedsecrets",
            "deletedkeys",
            "versions",
            "backup",
            "restore",
            "recover",
        ),
        *(
            "create",
            "import",
            "sign",
            "pending",
            "policy",
            "healthstatus",
            "purge",
            "x",
            "x-1",
            "..",
            "%2e%2e",
            "",
            "a b",
            "é",
        ),
    ]
)
PATHS = st.lists(WORDS | st.text(max_size=6), max_size=11).map(
    lambda parts: "/" + "/".join(quote(part) for part in parts)
)
METHODS = st.sampled_from(["GET", "PUT", "POST", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "get", "X"])
JSON: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
MEMBERS = st.sampled_from(
    [
        *(
            "value",
            "attributes",
            "tags",
            "key",
            "kty",
            "policy",
            "properties",
            "location",
            "accessPolicies",
            "networkAcls",
        ),
        *(
            "ipRules",
            "virtualNetworkRules",
            "bypass",
            "defaultAction",
            "addressSpace",
            "subnets",
            "serviceEndpoints",
            "name",
        ),
        *("createMode", "sku", "tenantId", "objectId", "permissions", "addressPrefix", "addressPrefixes", "enabled"),
    ]
)
BODIES: Any = st.recursive(
    JSON, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(MEMBERS, inner, max_size=4), max_leaves=12
).map(lambda value: json.dumps(value).encode("utf-8", "surrogatepass"))


@pytest.fixture(scope="module")
def wire() -> Iterator[Wire]:
    with running(Options(trust_test_headers=True, most_vaults=4)) as server:
        made = Wire(running=server)
        made.create({"defaultAction": "Allow"})
        made.subnet("first", "Microsoft.KeyVault")
        made.data("PUT", "/secrets/x", {"value": "1"})
        made.data("POST", "/keys/x/create", {"kty": "RSA"})
        made.data("POST", "/certificates/x/create", {})
        yield made


def check(reply: Reply) -> None:
    assert reply.status < 400 or (reply.status < 500 and (reply.body is None or reply.body["error"]["code"]))


@given(method=METHODS, path=PATHS, body=st.just(b"") | BODIES | st.binary(max_size=40), known=st.booleans())
@fuzz
def test_on_the_control_plane(wire: Wire, method: str, path: str, body: bytes, known: bool) -> None:
    target = f"{wire.group}/providers{path}" if known else path
    check(wire.control(method, target, body))


@given(method=METHODS, path=PATHS, body=st.just(b"") | BODIES | st.binary(max_size=40))
@fuzz
def test_on_the_data_plane(wire: Wire, method: str, path: str, body: bytes) -> None:
    check(wire.data(method, path, body, token=wire.token(DATA)))


@given(
    method=st.sampled_from(["PUT", "PATCH", "POST"]),
    tail=st.sampled_from(
        [
            *("Microsoft.KeyVault/vaults/kv-one", "Microsoft.KeyVault/vaults/kv-one/accessPolicies/add"),
            *("Microsoft.KeyVault/vaults/kv-two", "Microsoft.Network/virtualNetworks/Vnet1"),
            "Microsoft.Network/virtualNetworks/Vnet1/subnets/first",
        ]
    ),
    properties=BODIES,
    location=JSON | st.just("westeurope"),
)
@fuzz
def test_with_bodies_that_are_nearly_right(
    wire: Wire, method: str, tail: str, properties: bytes, location: object
) -> None:
    body = b'{"location": %s, "properties": %s}' % (json.dumps(location).encode(), properties)
    version = "2023-09-01" if "Network" in tail else "2023-02-01"
    check(wire.control(method, f"{wire.group}/providers/{tail}", body, version=version))


@given(
    kind=st.sampled_from(["secrets", "keys", "certificates"]),
    method=st.sampled_from(["PUT", "PATCH", "POST"]),
    tail=st.sampled_from(["", "/create", "/import", "/backup", "/restore", "/sign", "/1/sign", "/policy"]),
    body=BODIES,
)
@fuzz
def test_with_objects_that_are_nearly_right(wire: Wire, kind: str, method: str, tail: str, body: bytes) -> None:
    path = f"/{kind}/restore" if tail == "/restore" else f"/{kind}/x{tail}"
    check(wire.data(method, path, body))
    for plane in (kind, f"deleted{kind}"):
        check(wire.data("GET", f"/{plane}"))
