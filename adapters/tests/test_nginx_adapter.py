"""nginx asked by hand, from both vantages: every expectation here is written out, none is computed."""

import contextlib
import gc
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fencepost.adapters import any_ip
from fencepost.adapters.contract import Client, HarnessFault, JsonObject, SubjectError, check_statement, open_subject
from fencepost.adapters.contract.messages import Decision, WriteResult

pytestmark = pytest.mark.engine("nginx")

VANTAGES = [pytest.param("proxy"), pytest.param("anyip", marks=pytest.mark.engine("any-ip"))]


def opened(args: str, profile: str | None = None) -> Client:
    client = Client(open_subject(f"nginx:{args}" if args else "nginx", profile=profile))
    client.describe()
    client.reset([])
    return client


@pytest.fixture(scope="module", params=VANTAGES)
def running(request: pytest.FixtureRequest) -> Iterator[Client]:
    client = opened(request.param)
    yield client
    client.close()


@pytest.fixture
def nginx(running: Client) -> Client:
    running.reset([])
    return running


def put(client: Client, network_acls: JsonObject) -> WriteResult:
    return client.write("putRules", {"networkAcls": network_acls})


def deny_all_but(client: Client, *ip_rules: str) -> None:
    network_acls = {
        "bypass": "AzureServices",
        "defaultAction": "Deny",
        "ipRules": [{"value": value} for value in ip_rules],
        "virtualNetworkRules": [],
    }
    assert put(client, network_acls).is_accepted


def request(address: str, *, plane: str = "data", operation: str = "SecretGet") -> JsonObject:
    return {"plane": plane, "operation": operation, "source": {"address": address}}


def decisions(client: Client, *requests: JsonObject) -> list[Decision]:
    return client.decide(requests)


def outcomes_of(client: Client, *addresses: str) -> list[str]:
    return [decision.outcome for decision in client.decide([request(address) for address in addresses])]


def servers_in(folder: Path) -> list[int]:
    """The nginx masters of this machine that run in a folder in this one."""
    found = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = process.read_bytes()
        except OSError:
            continue
        if os.fsencode(f"{folder}/") in line and b"nginx: master" in line:
            found.append(int(process.parent.name))
    return found


@pytest.mark.parametrize(
    ("rule", "inside", "outside"),
    [
        ("191.10.18.0/24", ("191.10.18.0", "191.10.18.7", "191.10.18.255"), ("191.10.17.255", "191.10.19.0")),
        ("191.10.18.8/30", ("191.10.18.8", "191.10.18.11"), ("191.10.18.7", "191.10.18.12")),
        ("32.0.0.0/3", ("32.0.0.0", "63.255.255.255"), ("31.255.255.255", "64.0.0.0")),
        ("128.0.0.0/1", ("128.0.0.0", "255.255.255.254"), ("126.255.255.255", "1.0.0.0")),
        ("0.0.0.0/1", ("1.0.0.0", "126.255.255.255"), ("128.0.0.0", "255.255.255.254")),
        ("255.255.255.252/30", ("255.255.255.252", "255.255.255.254"), ("255.255.255.251", "254.255.255.252")),
        ("20.1.2.3", ("20.1.2.3",), ("20.1.2.2", "20.1.2.4", "3.2.1.20")),
        ("20.1.2.3/32", ("20.1.2.3",), ("20.1.2.2", "20.1.2.4")),
    ],
)
def test_nginx_holds_a_range_from_its_first_to_its_last_address(
    nginx: Client, rule: str, inside: tuple[str, ...], outside: tuple[str, ...]
) -> None:
    deny_all_but(nginx, rule)
    assert outcomes_of(nginx, *inside) == ["allow"] * len(inside)
    assert outcomes_of(nginx, *outside) == ["deny"] * len(outside)


def test_nginx_takes_nested_overlapping_and_repeated_rules_as_their_union(nginx: Client) -> None:
    deny_all_but(nginx, "20.1.2.3", "20.0.0.0/8", "20.1.0.0/16", "20.1.2.3", "21.0.0.0/8")
    assert outcomes_of(nginx, "20.255.255.255", "21.0.0.0", "20.1.2.3", "22.0.0.0", "19.255.255.255") == [
        "allow",
        "allow",
        "allow",
        "deny",
        "deny",
    ]


def test_nginx_enforces_every_one_of_a_thousand_rules(nginx: Client) -> None:
    deny_all_but(nginx, *(f"20.{n // 250}.{n % 250}.4/30" for n in range(1000)))
    inside = [f"20.{n // 250}.{n % 250}.7" for n in range(1000)]
    outside = [f"20.{n // 250}.{n % 250}.{edge}" for n in range(1000) for edge in (3, 8)]
    assert set(outcomes_of(nginx, *inside)) == {"allow"}
    assert set(outcomes_of(nginx, *outside)) == {"deny"}


