"""`azure:FILE.toml` with Microsoft's SDKs against the server: the calls, the readings of answers, what remains."""

import asyncio
import os
import random
import re
import shutil
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from azure_http import Wire
from click.testing import CliRunner
from fencepost.adapters.azure import forms
from fencepost.adapters.azure.facts import FACTS
from fencepost.adapters.azure.proxy_header import write_header
from fencepost.adapters.azure.target import TargetFile, load_target, save_target
from fencepost.adapters.azure_server.application import Disturbance
from fencepost.adapters.azure_server.background import Running, running
from fencepost.adapters.azure_server.server import Options
from fencepost.adapters.contract import Implementation, JsonObject, SubjectError, open_factory
from fencepost.adapters.contract.vocabulary import CONTROL_OPERATIONS, DATA_OPERATIONS
from fencepost.conformance.commands import main
from msgspec.structs import replace

pytestmark = pytest.mark.engine("azure")

NET = "/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/Net/providers/Microsoft.Network"
FRONT, BACK = (f"{NET}/virtualNetworks/Vnet/subnets/{name}" for name in ("Front", "back"))
DENY: JsonObject = {
    "bypass": "None",
    "defaultAction": "Deny",
    "ipRules": [{"value": "20.1.2.3"}],
    "virtualNetworkRules": [],
}
Opened = Callable[..., tuple[Any, Running]]


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "t.toml"


@pytest.fixture
def opened(target: Path) -> Iterator[Opened]:
    """Opens the adapter against a new server; both are ended after the test."""
    import contextlib

    from fencepost.adapters.azure_client import open_adapter

    with contextlib.ExitStack() as stack:

        def open_both(opener: Any = None, **options: Any) -> tuple[Any, Running]:
            given = {"trust_test_headers": True, **options}
            server = stack.enter_context(running(Options(target=target, **given), opener=opener))
            adapter = cast("Any", open_adapter(str(target)))
            stack.callback(adapter.shutdown)
            return adapter, server

        yield open_both


def ask(
    address: str, *, plane: str = "data", operation: str = "SecretGet", subnet: str | None = None, **caller: object
) -> JsonObject:
    source = {"address": address, **({} if subnet is None else {"subnet": subnet})}
    return {"plane": plane, "operation": operation, "source": source, "caller": caller}


def outcomes(adapter: Implementation, *requests: JsonObject) -> list[tuple[object, ...]]:
    decisions = cast("list[dict[str, object]]", adapter.decide(requests=requests)["decisions"])
    return [tuple(one[key] for key in ("outcome", "status", "code") if key in one) for one in decisions]


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


def test_credentials_subnets_and_services_are_conveyed(opened: Opened) -> None:
    adapter, _ = opened()
    adapter.reset(
        subnets=[{"id": FRONT, "serviceEndpoints": ["Microsoft.KeyVault"]}, {"id": BACK, "serviceEndpoints": []}]
    )
    rules = {**DENY, "bypass": "AzureServices", "virtualNetworkRules": [{"id": FRONT.upper()}]}
    assert adapter.put_rules(network_acls=rules) == {"accepted": True}
    assert outcomes(
        adapter,
        ask("20.1.2.3", authenticated=False),
        ask("20.9.9.9", authorized=False),
        ask("10.0.0.4", subnet=FRONT.lower()),
        ask("20.9.9.9", subnet=BACK),
        ask("20.9.9.9", service="Azure Backup", trusted=True),
        ask("20.9.9.9", plane="control", operation="VaultGet", authenticated=False),
        ask("20.9.9.9", plane="control", operation="VaultGet", authorized=False),
    ) == [
        ("deny", 401),
        ("deny", 403, "ForbiddenByFirewall"),
        ("allow",),
        ("deny", 403, "ForbiddenByFirewall"),
        ("allow",),
        ("deny", 401),
        ("deny", 403, "AuthorizationFailed"),
    ]
    (stranger,) = outcomes(adapter, ask("20.9.9.9", service=" Ünïted ", trusted=False))
    assert stranger[:2] == ("deny", 403)
    ((outcome, status, code),) = outcomes(adapter, ask("20.1.2.3", authorized=False))
    assert (outcome, status) == ("deny", 403)
    assert code in ("AccessDenied", "ForbiddenByPolicy", "ForbiddenByRbac")
    adapter.set_service_endpoints(subnet=FRONT, service_endpoints=[])
    assert outcomes(adapter, ask("20.9.9.9", subnet=FRONT)) == [("deny", 403, "ForbiddenByFirewall")]


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


def test_a_caller_that_the_endpoint_takes_for_another_is_inconclusive(opened: Opened, target: Path) -> None:
    from fencepost.adapters.azure_client import open_adapter

    opened()
    file = load_target(target)
    renamed = replace(file, caller=replace(file.caller, headers=replace(file.caller.headers, address="x-unknown")))
    other = target.with_name("other.toml")
    save_target(renamed, other)
    adapter = open_adapter(str(other))
    (decision,) = cast("list[Any]", adapter.decide(requests=[ask("20.1.2.3")])["decisions"])
    cast("Any", adapter).shutdown()
    assert decision == {"outcome": "inconclusive", "reason": "the endpoint saw 127.0.0.1 instead of 20.1.2.3"}


