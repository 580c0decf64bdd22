"""Secrets, keys and certificates on Azure's wire: what the data operations do once the gates are passed."""

import base64
import json
from collections.abc import Iterator

import pytest
from azure_http import Reply, Wire
from fencepost.adapters.azure.facts import FACTS
from fencepost.adapters.azure_server.background import running
from fencepost.adapters.azure_server.data_plane import operation_of
from fencepost.adapters.azure_server.server import Options
from fencepost.adapters.contract.vocabulary import DATA_OPERATIONS

KINDS = ["secrets", "keys", "certificates"]


@pytest.fixture(scope="module")
def served() -> Iterator[Wire]:
    with running(Options(most_vaults=100)) as server:
        yield Wire(running=server)


@pytest.fixture
def wire(served: Wire) -> Wire:
    served.fresh().create()
    return served


def make(wire: Wire, kind: str, name: str) -> Reply:
    if kind == "secrets":
        return wire.data("PUT", f"/secrets/{name}", {"value": "hush", "tags": {"a": "b"}})
    return wire.data("POST", f"/{kind}/{name}/create", {"kty": "RSA"} if kind == "keys" else {"policy": {"x": 1}})


@pytest.mark.parametrize("kind", KINDS)
def test_an_object_is_made_read_listed_deleted_recovered_and_purged(wire: Wire, kind: str) -> None:
    assert make(wire, kind, "one").status in (200, 202)
    read = wire.data("GET", f"/{kind}/one").body
    assert read["attributes"]["enabled"] is True
    listed = wire.data("GET", f"/{kind}").body["value"]
    assert [entry.get("id", entry.get("kid")).rpartition("/")[2] for entry in listed] == ["one"]
    assert wire.data("DELETE", f"/{kind}/one").body["recoveryId"].endswith(f"/deleted{kind}/one")
    assert wire.data("GET", f"/{kind}/one").status == 404
    assert make(wire, kind, "one").code == "ObjectIsDeletedButRecoverable"
    assert len(wire.data("GET", f"/deleted{kind}").body["value"]) == 1
    assert wire.data("POST", f"/deleted{kind}/one/recover").status == 200
    assert wire.data("GET", f"/{kind}/one").body == read
    wire.data("DELETE", f"/{kind}/one")
    assert wire.data("DELETE", f"/deleted{kind}/one").status == 204
    assert wire.data("GET", f"/deleted{kind}/one").status == 404


@pytest.mark.parametrize("kind", KINDS)
def test_a_backup_is_restored_where_the_name_is_free(wire: Wire, kind: str) -> None:
    make(wire, kind, "one")
    backup = wire.data("POST", f"/{kind}/one/backup").body
    assert wire.data("POST", f"/{kind}/restore", backup).status == 409
    wire.data("DELETE", f"/{kind}/one")
    assert wire.data("POST", f"/{kind}/restore", backup).status == 409
    wire.data("DELETE", f"/deleted{kind}/one")
    assert wire.data("POST", f"/{kind}/restore", backup).status == 200
    assert wire.data("GET", f"/{kind}/one").status == 200


@pytest.mark.parametrize(
    "blob",
    [
        "",
        "no base64!",
        json.dumps({"kind": "keys", "name": "x", "versions": {"1": {"attributes": {}}}}),
        json.dumps({"kind": "secrets", "name": "x", "versions": {}}),
        json.dumps({"kind": "secrets", "name": "x", "versions": {"1": {}}}),
        json.dumps({"kind": "secrets", "name": "x/../y", "versions": {"1": {"attributes": {}}}}),
        json.dumps([]),
    ],
)
def test_a_backup_that_is_none_is_refused(wire: Wire, blob: str) -> None:
    value = base64.urlsafe_b64encode(blob.encode()).decode() if blob.startswith(("{", "[")) else blob
    assert wire.data("POST", "/secrets/restore", {"value": value}).status == 400
    assert wire.data("GET", "/secrets").body["value"] == []


