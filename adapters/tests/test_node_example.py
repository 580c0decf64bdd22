"""The worked example in Node: a harness in another language, asked over stdio."""

import contextlib
import os
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from fencepost.adapters.contract import (
    Client,
    JsonObject,
    MalformedResult,
    RpcError,
    Timeouts,
    check_statement,
    open_subject,
)
from fencepost.adapters.contract.vocabulary import FEATURES

HARNESS = Path(__file__).parents[1] / "examples" / "node" / "harness.mjs"
REFUSED: tuple[object, ...] = (
    *("", "10.0.0.0/8", "172.31.255.255", "1.2.3.4/24", "1.2.3", "256.1.1.1", "01.2.3.4", "::1", "1.2.3.0/33"),
    *(" 1.2.3.4", "1.2.3.4\n", "1.2.3.4\x00", "١.2.3.4", "0.0.0.0/0", "172.0.0.0/8", "1.2.3.0/024"),
    *(16909060, None, []),
)
PROFILES = {"keyvault-2018-preview": (127, 127), "keyvault": (1000, 200)}


def subnet(name: str) -> str:
    return f"/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/{name}"


def request(address: str, *, operation: str = "SecretGet", **members: object) -> JsonObject:
    source = {"address": address, **({"subnet": members.pop("subnet")} if "subnet" in members else {})}
    plane = "control" if operation.startswith("Vault") else "data"
    return {"plane": plane, "operation": operation, "source": source, "caller": members}


def rules(*values: object, subnets: tuple[str, ...] = (), **switches: object) -> JsonObject:
    acls = {"bypass": "None", "defaultAction": "Deny", "ipRules": [{"value": value} for value in values]}
    return {"networkAcls": {**acls, "virtualNetworkRules": [{"id": each} for each in subnets], **switches}}