def test_by_proxy_protocol_a_caller_is_conveyed_whole(opened: Opened) -> None:
    adapter, _ = opened(proxy=True)
    adapter.reset(subnets=[{"id": FRONT, "serviceEndpoints": ["Microsoft.KeyVault"]}])
    rules = {**DENY, "bypass": "AzureServices", "virtualNetworkRules": [{"id": FRONT}]}
    adapter.put_rules(network_acls=rules)
    chance = random.Random(0)
    addresses = [f"20.1.2.{chance.randrange(2, 6)}" for _ in range(60)]
    got = outcomes(adapter, *(ask(address) for address in addresses))
    assert [one[0] for one in got] == ["allow" if address == "20.1.2.3" else "deny" for address in addresses]
    assert outcomes(adapter, ask("10.0.0.4", subnet=FRONT), ask("20.9.9.9", service="Azure Backup", trusted=True)) == [
        ("allow",),
        ("allow",),
    ]


BOUND = """
import sys
from pathlib import Path
from fencepost.adapters.azure_client import open_adapter
from fencepost.adapters.azure_server.background import running
from fencepost.adapters.azure_server.server import Options
from fencepost.adapters.nginx.vantage import AnyIp

AnyIp().enter()
target = Path(sys.argv[1])
with running(Options(target=target, listen="20.0.0.1")):
    adapter = open_adapter(str(target))
    adapter.reset(subnets=[])
    rules = {"bypass": "None", "defaultAction": "Deny", "ipRules": [{"value": "20.1.2.0/24"}, {"value": "127.0.0.1"}]}
    adapter.put_rules(network_acls=rules)
    for address in ("20.1.2.0", "20.1.2.255", "20.1.3.0", "191.10.18.7", "10.1.2.3", "224.0.0.1", "255.255.255.255"):
        (decision,) = adapter.decide(
            requests=[{"plane": "data", "operation": "SecretGet", "source": {"address": address}}]
        )["decisions"]
        print(address, decision["outcome"], decision.get("code", ""), flush=True)
    adapter.shutdown()
"""


