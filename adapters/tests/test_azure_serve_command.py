"""`fencepost serve` as a program: its target file, its state, its end; and what it is asked to do wrong."""

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import sqlite3
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import jsonschema
import msgspec
import pytest
from azure_http import DATA, NETWORK_VERSION, SUBNETS, Wire
from fencepost.adapters.azure.target import TargetError, load_target, save_target, target_schema
from fencepost.adapters.azure_server.application import Disturbance
from fencepost.adapters.azure_server.background import running
from fencepost.adapters.azure_server.command import _rules
from fencepost.adapters.azure_server.fixture import FencepostVault
from fencepost.adapters.azure_server.server import Options
from fencepost.adapters.azure_server.state import State, StateError
from fencepost.adapters.contract import JsonObject
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

RULES = {"bypass": "None", "defaultAction": "Deny", "ipRules": [{"value": "20.1.2.3"}]}
LISTED = {"x-fencepost-address": "20.1.2.3"}
BLOCKED = {"x-fencepost-address": "20.1.2.4"}


def command(*arguments: str) -> list[str]:
    fencepost = shutil.which("fencepost", path=str(Path(sys.executable).parent))
    assert fencepost is not None
    return [fencepost, "serve", *arguments]


@contextlib.contextmanager
def served(target: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        command("--target", str(target), *arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        process.stdout.readline()
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)


def test_the_target_file_is_there_when_requests_are_answered_and_gone_after_sigterm(tmp_path: Path) -> None:
    target = tmp_path / "t.toml"
    with served(target) as process:
        endpoint = load_target(target).endpoint
        context = ssl.create_default_context(cafile=endpoint.ca)
        port = int(endpoint.control.rpartition(":")[2])
        with (
            socket.create_connection(("127.0.0.1", port)) as plain,
            context.wrap_socket(plain, server_hostname="127.0.0.1"),
        ):
            pass
    assert process.returncode == 0
    assert list(tmp_path.iterdir()) == []


def test_the_target_file_keeps_its_schema_and_comes_back_as_it_was_written(tmp_path: Path) -> None:
    with running(Options(target=tmp_path / "t.toml", trust_test_headers=True)):
        file = load_target(tmp_path / "t.toml")
    jsonschema.validate(msgspec.to_builtins(file), target_schema())
    save_target(file, tmp_path / "again.toml")
    assert load_target(tmp_path / "again.toml") == file


@pytest.mark.parametrize("line", ['secret = "hush"', "[unknown]", 'caller = "header"'])
def test_a_target_file_with_what_nobody_knows_is_refused(tmp_path: Path, line: str) -> None:
    file = tmp_path / "t.toml"
    file.write_text(
        f'{line}\n[endpoint]\ncontrol = "https://x"\ntenant = "t"\nsubscription = "s"\nresource-group = "g"\n'
    )
    with pytest.raises(TargetError):
        load_target(file)


def test_a_misspelt_member_of_a_target_file_is_named_with_what_may_be_meant(tmp_path: Path) -> None:
    file = tmp_path / "t.toml"
    endpoint = 'control = "https://x"\ntenant = "t"\nsubscription = "s"\nresource_group = "g"'
    file.write_text(f'[endpoint]\n{endpoint}\n[caller]\nadress = "header"\n')
    with pytest.raises(TargetError) as caught:
        load_target(file)
    assert "endpoint.resource_group: no such key; did you mean 'resource-group'?" in str(caught.value)
    assert "caller.adress: no such key; did you mean 'address'" in str(caught.value)
    file.write_text(f'[endpoint]\n{endpoint.replace("_", "-")}\n[caller]\naddress = "heder"\n')
    with pytest.raises(TargetError) as caught:
        load_target(file)
    assert str(caught.value).endswith("got 'heder'; did you mean 'header'?")


def test_a_byte_order_mark_before_a_target_file_is_passed_over(tmp_path: Path) -> None:
    endpoint = 'control = "https://x"\ntenant = "t"\nsubscription = "s"\nresource-group = "g"'
    file = tmp_path / "t.toml"
    file.write_text(f'\ufeff[endpoint]\n{endpoint}\n[caller]\naddress = "header"\n', encoding="utf-8-sig")
    assert load_target(file).endpoint.tenant == "t"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["no-such-subject"], "no-such-subject"),
        (["--fail", "429"], "429:0.01"),
        (["--fail", "200:0.5"], "429:0.01"),
        (["--rules", os.devnull], "--rules"),
        (["--state", "/nowhere/state"], "/nowhere/state"),
        (["--listen", "256.1.1.1"], ""),
    ],
)
def test_bad_usage_is_one_line_and_status_2(tmp_path: Path, arguments: list[str], reason: str) -> None:
    target = tmp_path / "t.toml"
    done = subprocess.run(command("--target", str(target), *arguments), capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert reason in done.stderr
    assert "Traceback" not in done.stderr
    assert not target.exists()


def test_another_address_than_loopback_is_warned_of(tmp_path: Path) -> None:
    process = subprocess.Popen(
        command("--target", str(tmp_path / "t.toml"), "--listen", "0.0.0.0"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, warning = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "can be reached by others" in warning


def test_vaults_have_names_where_a_domain_is_given() -> None:
    with running(Options(hosts="vault.test")) as server:
        wire = Wire(running=server)
        uri = wire.create(RULES).body["properties"]["vaultUri"]
        port = int(uri.rpartition(":")[2])
        assert uri == f"https://{wire.vault}.vault.test:{port}"
        with socket.create_connection(("127.0.0.1", port)) as plain:
            server.context().wrap_socket(plain, server_hostname=f"{wire.vault}.vault.test").close()


def test_a_server_that_listens_everywhere_is_found_on_loopback() -> None:
    with running(Options(listen="0.0.0.0")) as server:
        wire = Wire(running=server)
        assert wire.create(RULES).body["properties"]["vaultUri"].startswith("https://127.0.0.1:")
        assert wire.data("GET", "/secrets").status == 403


def test_a_restart_loses_nothing(tmp_path: Path) -> None:
    options = Options(state=tmp_path / "state", trust_test_headers=True)
    with running(options) as server:
        wire = Wire(running=server)
        subnet = wire.subnet("Front", "Microsoft.KeyVault")
        wire.create({**RULES, "virtualNetworkRules": [{"id": subnet}]}, enabledForDeployment=True)
        wire.subnet("Front")  # the rule stays, its endpoint goes
        wire.data("PUT", "/secrets/kept", {"value": "x"}, headers=LISTED)
        wire.create(name="kv-gone")
        wire.control("DELETE", wire.path("kv-gone"))
        before, uris, token = wire.read(), dict(wire.uris), wire.token(DATA)
    with running(options) as server:
        wire = Wire(running=server, uris=uris)
        assert wire.read() == before
        assert wire.data("GET", "/secrets/kept", headers=LISTED, token=token).body["value"] == "x"
        assert wire.data("GET", "/secrets/kept", headers=BLOCKED).status == 403
        inside = {"x-fencepost-address": "20.8.8.8", "x-fencepost-subnet": subnet}
        assert wire.data("GET", "/secrets", headers=inside).status == 403
        wire.subnet("Front", "Microsoft.KeyVault")
        assert wire.data("GET", "/secrets", headers={**inside, "x-fencepost-address": "10.1.1.4"}).status == 200
        assert wire.create(name="kv-gone").code == "ConflictError"
        path = SUBNETS.format(server.server.world.subscription)
        assert len(wire.control("GET", path, version=NETWORK_VERSION).body["value"]) == 1


def test_a_state_file_that_takes_no_change_is_a_503_with_a_code_of_its_own(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    with running(Options(state=folder / "state")) as server:
        wire = Wire(running=server)
        wire.create(RULES)
        wire.read()
        shutil.rmtree(folder)
        refused = wire.create({**RULES, "bypass": "AzureServices"})
        assert (refused.status, refused.code) == (503, "FencepostStateNotWritten")
        assert wire.read()["networkAcls"]["bypass"] == "AzureServices"


def test_requests_are_answered_though_nobody_reads_the_log(tmp_path: Path) -> None:
    target = tmp_path / "t.toml"
    with served(target) as process:
        assert process.stderr is not None
        process.stderr.close()
        endpoint = load_target(target).endpoint
        context = ssl.create_default_context(cafile=endpoint.ca)
        port = int(endpoint.control.rpartition(":")[2])
        statuses = []
        for _ in range(3):
            connection = http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=20)
            connection.request("GET", "/subscriptions?api-version=2022-12-01")
            statuses.append(connection.getresponse().status)
            connection.close()
        process.stderr = None
    assert statuses == [401, 401, 401]


def test_a_file_that_is_no_state_is_refused_and_kept(tmp_path: Path) -> None:
    file = tmp_path / "state"
    file.write_bytes(b"not a database, but something that somebody wrote" * 100)
    before = file.read_bytes()
    with pytest.raises(StateError), running(Options(state=file)):
        pass
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("settings", '{"ports": {"control": [1]}}'),
        ("settings", '{"ports": {"control": 1e999}}'),
        ("settings", '{"groups": 7}'),
        ("settings", "[" * 200_000),
        ("network", "{}"),
        ("network", '{"subnets": null}'),
        ("vault", '{"port": 0, "vault": {"objects": []}}'),
        ("vault", '{"port": 0, "vault": {"objects": {}}}'),
    ],
    ids=lambda text: text[:40],
)
def test_a_state_that_somebody_has_altered_is_refused(tmp_path: Path, kind: str, content: str) -> None:
    file = tmp_path / "state"
    State(file)
    with contextlib.closing(sqlite3.connect(file)) as database, database:
        database.execute("INSERT INTO state VALUES (?, 'all', ?)", (kind, content))
    with pytest.raises(StateError), running(Options(state=file)):
        pass


def test_rules_that_are_nested_too_deep_are_refused(tmp_path: Path) -> None:
    (tmp_path / "rules.json").write_text("[" * 200_000)
    with pytest.raises(click.BadParameter):
        _rules(tmp_path / "rules.json")


def test_rules_make_a_first_vault_and_wrong_ones_are_told(tmp_path: Path) -> None:
    subnet = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/a"
    with running(Options(rules={**RULES, "virtualNetworkRules": [{"id": subnet}]}, trust_test_headers=True)) as server:
        wire = Wire(running=server, vault="fencepost")
        assert wire.read()["networkAcls"]["virtualNetworkRules"] == [{"id": subnet.lower()}]
    private: JsonObject = {"ipRules": [{"value": "10.0.0.0/8"}]}
    misspelt: JsonObject = {"ipRule": []}
    for rules, message in ((private, "--rules"), (misspelt, "--rules: .*did you mean 'ipRules'")):
        with pytest.raises(ValueError, match=message), running(Options(rules=rules)):
            raise AssertionError("it began")


def test_failures_that_were_asked_for_come_in_their_share() -> None:
    with running(Options(disturbance=Disturbance(shares={429: 0.5}), seed=1)) as server:
        wire = Wire(running=server)
        world = server.server.world
        replies = [
            wire.send("GET", f"{world.login_url}/{world.tenant}/.well-known/openid-configuration") for _ in range(60)
        ]
    failed = [reply for reply in replies if reply.status == 429]
    assert 15 < len(failed) < 45
    assert all(reply.headers["retry-after"] == "1" and reply.code == "TooManyRequests" for reply in failed)


@pytest.fixture(scope="module")
def wire() -> Iterator[Wire]:
    with running(Options(trust_test_headers=True)) as server:
        made = Wire(running=server)
        made.create(RULES)
        yield made


JSON: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
ACLS: Any = st.dictionaries(st.sampled_from(["bypass", "defaultAction", "ipRules", "virtualNetworkRules", "x"]), JSON)


def _body(acls: object) -> str:
    return json.dumps({"properties": {"networkAcls": acls}})


@given(body=st.binary(max_size=64) | st.builds(_body, ACLS | JSON) | st.builds(json.dumps, JSON))
@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_the_body_is_the_answer_is_a_yes_or_a_4xx_and_a_refusal_changes_nothing(wire: Wire, body: Any) -> None:
    before = wire.read()
    sent = body if isinstance(body, bytes) else body.encode("utf-8", "surrogatepass")
    reply = wire.control("PATCH", wire.path(), sent)
    assert reply.status == 200 or (400 <= reply.status < 500 and reply.code)
    if reply.status != 200:
        assert wire.read() == before


def test_the_fixture_gives_a_vault_that_can_refuse(fencepost_vault: FencepostVault) -> None:
    import urllib.error
    import urllib.request

    context = ssl.create_default_context(cafile=fencepost_vault.ca)

    def status() -> int:
        token = fencepost_vault.credential.get_token(f"{DATA}/.default").token
        url = f"{fencepost_vault.url}/secrets?api-version=7.4"
        request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
        try:
            with urllib.request.urlopen(request, context=context) as response:
                return int(response.status)
        except urllib.error.HTTPError as error:
            with error:
                return error.code

    assert status() == 200
    fencepost_vault.refuse_everybody()
    assert status() == 403
    fencepost_vault.put_rules({"defaultAction": "Deny", "ipRules": [{"value": "127.0.0.1"}]})
    assert status() == 200
    with pytest.raises(ValueError, match="refused"):
        fencepost_vault.put_rules({"defaultAction": "Deny", "ipRules": [{"value": "10.0.0.0/8"}]})
    others: tuple[JsonObject, ...] = ({"networkAcls": {}}, {"defaultaction": "Deny"}, {"ipRules": [{"ip": "20.1.2.3"}]})
    for strange in others:
        with pytest.raises(ValueError, match="Could not find member"):
            fencepost_vault.put_rules(strange)
    fencepost_vault.let_everybody_in()
    assert status() == 200
    assert any("ForbiddenByFirewall" in line for line in fencepost_vault.requests)