def test_nginx_answers_by_the_new_rules_as_soon_as_they_are_accepted(nginx: Client) -> None:
    for number in range(20):
        deny_all_but(nginx, f"20.0.{number}.0/24")
        answers = outcomes_of(nginx, f"20.0.{number}.9", f"20.0.{number - 1 if number else 200}.9")
        assert answers == ["allow", "deny"], number


def test_nginx_is_started_anew_for_each_rule_set_where_that_is_asked_for() -> None:
    nginx = opened("proxy,restart")
    assert nginx.describe().name == "nginx, restarted (source by PROXY protocol v2)"
    for last in (3, 4):
        deny_all_but(nginx, f"20.1.2.{last}")
        assert outcomes_of(nginx, "20.1.2.3", "20.1.2.4") == ["allow" if last == one else "deny" for one in (3, 4)]
    with pytest.raises(HarnessFault) as refused:
        deny_all_but(nginx, "1.2.3.4/33")
    assert 'invalid parameter "1.2.3.4/33"' in refused.value.offending
    assert outcomes_of(nginx, "20.1.2.3", "20.1.2.4") == ["deny", "allow"]
    nginx.close()


def test_nginx_keeps_its_rules_dormant_while_the_default_action_is_allow(nginx: Client) -> None:
    rules = [{"value": "20.1.2.3"}]
    put(nginx, {"defaultAction": "Allow", "ipRules": rules})
    assert outcomes_of(nginx, "20.1.2.3", "99.9.9.9") == ["allow", "allow"]
    put(nginx, {"defaultAction": "Deny", "ipRules": rules})
    assert outcomes_of(nginx, "20.1.2.3", "99.9.9.9") == ["allow", "deny"]


def test_nginx_lets_everyone_through_after_a_reset(nginx: Client) -> None:
    deny_all_but(nginx)
    assert outcomes_of(nginx, "99.9.9.9") == ["deny"]
    nginx.reset([])
    assert outcomes_of(nginx, "99.9.9.9") == ["allow"]


def test_nginx_leaves_the_control_plane_open_and_its_look_alikes_closed(nginx: Client) -> None:
    deny_all_but(nginx)
    asked = [
        request("99.9.9.9", plane="control", operation="VaultList"),
        request("99.9.9.9", operation="SecretList"),
        request("99.9.9.9", plane="control", operation="VaultNetworkRuleSet"),
        request("99.9.9.9", operation="KeyPurge"),
    ]
    assert [decision.outcome for decision in decisions(nginx, *asked)] == ["allow", "deny", "allow", "deny"]


def test_nginx_answers_a_caller_alike_however_often_it_asks(nginx: Client) -> None:
    deny_all_but(nginx, "20.1.2.3")
    answers = outcomes_of(nginx, *(["20.1.2.3", "20.1.2.4"] * 1000))
    assert answers == ["allow", "deny"] * 1000


def test_a_request_that_nginx_saw_from_elsewhere_is_inconclusive(nginx: Client) -> None:
    deny_all_but(nginx, "240.0.0.0/4", "20.0.0.1")
    broadcast, ordinary = decisions(nginx, request("255.255.255.255"), request("20.1.2.3"))
    assert broadcast.outcome == "inconclusive"
    assert "255.255.255.255" in str(broadcast.reason)
    assert ordinary.outcome == "deny"


@pytest.mark.engine("any-ip")
@pytest.mark.parametrize("address", ["224.0.0.1", "239.255.255.255", "0.0.0.0"])
def test_a_source_that_the_kernel_replaces_is_inconclusive(address: str) -> None:
    nginx = opened("anyip")
    deny_all_but(nginx, "224.0.0.0/4")
    assert outcomes_of(nginx, address) == ["inconclusive"]
    nginx.close()


def test_nginx_refuses_a_rule_for_the_broadcast_address(nginx: Client) -> None:
    with pytest.raises(HarnessFault) as refused:
        deny_all_but(nginx, "255.255.255.255")
    assert 'invalid parameter "255.255.255.255"' in refused.value.offending


def test_a_rule_that_nginx_refuses_is_an_error_with_its_message_and_changes_nothing(
    nginx: Client,
) -> None:
    deny_all_but(nginx, "20.1.2.3")
    with pytest.raises(HarnessFault) as refused:
        deny_all_but(nginx, "99.9.9.9", "1.2.3.4/33")
    assert 'invalid parameter "1.2.3.4/33"' in refused.value.offending
    assert outcomes_of(nginx, "20.1.2.3", "99.9.9.9") == ["allow", "deny"]
    deny_all_but(nginx, "99.9.9.9")
    assert outcomes_of(nginx, "20.1.2.3", "99.9.9.9") == ["deny", "allow"]


@pytest.mark.parametrize(
    "network_acls",
    [
        *(
            {"ipRules": [{"value": value}]}
            for value in ("1.2.3.4; allow all", "all", "", "unix:", "1.2.3.4\n", 7, None)
        ),
        {"bypass": "none"},
        {"defaultAction": "deny"},
        {"virtualNetworkRules": [{"id": "/s"}]},
    ],
)
def test_what_nginx_has_no_directive_for_is_inconclusive_and_changes_nothing(
    nginx: Client, network_acls: JsonObject
) -> None:
    deny_all_but(nginx, "20.1.2.3")
    assert put(nginx, {"defaultAction": "Deny", **network_acls}).outcome == "inconclusive"
    assert outcomes_of(nginx, "20.1.2.3", "1.2.3.4") == ["allow", "deny"]