@pytest.mark.engine("any-ip")
def test_bound_to_its_address_a_caller_is_seen_as_itself_or_inconclusive(target: Path) -> None:
    done = subprocess.run([sys.executable, "-c", BOUND, str(target)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert [line.split() for line in done.stdout.splitlines()] == [
        ["20.1.2.0", "allow"],
        ["20.1.2.255", "allow"],
        ["20.1.3.0", "deny", "ForbiddenByFirewall"],
        ["191.10.18.7", "deny", "ForbiddenByFirewall"],
        ["10.1.2.3", "deny", "ForbiddenByFirewall"],
        ["224.0.0.1", "inconclusive"],
        ["255.255.255.255", "inconclusive"],
    ]


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


def test_reuse_puts_the_vault_back_as_it_was_when_it_was_new(opened: Opened, target: Path) -> None:
    from fencepost.adapters.azure_client import open_adapter

    _, server = opened()
    file = load_target(target)
    other = target.with_name("other.toml")
    save_target(replace(file, reset="reuse"), other)
    adapter = cast("Any", open_adapter(str(other)))
    adapter.put_rules(network_acls=DENY)
    before = len(server.log)
    adapter.reset(subnets=[])
    assert adapter.get_rules() == {}
    assert not [line for line in server.log[before:] if line.startswith("DELETE")]
    adapter.shutdown()


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


@pytest.mark.parametrize("text", ["", "[endpoint]\n", "nonsense", "[endpoint]\ncontrol = 7\n"])
def test_a_target_file_that_is_none_is_one_line(target: Path, text: str) -> None:
    from fencepost.adapters.azure_client import open_adapter

    target.write_text(text)
    with pytest.raises(SubjectError, match=r"t\.toml"):
        open_adapter(str(target))


def leftovers(server: Running) -> list[str]:
    world = server.server.world
    vaults = [name for name, slot in world.slots.items() if slot.vault is not None]
    return [*vaults, *(network.id for network in world.networks)]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("point", range(5))
def test_a_run_that_is_ended_leaves_nothing(target: Path, number: int, point: int) -> None:
    with running(Options(target=target, trust_test_headers=True)) as server:
        process = _check(target)
        _wait_for(lambda: len(server.log) > 40 + 160 * point, process)
        process.send_signal(number)
        process.communicate(timeout=60)
        assert leftovers(server) == []


def test_a_vault_that_a_call_makes_late_is_removed_too(opened: Opened) -> None:
    adapter, server = opened()
    estate, clients = adapter._ours()

    async def removed_while_a_call_is_late() -> None:
        removal = asyncio.create_task(estate.remove(clients, again_after=1.0))
        while estate.is_made:
            await asyncio.sleep(0.01)
        await estate.make_vault(clients)
        await removal

    adapter._run(removed_while_a_call_is_late())
    assert leftovers(server) == []


def test_what_a_killed_run_leaves_is_found_and_removed_and_nothing_else(target: Path) -> None:
    fencepost = shutil.which("fencepost", path=str(Path(sys.executable).parent))
    assert fencepost is not None
    with running(Options(target=target, trust_test_headers=True)) as server:
        wire = Wire(running=server)
        wire.create()
        kept = wire.subnet("kept", "Microsoft.KeyVault").rpartition("/subnets/")[0]
        process = _check(target)
        _wait_for(lambda: len(server.log) > 400, process)
        process.kill()
        process.communicate(timeout=60)
        assert len(leftovers(server)) > 2
        command = [fencepost, "clean", str(target)]
        shown = subprocess.run([*command, "--dry-run"], capture_output=True, text=True, check=True).stdout
        assert "found: vault fp-" in shown
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert shown.replace("found", "removed") == done.stdout
        assert sorted(leftovers(server)) == sorted([wire.vault, kept])
        again = subprocess.run(command, capture_output=True, text=True, check=True)
        assert again.stdout == "nothing of ours is there\n"


def _check(target: Path) -> subprocess.Popen[bytes]:
    fencepost = shutil.which("fencepost", path=str(Path(sys.executable).parent))
    assert fencepost is not None
    return subprocess.Popen([fencepost, "check", f"azure:{target}"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def _wait_for(is_so: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    for _ in range(6000):
        if is_so():
            return
        if process.poll() is not None:
            raise AssertionError(process.communicate())
        time.sleep(0.005)
    raise AssertionError("it has not come to that")


@pytest.mark.slow
@pytest.mark.parametrize("edition", ["keyvault", "keyvault-2018-preview"])
def test_what_is_read_back_has_the_recorded_form_and_a_server_that_spells_it_otherwise_is_failed(
    edition: str, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def judged() -> tuple[int, str]:
        with running(Options(subject=f"reference:{edition}", target=target, trust_test_headers=True)):
            run = CliRunner().invoke(main, ["check", f"azure:{target}", "--clause", "WIRE", "--fail-fast"])
        return run.exit_code, run.stdout

    status, told = judged()
    asked = {"keyvault": 6, "keyvault-2018-preview": 2}[edition]
    assert (status, len(re.findall(r"^  WIRE-\d  pass", told, re.MULTILINE))) == (0, asked)
    monkeypatch.setattr(forms, "with_prefix", lambda value: value.removesuffix("/32"))
    status, told = judged()
    assert (status, re.findall(r"^FAIL (\S+)", told, re.MULTILINE)[0]) == (1, "WIRE-1")


def test_a_caller_of_a_batch_has_one_connection_and_no_other_caller_has_it(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    announced: list[str] = []

    def noted(address: str, values: dict[int, bytes]) -> bytes:
        announced.append(address)
        return write_header(address, values)

    monkeypatch.setattr("fencepost.adapters.azure_client.conveying.write_header", noted)
    adapter, _ = opened(proxy=True)
    adapter.reset(subnets=[])
    adapter.put_rules(network_acls=DENY)
    announced.clear()
    addresses = ["20.1.2.3", "20.1.2.4", "20.1.2.3", "20.1.2.5", "20.1.2.3"]
    told = outcomes(adapter, *(ask(address) for address in addresses))
    assert [one[0] for one in told] == ["allow" if address == "20.1.2.3" else "deny" for address in addresses]
    assert sorted(announced) == ["20.1.2.3", "20.1.2.4", "20.1.2.5"]


def test_a_connection_takes_up_the_session_of_the_one_before(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    from fencepost.adapters.azure_client.clients import ResumingContext

    taken: list[bool] = []

    class Noting(ssl.SSLObject):
        def getpeercert(self, binary_form: bool = False) -> Any:
            taken.append(bool(self.session_reused))
            return super().getpeercert(binary_form)

    monkeypatch.setattr(ResumingContext, "sslobject_class", Noting)
    adapter, _ = opened(proxy=True)
    adapter.reset(subnets=[])
    adapter.decide(requests=[ask(f"20.1.2.{number}") for number in range(40)])
    assert len(taken) > 40
    assert sum(taken) > len(taken) // 2


def test_an_endpoint_that_locks_everybody_out_is_said_to_break_the_clause_of_the_control_plane(opened: Opened) -> None:
    adapter, server = opened(subject="mutant:control-plane-behind-the-firewall")
    adapter.put_rules(network_acls=DENY)
    with pytest.raises(Exception, match=r"refuses the control plane \(CTL-1\)"):
        adapter.reset(subnets=[])
    (slot,) = server.server.world.slots.values()
    slot.vault = None  # nobody else can take it away
