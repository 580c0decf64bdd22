"""`azure:FILE.toml` with Microsoft's SDKs against the server: the calls, the readings of answers, what remains."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from azure_adapter import DENY, FRONT, Opened, ask, openings, outcomes
from click.testing import CliRunner
from fencepost.adapters.azure import forms
from fencepost.adapters.azure.facts import FACTS
from fencepost.adapters.azure.target import (
    CallerHeaders,
    CallerTable,
    Endpoint,
    StatementTable,
    TargetFile,
    load_target,
    save_target,
)
from fencepost.adapters.azure_server.application import Disturbance
from fencepost.adapters.azure_server.background import running
from fencepost.adapters.azure_server.server import Options
from fencepost.adapters.azure_server.tokens import LIFETIME
from fencepost.adapters.azure_server.world import OWNER
from fencepost.adapters.contract import SubjectError, open_factory
from fencepost.adapters.contract.vocabulary import CONTROL_OPERATIONS, DATA_OPERATIONS
from fencepost.conformance.commands import main
from msgspec.structs import replace

pytestmark = pytest.mark.engine("azure")


SERVICE = CallerHeaders(address="a", service="b")


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "t.toml"


@pytest.fixture
def opened(target: Path) -> Iterator[Opened]:
    yield from openings(target)


pytestmark = pytest.mark.engine("azure")


def test_each_operation_of_the_contract_is_let_through_and_refused_as_the_subject_says(opened: Opened) -> None:
    adapter, _ = opened()
    adapter.reset(subnets=[])
    adapter.put_rules(network_acls=DENY)
    listed = outcomes(adapter, *(ask("20.1.2.3", operation=name) for name in DATA_OPERATIONS))
    blocked = outcomes(adapter, *(ask("20.1.2.4", operation=name) for name in DATA_OPERATIONS))
    control = outcomes(adapter, *(ask("20.1.2.4", plane="control", operation=name) for name in CONTROL_OPERATIONS))
    assert set(zip(DATA_OPERATIONS, listed, strict=True)) == {(name, ("allow",)) for name in DATA_OPERATIONS}
    assert set(blocked) == {("deny", 403, "ForbiddenByFirewall")}
    assert set(control) == {("allow",)}


def test_the_operation_that_the_subject_is_asked_for_is_the_one_that_was_meant(opened: Opened) -> None:
    class Noting:
        """A subject that lets everybody in and notes what was asked."""

        asked: list[str] = []  # noqa: RUF012 - one for the test

        def describe(self, *, protocol: int) -> object:
            return {"protocol": protocol, "name": "noting", "version": "1", "profile": "keyvault", "features": []}

        def reset(self, *, subnets: object) -> object:
            return {}

        def put_rules(self, *, network_acls: object) -> object:
            return {"accepted": True}

        def decide(self, *, requests: list[dict[str, Any]]) -> object:
            self.asked += [request["operation"] for request in requests if request["source"]["address"] == "20.7.7.7"]
            return {"decisions": ["allow" for _ in requests]}

    adapter, _ = opened(opener=lambda: open_factory(Noting))
    planes = {"data": DATA_OPERATIONS, "control": CONTROL_OPERATIONS}
    for plane, names in planes.items():
        for name in names:
            Noting.asked.clear()
            adapter.decide(requests=[ask("20.7.7.7", plane=plane, operation=name)])
            assert set(Noting.asked) == {name}


def test_no_decision_changes_rules_or_objects(opened: Opened) -> None:
    adapter, server = opened()
    adapter.reset(subnets=[])
    adapter.put_rules(network_acls=DENY)
    (slot,) = server.server.world.slots.values()
    vault = slot.vault
    assert vault is not None
    before, objects = adapter.get_rules(), vault.objects.to_json()
    for address in ("20.1.2.3", "20.1.2.4"):
        adapter.decide(requests=[ask(address, operation=name) for name in DATA_OPERATIONS])
        adapter.decide(requests=[ask(address, plane="control", operation=name) for name in CONTROL_OPERATIONS])
    assert slot.vault is vault
    assert vault.deleted is None
    assert vault.objects.to_json() == objects
    assert adapter.get_rules() == before


@pytest.mark.parametrize(
    "rule", [None, 7, [], {}, "20.1.2.3", {"value": None}, {"value": 20}, {"value": "20.1.2.3/33"}, {"value": "\ud800"}]
)
def test_a_rule_of_any_json_is_put_as_it_is_and_refused(opened: Opened, rule: object) -> None:
    adapter, _ = opened()
    adapter.reset(subnets=[])
    answer = adapter.put_rules(network_acls={**DENY, "ipRules": [{"value": "20.0.0.0/8"}, rule]})
    assert answer["accepted"] is False
    assert answer["status"] == 400


def test_the_rules_read_back_are_those_of_the_wire_and_none_in_a_new_vault(opened: Opened) -> None:
    adapter, _ = opened()
    adapter.reset(subnets=[])
    assert adapter.get_rules() == {}
    adapter.put_rules(network_acls=DENY)
    assert adapter.get_rules()["networkAcls"]["ipRules"] == [{"value": "20.1.2.3/32"}]
    adapter.reset(subnets=[])
    assert adapter.get_rules() == {}


def test_each_default_api_version_of_the_installed_sdks_is_answered(opened: Opened) -> None:
    adapter, server = opened()
    adapter.reset(subnets=[{"id": FRONT, "serviceEndpoints": ["Microsoft.KeyVault"]}])
    adapter.decide(requests=[ask("20.1.2.3", operation=name) for name in DATA_OPERATIONS])
    assert not [line for line in server.log if "NoRegisteredProviderFound" in line or "BadParameter" in line]
    assert FACTS.api_versions["data"]


def test_throttling_is_waited_for_and_is_no_verdict(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("azure.core.pipeline.policies._retry_async.AsyncRetryPolicy._sleep_for_retry", _no_sleep)
    adapter, server = opened(disturbance=Disturbance(shares={429: 0.3}))
    adapter.reset(subnets=[])
    adapter.put_rules(network_acls=DENY)
    asked = [ask("20.1.2.3"), ask("20.1.2.4")] * 20
    assert outcomes(adapter, *asked) == [("allow",), ("deny", 403, "ForbiddenByFirewall")] * 20
    assert any("429 TooManyRequests" in line for line in server.log)


async def _no_sleep(*_: object) -> bool:
    return True


def test_a_5xx_is_an_error_and_never_a_verdict(opened: Opened) -> None:
    from fencepost.adapters.azure_client.adapter import Unexpected

    adapter, server = opened()
    adapter.reset(subnets=[])
    application: Any = server.server._application
    application._disturbance = Disturbance(shares={502: 1.0})
    with pytest.raises(Unexpected, match="502"):
        adapter.decide(requests=[ask("20.1.2.3"), ask("20.1.2.4")])
    with pytest.raises(Unexpected, match="502"):
        adapter.put_rules(network_acls=DENY)
    application._disturbance = Disturbance()


def test_an_endpoint_that_asks_for_no_token_is_asked_what_can_be_asked(opened: Opened) -> None:
    adapter, _ = opened(subject="mutant:allow-needs-no-token")
    statement = adapter.describe(protocol=1)
    assert "SecretSet" not in statement["operations"]
    assert "SecretGet" in statement["operations"]
    adapter.reset(subnets=[])
    assert outcomes(adapter, ask("20.1.2.3", authenticated=False)) == [("allow",)]
    assert outcomes(adapter, ask("20.1.2.3", operation="SecretRestore")) == [("inconclusive",)]
    adapter.put_rules(network_acls=DENY)
    assert outcomes(adapter, ask("20.1.2.3", authenticated=False)) == [("deny", 401)]


def test_each_sdk_asks_by_its_own_pipeline_for_its_own_challenge(opened: Opened) -> None:
    _, server = opened()
    challenged = [line.split()[1] for line in server.log if " 401" in line]
    assert [one.strip("'").split("/")[1] for one in challenged] == ["secrets", "keys", "certificates"]


def test_what_an_sdk_keeps_of_a_vault_changes_no_later_statement(target: Path) -> None:
    from fencepost.adapters.azure_client import open_adapter

    options = Options(target=target, trust_test_headers=True, subject="mutant:allow-needs-no-token")
    with running(options):
        file = load_target(target)
        save_target(replace(file, endpoint=replace(file.endpoint, vault="fencepost-again")), target)
        statements = []
        for _ in range(2):
            adapter = cast("Any", open_adapter(str(target)))
            statements.append(adapter.describe(protocol=1))
            adapter.put_rules(network_acls=DENY)
            for operation in ("SecretGet", "KeyGet", "CertificateGet"):
                adapter.decide(requests=[ask("20.1.2.3", operation=operation)])
            adapter.shutdown()
    assert statements[0] == statements[1]
    assert "SecretSet" not in statements[0]["operations"]


@pytest.mark.parametrize(
    ("caller", "profile", "features"),
    [
        (CallerTable(address="bound"), "keyvault", {"ip-rules-only"}),
        (CallerTable(address="proxy-v2"), "keyvault", {"ip-rules-only"}),
        (CallerTable(address="proxy-v2", proxy_values=True), "keyvault", {"service-endpoints", "trusted-services"}),
        (CallerTable(address="header", headers=SERVICE), "keyvault", {"ip-rules-only"}),
        (
            CallerTable(address="header", headers=SERVICE),
            "keyvault-2018-preview",
            {"ip-rules-only", "trusted-services"},
        ),
        (CallerTable(address="header", headers=CallerHeaders(subnet="s")), "keyvault", {"service-endpoints"}),
    ],
)
def test_what_cannot_be_conveyed_to_the_endpoint_is_not_offered(
    caller: CallerTable, profile: str, features: set[str]
) -> None:
    from fencepost.adapters.azure_client.adapter import AzureAdapter

    endpoint = Endpoint(control="https://x", tenant="t", subscription="s", resource_group="g")
    target = TargetFile(endpoint=endpoint, caller=caller, statement=StatementTable(profile=profile))
    offered = AzureAdapter(target).describe(protocol=1)["features"]
    assert isinstance(offered, list)
    assert set(offered) & {"ip-rules-only", "service-endpoints", "trusted-services"} == features


Spoil = Callable[[TargetFile], TargetFile]


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda file: replace(file, endpoint=replace(file.endpoint, control="https://127.0.0.1:9")), "127.0.0.1:9"),
        (lambda file: replace(file, endpoint=replace(file.endpoint, ca="/nowhere.pem")), "nowhere.pem"),
        (lambda file: replace(file, endpoint=replace(file.endpoint, ca=os.devnull)), "certificate"),
        (
            lambda file: replace(file, endpoint=replace(file.endpoint, tenant="00000000-0000-0000-0000-000000000000")),
            "",
        ),
        (
            lambda file: replace(file, endpoint=replace(file.endpoint, vault="fencepost")),
            "the vault name fencepost is taken",
        ),
        (
            lambda file: replace(file, identities=replace(file.identities, authorized=file.identities.unauthorized)),
            "403 AuthorizationFailed",
        ),
        (
            lambda file: replace(
                file,
                identities=replace(file.identities, authorized=replace(file.identities.authorized, checks_secret=True)),
            ),
            "AZURE_CLIENT_SECRET",
        ),
    ],
)
def test_an_endpoint_that_cannot_be_asked_is_one_line_before_anything_is_written(
    target: Path, spoil: Spoil, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fencepost.adapters.azure_client import open_adapter

    monkeypatch.delenv("AZURE_CLIENT_SECRET", raising=False)
    rules = {"defaultAction": "Deny"}
    with running(Options(target=target, trust_test_headers=True, rules=rules)) as server:
        save_target(spoil(load_target(target)), target)
        before = set(server.server.world.slots)
        with pytest.raises(SubjectError) as caught:
            open_adapter(str(target))
        assert reason in str(caught.value)
        assert "\n" not in str(caught.value)
        assert set(server.server.world.slots) == before
        assert not [line for line in server.log if line.startswith(("PUT", "PATCH", "DELETE"))]


def test_an_expired_token_is_one_line_before_anything_is_written(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from fencepost.adapters.azure_client import open_adapter

    with running(Options(target=target, trust_test_headers=True)) as server:
        tokens = server.server.world.tokens
        made = tokens.make(OWNER, "https://management.azure.com")
        monkeypatch.setattr(tokens, "make", lambda *_: made)
        monkeypatch.setattr(tokens, "now", lambda: time.time() + LIFETIME + 60)
        with pytest.raises(SubjectError, match=r"answered 401 ExpiredAuthenticationToken: .* Nothing was written"):
            open_adapter(str(target))
        assert not server.server.world.slots


def test_an_endpoint_that_is_not_there_is_one_line_on_stderr(target: Path) -> None:
    with running(Options(target=target, trust_test_headers=True)):
        dead, authority = target.read_text(), target.with_name("ca.pem")
        authority.write_bytes(target.with_name(f"{target.name}.ca.pem").read_bytes())
    target.write_text(dead.replace(f"{target.name}.ca.pem", authority.name))
    fencepost = Path(sys.executable).with_name("fencepost")
    done = subprocess.run([fencepost, "clean", str(target)], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.count("Cannot connect") == 1


@pytest.mark.parametrize("text", ["", "[endpoint]\n", "nonsense", "[endpoint]\ncontrol = 7\n"])
def test_a_target_file_that_is_none_is_one_line(target: Path, text: str) -> None:
    from fencepost.adapters.azure_client import open_adapter

    target.write_text(text)
    with pytest.raises(SubjectError, match=r"t\.toml"):
        open_adapter(str(target))


@pytest.mark.slow
@pytest.mark.parametrize("edition", ["keyvault", "keyvault-2018-preview"])
def test_what_is_read_back_has_the_recorded_form_and_a_server_that_spells_it_otherwise_is_failed(
    edition: str, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def judged() -> tuple[int, str]:
        with running(Options(subject=f"reference:{edition}", target=target, trust_test_headers=True)):
            run = CliRunner().invoke(main, ["check", f"azure:{target}", "--clause", "WIRE", "--fail-fast"])
        return run.exit_code, run.stdout

    status, output = judged()
    asked = {"keyvault": 6, "keyvault-2018-preview": 2}[edition]
    assert (status, len(re.findall(r"^  WIRE-\d  pass", output, re.MULTILINE))) == (0, asked)
    monkeypatch.setattr(forms, "with_prefix", lambda value: value.removesuffix("/32"))
    status, output = judged()
    assert (status, re.findall(r"^FAIL (\S+)", output, re.MULTILINE)[0]) == (1, "WIRE-1")


def test_an_endpoint_that_locks_everybody_out_answers_wrongly_and_the_run_goes_on(
    opened: Opened, capsys: pytest.CaptureFixture[str]
) -> None:
    adapter, server = opened(subject="mutant:control-plane-behind-the-firewall")
    adapter.put_rules(network_acls=DENY)
    assert outcomes(adapter, ask("20.7.7.7", plane="control", operation="VaultPatch")) == [
        ("deny", 403, "ForbiddenByFirewall")
    ]
    adapter.reset(subnets=[])
    assert len(server.server.world.slots) == 1, "a caller whom a rule admits has removed the vault"
    nobody = {**DENY, "ipRules": []}
    assert adapter.put_rules(network_acls=nobody)["accepted"] is True
    refused = adapter.put_rules(network_acls=DENY)
    assert (refused["accepted"], refused["status"], refused["code"]) == (False, 403, "ForbiddenByFirewall")
    with pytest.raises(Exception, match="403 ForbiddenByFirewall"):
        adapter.get_rules()
    adapter.reset(subnets=[])
    assert len(server.server.world.slots) == 2
    assert outcomes(adapter, ask("20.7.7.7"), ask("20.7.7.7", plane="control", operation="VaultPatch")) == [
        ("allow",),
        ("allow",),
    ]
    assert outcomes(adapter, ask("20.7.7.7", plane="control", operation="VaultList")) == [("inconclusive",)]
    adapter.shutdown()
    assert "refuses the removal of 1 vaults: fp-" in capsys.readouterr().err
    assert [slot.vault is None for slot in server.server.world.slots.values()] == [False, True]


def test_a_vault_that_is_used_again_is_opened_by_a_caller_whom_a_rule_admits(target: Path) -> None:
    from fencepost.adapters.azure_client import open_adapter

    with running(Options(subject="mutant:locked-out-of-the-rules", target=target, trust_test_headers=True)) as server:
        save_target(replace(load_target(target), reset="reuse"), target)
        adapter: Any = open_adapter(str(target))
        adapter.put_rules(network_acls=DENY)
        adapter.reset(subnets=[])
        assert outcomes(adapter, ask("20.7.7.7")) == [("allow",)]
        adapter.put_rules(network_acls={**DENY, "ipRules": []})
        assert len(server.server.world.slots) == 1
        adapter.reset(subnets=[])
        assert len(server.server.world.slots) == 2
        adapter.shutdown()


def test_a_credential_without_a_role_is_an_error_of_the_control_plane_and_no_verdict(opened: Opened) -> None:
    from fencepost.adapters.azure_client.adapter import Unexpected

    adapter, server = opened()
    adapter.put_rules(network_acls=DENY)
    world = server.server.world
    known, world.principals = world.principals, {}
    for operation in ("VaultGet", "VaultPurge", "VaultNetworkRuleSet"):
        with pytest.raises(Unexpected, match="403 AuthorizationFailed"):
            adapter.decide(requests=[ask("20.1.2.3", plane="control", operation=operation)])
    without = ask("20.1.2.3", plane="control", operation="VaultGet", authorized=False)
    assert outcomes(adapter, without) == [("deny", 403, "AuthorizationFailed")]
    with pytest.raises(Unexpected, match="403"):
        adapter.put_rules(network_acls=DENY)
    with pytest.raises(Exception, match="AuthorizationFailed"):
        adapter.reset(subnets=[])
    world.principals = known