def test_no_name_of_an_operation_leads_to_the_other_plane(nginx: Client) -> None:
    deny_all_but(nginx)
    names = ("../control/x", "x#/../../control/", "x HTTP/1.1\r\nX: y", "%2e%2e/control/")
    assert [one.outcome for one in decisions(nginx, *(request("20.1.2.3", operation=name) for name in names))] == [
        "deny"
    ] * len(names)


def test_the_statement_of_nginx_can_be_used_under_either_profile(nginx: Client) -> None:
    del nginx  # it proves that nginx can be had here
    for profile in ("keyvault-2018-preview", "keyvault"):
        statement = check_statement(opened("", profile).describe())
        assert statement.profile == profile
        assert statement.features == ["ip-rules-only", "decisions-only"]


def test_the_servers_of_two_adapters_have_their_own_rules(nginx: Client) -> None:
    other = opened("")
    deny_all_but(nginx, "20.1.2.3")
    deny_all_but(other, "20.1.2.4")
    assert outcomes_of(nginx, "20.1.2.3", "20.1.2.4") == ["allow", "deny"]
    assert outcomes_of(other, "20.1.2.3", "20.1.2.4") == ["deny", "allow"]
    other.close()


@pytest.mark.parametrize("vantage", VANTAGES)
def test_a_closed_adapter_leaves_no_process_and_no_folder(
    vantage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    nginx = opened(vantage)
    assert len(servers_in(tmp_path)) == 1
    assert len(list(tmp_path.iterdir())) == 1
    nginx.close()
    nginx.close()
    assert servers_in(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_an_adapter_that_nobody_holds_any_more_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    nginx = opened("proxy")
    assert len(servers_in(tmp_path)) == 1
    del nginx
    gc.collect()
    assert servers_in(tmp_path) == []


def test_a_server_that_has_died_is_started_anew_with_its_rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    nginx = opened("proxy")
    deny_all_but(nginx)
    (master,) = servers_in(tmp_path)
    os.kill(master, signal.SIGTERM)
    wait_until_none_is_in(tmp_path)
    deadline, answers = time.monotonic() + 10, None
    while answers is None:
        assert time.monotonic() < deadline
        with contextlib.suppress(HarnessFault):  # its end may not have been noticed yet: an error, and no decision
            answers = outcomes_of(nginx, "20.1.2.3")
    assert answers == ["deny"]
    assert len(servers_in(tmp_path)) == 1
    nginx.close()


@pytest.mark.parametrize("vantage", VANTAGES)
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_however_its_python_ends_nginx_ends_with_it(vantage: str, end: signal.Signals, tmp_path: Path) -> None:
    script = (
        "import signal, sys\n"
        "from fencepost.adapters.contract import Client, open_subject\n"
        "client = Client(open_subject(sys.argv[1]))\n"
        "client.describe()\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job ignores it\n"
        "print('up', flush=True)\n"
        "signal.pause()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, f"nginx:{vantage}"],
        env=os.environ | {"TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        assert len(servers_in(tmp_path)) == 1
        os.killpg(process.pid, end)
        process.wait(timeout=10)
        wait_until_none_is_in(tmp_path)
    if end is signal.SIGINT:
        assert list(tmp_path.iterdir()) == []


def wait_until_none_is_in(folder: Path) -> None:
    deadline = time.monotonic() + 10
    while servers_in(folder):
        assert time.monotonic() < deadline, f"a server is still in {folder}"
        time.sleep(0.005)


def test_an_unknown_vantage_is_named_with_the_known_ones() -> None:
    for wrong in ("anywhere", "anyip,proxy", "proxy,", ","):
        with pytest.raises(SubjectError, match="Try 'nginx', 'nginx:anyip', 'nginx:proxy'"):
            opened(wrong)


def test_without_nginx_the_fault_names_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(any_ip, "search_path", lambda: str(tmp_path))
    with pytest.raises(HarnessFault, match=r"try: apt-get install nginx-light iproute2") as fault:
        opened("proxy")
    assert len(str(fault.value).splitlines()) == 1


def test_without_the_ip_program_anyip_says_so_and_nginx_takes_the_other_vantage(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = shutil.which

    def all_but_ip(name: str, path: str | None = None) -> str | None:
        return None if name == "ip" else found(name, path=path)

    monkeypatch.setattr(shutil, "which", all_but_ip)
    with pytest.raises(SubjectError, match=r"(iproute2|Linux).*nginx:proxy"):
        opened("anyip")
    nginx = opened("")
    assert nginx.describe().name == "nginx (source by PROXY protocol v2)"
    nginx.close()