@pytest.fixture(params=PROFILES)
def profile(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def vault(profile: str) -> Iterator[Client]:
    """The example in each profile, in a network of the subnets a (with its endpoint) and b (without)."""
    node = shutil.which("node")
    if node is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("node is not installed")
    subject = f"stdio:{shlex.join([node, str(HARNESS), profile])}"
    with contextlib.closing(Client(open_subject(subject, timeouts=Timeouts(start=20, call=20)))) as client:
        client.reset(
            [
                {"id": subnet("a"), "serviceEndpoints": ["Microsoft.KeyVault"]},
                {"id": subnet("b"), "serviceEndpoints": ["microsoft.keyvault"]},
            ]
        )
        yield client


def outcomes(vault: Client, *requests: JsonObject) -> list[str]:
    return [answer.outcome for answer in vault.decide(requests)]


def accepts(vault: Client, *values: object, subnets: tuple[str, ...] = ()) -> bool:
    return vault.write("putRules", rules(*values, subnets=subnets)).is_accepted


def test_its_statement_can_be_used_and_offers_all_but_isolation(vault: Client, profile: str) -> None:
    statement = check_statement(vault.describe())
    assert statement.profile == profile
    restrictions = {"data-plane-only", "ip-rules-only", "decisions-only", "always-deny"}
    assert set(statement.features) == set(FEATURES) - restrictions - {"snapshot-isolation", "azure-wire"}
    unasked = {"missing-service-endpoint"} if profile == "keyvault" else {"prefix-31", "trusted-scenarios"}
    assert not unasked & set(statement.choices)


def test_addresses_subnets_and_services_each_let_through(vault: Client, profile: str) -> None:
    assert outcomes(vault, request("8.8.8.8")) == ["allow"]
    put = rules("191.10.18.0/24", "8.8.4.4", subnets=(subnet("A"),), bypass="AzureServices")
    assert vault.write("putRules", put).accepted
    trusted = {"service": "Azure Backup"} if profile != "keyvault" else {"service": "x", "trusted": True}
    untrusted = {"service": "App Services"} if profile != "keyvault" else {"service": "x", "trusted": False}
    assert outcomes(
        vault,
        request("191.10.18.0"),
        request("191.10.18.255"),
        request("191.10.17.255"),
        request("191.10.19.0"),
        request("8.8.4.4"),
        request("10.0.0.4", subnet=subnet("a")),
        request("8.8.8.8", subnet=subnet("b")),
        request("8.8.8.8", **trusted),
        request("8.8.8.8", **untrusted),
        request("8.8.8.8", operation="VaultGet"),
    ) == ["allow", "allow", "deny", "deny", "allow", "allow", "deny", "allow", "deny", "allow"]


def test_denials_have_their_codes(vault: Client) -> None:
    vault.write("putRules", rules("8.8.4.4"))
    answers = vault.decide(
        [
            request("8.8.4.4", authenticated=False),
            request("8.8.8.8", authorized=False),
            request("8.8.4.4", authorized=False),
            request("8.8.8.8", operation="VaultGet", authorized=False),
        ]
    )
    assert [answer.status for answer in answers] == [401, 403, 403, 403]
    assert [answer.code for answer in answers[1:3]] == ["ForbiddenByFirewall", "ForbiddenByPolicy"]


@pytest.mark.parametrize("value", REFUSED)
def test_a_refused_write_changes_nothing(vault: Client, value: object) -> None:
    assert accepts(vault, "8.8.4.4")
    assert not accepts(vault, "8.8.8.8", value)
    assert not vault.write("addIpRule", {"value": value}).accepted
    assert outcomes(vault, request("8.8.4.4"), request("8.8.8.8")) == ["allow", "deny"]


def test_small_ranges_are_for_the_profile_of_today(vault: Client, profile: str) -> None:
    assert accepts(vault, "1.2.3.4/30", "64.0.0.0/2")
    assert accepts(vault, "1.2.3.4/32") == (profile == "keyvault")


def test_the_limits_are_separate_and_removing_makes_room(vault: Client, profile: str) -> None:
    most, most_subnets = PROFILES[profile]
    values = [f"20.{number // 250}.{number % 250}.1" for number in range(most + 1)]
    vault.reset([{"id": subnet(f"n{n}"), "serviceEndpoints": ["Microsoft.KeyVault"]} for n in range(most_subnets + 1)])
    subnets = tuple(subnet(f"n{number}") for number in range(most_subnets + 1))
    assert accepts(vault, *values[:-1], subnets=subnets[:-1])
    assert not accepts(vault, *values)
    assert not accepts(vault, subnets=subnets)
    assert not vault.write("addIpRule", {"value": values[-1]}).accepted
    assert vault.write("removeIpRule", {"value": values[0]}).accepted
    assert vault.write("addIpRule", {"value": values[-1]}).accepted
    assert outcomes(vault, request(values[0]), request(values[-1])) == ["deny", "allow"]


def test_switches_and_endpoints_leave_the_rules_alone(vault: Client) -> None:
    assert accepts(vault, "8.8.4.4", subnets=(subnet("a"),))
    asked = [request("8.8.4.4"), request("8.8.8.8"), request("10.0.0.4", subnet=subnet("a"))]
    assert vault.write("updateRules", {"defaultAction": "Allow"}).accepted
    assert outcomes(vault, *asked) == ["allow"] * 3
    assert not vault.write("updateRules", {"defaultAction": "deny"}).accepted
    assert vault.write("updateRules", {"defaultAction": "Deny"}).accepted
    vault.set_service_endpoints(subnet("a"), [])
    assert outcomes(vault, *asked) == ["allow", "deny", "deny"]
    assert accepts(vault, "8.8.4.4", subnets=(subnet("a"),))
    assert not accepts(vault, "8.8.4.4", subnets=(subnet("b"),))
    vault.set_service_endpoints(subnet("a"), ["Microsoft.KeyVault"])
    assert outcomes(vault, *asked) == ["allow", "deny", "allow"]


def test_the_rules_are_read_back(vault: Client, profile: str) -> None:
    assert accepts(vault, "8.8.4.4", "8.8.4.4", "1.2.3.0/24", subnets=(subnet("a"),))
    read = vault.get_rules()
    assert read is not None
    single = "8.8.4.4/32" if profile == "keyvault" else "8.8.4.4"
    assert [rule.value for rule in read.ip_rules or []] == [single, single, "1.2.3.0/24"]
    assert [rule.id for rule in read.virtual_network_rules or []] == [subnet("a")]
    assert (read.bypass, read.default_action) == ("None", "Deny")
    assert vault.write("removeIpRule", {"value": "8.8.4.4"}).accepted
    assert vault.write("removeVirtualNetworkRule", {"id": subnet("A")}).accepted
    read = vault.get_rules()
    assert read is not None
    assert [rule.value for rule in read.ip_rules or []] == ["1.2.3.0/24"]
    assert not read.virtual_network_rules


@pytest.mark.parametrize("id_", ["", subnet(""), subnet("a") + "/", subnet("a")[1:], subnet("a") + "/x/y", 7, None])
def test_what_is_no_subnet_id_is_refused(vault: Client, id_: object) -> None:
    assert not vault.write("addVirtualNetworkRule", {"id": id_}).accepted


def test_the_harness_tells_a_broken_call_from_a_refusal(vault: Client) -> None:
    with pytest.raises(RpcError) as unknown:
        vault.connection.call("constructor", {})
    assert unknown.value.code == -32601
    with pytest.raises(RpcError, match="TypeError") as broken:
        vault.connection.call("decide", {"requests": [None]})
    assert "vault.mjs" in broken.value.traceback
    with pytest.raises(MalformedResult):
        vault.write("describe", {})
    assert outcomes(vault, request("8.8.8.8")) == ["allow"]


def test_methods_may_be_asynchronous(tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("node is not installed")
    shutil.copy(HARNESS, tmp_path)
    (tmp_path / "vault.mjs").write_text(
        """
        import { setTimeout } from "node:timers/promises";
        export class Vault {
          async describe() {
            await setTimeout(1);
            return { protocol: 1, name: "later", version: "1", profile: "keyvault", features: ["decisions-only"] };
          }
          async reset() { throw new Error("no engine yet"); }
        }
        """
    )
    subject = f"stdio:{shlex.join([node, str(tmp_path / HARNESS.name)])}"
    with contextlib.closing(Client(open_subject(subject, timeouts=Timeouts(start=20, call=20)))) as client:
        assert check_statement(client.describe()).name == "later"
        with pytest.raises(RpcError, match="no engine yet"):
            client.reset([])