def test_a_new_version_is_read_first_and_the_old_one_by_its_id(wire: Wire) -> None:
    old = wire.data("PUT", "/secrets/one", {"value": "old"}).body["id"].rpartition("/")[2]
    wire.data("PUT", "/secrets/one", {"value": "new"})
    assert wire.data("GET", "/secrets/one").body["value"] == "new"
    assert wire.data("GET", f"/secrets/one/{old}").body["value"] == "old"
    assert len(wire.data("GET", "/secrets/one/versions").body["value"]) == 2
    wire.data("PATCH", f"/secrets/one/{old}", {"attributes": {"enabled": False}, "value": "ignored"})
    patched = wire.data("GET", f"/secrets/one/{old}").body
    assert (patched["attributes"]["enabled"], patched["value"]) == (False, "old")


def test_a_long_list_comes_in_pages(wire: Wire) -> None:
    for number in range(7):
        wire.data("PUT", f"/secrets/s{number}", {"value": "x"})
    names, path = [], "/secrets?maxresults=3"
    while path:
        page = wire.data("GET", path).body
        names += [entry["id"].rpartition("/")[2] for entry in page["value"]]
        path = page["nextLink"] and f"/secrets?{page['nextLink'].partition('?')[2].partition('&')[2]}"
    assert names == [f"s{number}" for number in range(7)]
    assert wire.data("GET", "/secrets?maxresults=26").status == 400


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/secrets/one", {"value": "x", "attributes": 7}),
        ("PUT", "/secrets/one", {"value": "x", "attributes": {"enabled": "yes"}}),
        ("PUT", "/secrets/one", {"value": "x", "tags": []}),
        ("PUT", "/secrets/one", {"value": "x", "tags": {"a": 1}}),
        ("PUT", "/secrets/one", {"value": "x", "values": "y"}),
        ("PUT", "/secrets/one", {"value": ["x"]}),
        ("POST", "/keys/one/create", {"kty": 7}),
        ("POST", "/keys/one/create", {"kty": "RSA", "key_size": True}),
        ("POST", "/keys/one/create", {"kty": "RSA", "key_ops": [7]}),
        ("PUT", "/keys/one", {"key": []}),
        ("POST", "/certificates/one/create", {"policy": 7}),
        ("PATCH", "/secrets/one", {"attributes": []}),
        ("POST", "/keys/one/sign", {"alg": 7}),
        ("POST", "/secrets/restore", {"value": 7}),
    ],
)
def test_a_member_that_is_unknown_or_of_another_kind_is_refused(
    wire: Wire, method: str, path: str, body: object
) -> None:
    refused = wire.data(method, path, body)
    assert (refused.status, refused.code) == (400, "BadParameter")
    assert wire.data("GET", path.removesuffix("/create")).status in (400, 404)


def test_a_key_is_used(wire: Wire) -> None:
    make(wire, "keys", "one")
    for verb in ("sign", "wrapkey", "unwrapkey", "encrypt", "decrypt"):
        assert "value" in wire.data("POST", f"/keys/one/{verb}", {"alg": "RS256", "value": "AA"}).body
        assert wire.data("POST", f"/keys/none/{verb}", {}).status == 404
    assert wire.data("POST", "/keys/one/verify", {}).body == {"value": True}


@pytest.mark.parametrize("name", ["a_b", "a%20b", "x" * 128, "%00"])
def test_a_name_that_no_object_may_have_is_refused(wire: Wire, name: str) -> None:
    assert wire.data("PUT", f"/secrets/{name}", {"value": "x"}).status == 400
    assert wire.data("GET", f"/keys/{name}").status == 400


def test_every_data_operation_has_a_path_of_its_own() -> None:
    methods = ("GET", "PUT", "POST", "PATCH", "DELETE")
    tails = ["", "/n", "/n/create", "/n/import", "/n/backup", "/restore", "/n/versions", "/n/recover"]
    tails += [f"/n/{verb}" for verb in ("sign", "verify", "wrapkey", "unwrapkey", "encrypt", "decrypt")]
    heads = [*KINDS, *(f"deleted{kind}" for kind in KINDS)]
    found = {
        operation.name
        for method in methods
        for head in heads
        for tail in tails
        if (operation := operation_of(method, f"{head}{tail}".split("/"))) is not None
    }
    assert found == set(DATA_OPERATIONS)


def test_an_unknown_api_version_is_refused(wire: Wire) -> None:
    assert wire.data("GET", "/secrets", version="1.0").code == "BadParameter"
    for version in FACTS.api_versions["data"]:
        assert wire.data("GET", "/secrets", version=version).status == 200
