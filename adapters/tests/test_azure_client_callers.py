"""`azure:FILE.toml`: how a caller is conveyed, and by which connection."""

import random
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from azure_adapter import BACK, DENY, FRONT, Opened, ask, openings, outcomes
from fencepost.adapters.azure.target import load_target, save_target
from fencepost.adapters.contract import open_factory
from fencepost.adapters.proxy_header import write_header
from msgspec.structs import replace

pytestmark = pytest.mark.engine("azure")


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "t.toml"


@pytest.fixture
def opened(target: Path) -> Iterator[Opened]:
    yield from openings(target)


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


def test_a_subnet_whose_endpoint_is_switched_reaches_the_subject_in_the_letters_of_the_call(opened: Opened) -> None:
    class Noting:
        """A subject that notes which subnet is switched."""

        switched: list[str] = []  # noqa: RUF012 - one for the test

        def describe(self, *, protocol: int) -> object:
            features = ["service-endpoints"]
            return {"protocol": protocol, "name": "noting", "version": "1", "profile": "keyvault", "features": features}

        def reset(self, *, subnets: object) -> object:
            return {}

        def put_rules(self, *, network_acls: object) -> object:
            return {"accepted": True}

        def set_service_endpoints(self, *, subnet: str, service_endpoints: object) -> object:
            self.switched.append(subnet)
            return {}

        def decide(self, *, requests: list[object]) -> object:
            return {"decisions": ["allow" for _ in requests]}

    adapter, server = opened(opener=lambda: open_factory(Noting))
    adapter.reset(subnets=[{"id": FRONT, "serviceEndpoints": ["Microsoft.KeyVault"]}])
    other = FRONT.replace("/Net/", "/NET/").replace("/Vnet/", "/vNET/").replace("/Front", "/fRONT")
    adapter.set_service_endpoints(subnet=other, service_endpoints=[])
    assert Noting.switched == [other]
    assert [subnet.id for subnet in server.server.world.networks.subnets()] == [FRONT]


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
from fencepost.adapters import any_ip
from fencepost.adapters.azure_client import open_adapter
from fencepost.adapters.azure_server.background import running
from fencepost.adapters.azure_server.server import Options

any_ip.enter()
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
    found = outcomes(adapter, *(ask(address) for address in addresses))
    assert [one[0] for one in found] == ["allow" if address == "20.1.2.3" else "deny" for address in addresses]
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
