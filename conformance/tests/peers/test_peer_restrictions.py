"""The peers that offer less than all of it, or do it otherwise, and the stand-alone harness."""

import threading
import time

import pytest
from fencepost.adapters.contract import Client, Implementation, JsonObject, check_statement
from fencepost.conformance import peers
from fencepost.conformance.peers import NotOffered
from peer_harness import FRONT, TODAY, Child, InProcess, Vault, addresses, control, data, open_peer

RESTRICTED: dict[str, tuple[str, JsonObject]] = {
    "IpRulesOnlyVault": ("reset", {"subnets": [{"id": FRONT, "serviceEndpoints": ["Microsoft.KeyVault"]}]}),
    "DataPlaneOnlyVault": ("decide", {"requests": [control("9.9.9.9")]}),
    "DecisionsOnlyVault": ("putRules", {"networkAcls": {"ipRules": [{"value": "10.0.0.1"}]}}),
    "EnforcerVault": ("getRules", {}),
    "NoServiceEndpointsVault": ("setServiceEndpoints", {"subnet": FRONT, "serviceEndpoints": []}),
    "WholeSetsOnlyVault": ("addIpRule", {"value": "20.0.0.1"}),
    "NetworkGateVault": ("decide", {"requests": [data("9.9.9.9", caller={"authorized": False})]}),
    "MinimalVault": ("decide", {"requests": [data("9.9.9.9", caller={"trusted": True})]}),
    "MinimalVault2018": ("decide", {"requests": [data("9.9.9.9", caller={"service": "Azure Backup"})]}),
    "SuspiciousVault": ("decide", {"requests": [data("20.0.0.1", via=FRONT)]}),
}


@pytest.mark.parametrize("name", RESTRICTED)
def test_a_restricted_peer_does_its_part_and_blames_who_asks_for_the_rest(name: str) -> None:
    client = Client(InProcess(getattr(peers, name)()))
    features = check_statement(client.describe()).features
    network: list[JsonObject] = [{"id": FRONT, "serviceEndpoints": ["Microsoft.KeyVault"]}]
    client.reset([] if "ip-rules-only" in features else network)
    acls = {"bypass": "None", "defaultAction": "Deny", "ipRules": [{"value": "20.0.0.0/24"}]}
    assert client.write("putRules", {"networkAcls": acls}).accepted
    assert [answer.outcome for answer in client.decide([data("20.0.0.9"), data("20.0.1.0")])] == ["allow", "deny"]
    method, params = RESTRICTED[name]
    with pytest.raises(NotOffered):
        client.connection.call(method, params)


def test_the_smallest_peer_has_four_methods() -> None:
    public = {name for name in dir(peers.MinimalVault) if not name.startswith("_")}
    assert public == {"describe", "reset", "put_rules", "decide"}


def test_trust_is_known_by_the_way_that_is_declared() -> None:
    by_name = Client(InProcess(peers.ListModeToday()))
    by_flag = Client(InProcess(peers.AttributeMode2018()))
    requests = [
        data("9.9.9.9", caller={"service": "Azure Backup"}),
        data("9.9.9.9", caller={"service": "Contoso Billing", "trusted": True}),
    ]
    for client, expected in ((by_name, ["allow", "deny"]), (by_flag, ["deny", "allow"])):
        client.reset([])
        assert client.write("putRules", {"networkAcls": {"bypass": "AzureServices", "defaultAction": "Deny"}}).accepted
        assert [answer.outcome for answer in client.decide(requests)] == expected


def test_a_doubtful_peer_is_right_wherever_it_is_sure() -> None:
    client = Client(InProcess(peers.DoubtfulVault()))
    client.reset([])
    assert client.write(
        "putRules", {"networkAcls": {"defaultAction": "Deny", "ipRules": [{"value": "20.0.0.0/28"}]}}
    ).accepted
    answers = client.decide([data(f"20.0.0.{last}") for last in range(32)])
    assert {answer.outcome for answer in answers[:16]} == {"allow", "inconclusive"}
    assert {answer.outcome for answer in answers[16:]} == {"deny", "inconclusive"}


def test_a_settling_peer_settles_within_the_time_that_it_declares() -> None:
    client = Client(InProcess(peers.SettlingVault()))
    client.reset([])
    assert client.write("putRules", {"networkAcls": {"defaultAction": "Deny"}}).accepted
    time.sleep(client.describe().settle_seconds)
    assert client.decide([data("9.9.9.9")])[0].outcome == "deny"


@pytest.mark.parametrize("name", ["StdlibVault", "NetaddrVault", "TrieVault", "SqliteVault"])
def test_a_batch_is_answered_by_the_old_or_the_new_set(name: str, harnesses: dict[str, Child]) -> None:
    vault = Vault(open_peer(name, TODAY, harnesses), TODAY)
    vault.reset()
    one, other = addresses(40)[::2], addresses(40)[1::2]
    requests = [data(address) for address in addresses(40)]
    expected = {"ad" * 20, "da" * 20}
    assert vault.put(one)
    seen: set[str] = set()
    done = threading.Event()

    def ask() -> None:
        while not done.is_set():
            seen.add(vault.outcomes(*requests))

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        for _ in range(60):
            assert vault.put(other)
            assert vault.put(one)
    finally:
        done.set()
        asking.join()
    assert seen
    assert seen <= expected


def test_the_stand_alone_harness_speaks_json_rpc(harnesses: dict[str, Child]) -> None:
    child = harnesses[TODAY]
    unknown = child.raw({"jsonrpc": "2.0", "id": [7], "method": "levitate", "params": {}})
    assert unknown["id"] == [7]
    assert isinstance(unknown["error"], dict)
    assert unknown["error"]["code"] == -32601
    fault = child.raw({"jsonrpc": "2.0", "id": "x", "method": "decide", "params": {}})
    assert isinstance(fault["error"], dict)
    assert "Traceback" in fault["error"]["data"]["traceback"]
    assert child.call("shutdown", {}) == {}


def typed(
    vaults: peers.StdlibVault, minimal: peers.MinimalVault, database: peers.SqliteVault
) -> tuple[Implementation, ...]:
    """The type checker proves that these keep the protocol."""
    return vaults, minimal, database
