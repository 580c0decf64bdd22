"""The shipped engine files: each can be read and says how to install its engine; a missing engine is one line."""

import contextlib
import re
import tomllib
from pathlib import Path

import pytest
from fencepost.adapters.contract import Client, HarnessFault, SubjectError, engines, open_subject
from fencepost.adapters.engines.libraries.match import LIBRARIES

FILES = engines()
PAGE = Path(__file__).parents[2] / "docs" / "engines.md"


def test_there_is_a_file_for_each_engine_and_library() -> None:
    assert {"haproxy", "squid", "nftables", "postgresql", "netaddr", "node-blocklist", "rust-ipnet"} <= set(FILES)
    assert len(FILES) >= 36
    assert not set(LIBRARIES) - set(FILES)


@pytest.mark.parametrize("name", FILES)
def test_an_engine_file_has_no_mistakes_and_says_what_it_is_and_what_to_install(name: str) -> None:
    text = FILES[name].read_text(encoding="utf-8")
    assert text.startswith("# ")
    assert tomllib.loads(text)["subject"]["install"]
    assert f"| `{name}` |" in PAGE.read_text(encoding="utf-8")
    open_subject(name).close()


def test_each_engine_is_a_small_file() -> None:
    package = PAGE.parents[1] / "adapters" / "fencepost" / "adapters"
    adapters = [*(package / "nginx").glob("*.py"), *(package / "cedar").glob("*.py"), *FILES.values()]
    adapters += (package / "engines" / "libraries").iterdir()
    long = {one.name: count for one in adapters if one.is_file() and (count := _lines(one)) >= 120}
    assert not long


def _lines(path: Path) -> int:
    """How many lines are not blank; of Python without the docstrings."""
    text = path.read_text(encoding="utf-8")
    return sum(1 for line in re.sub(r'"""[\s\S]*?"""', "", text).splitlines() if line.strip())


def test_a_name_takes_nothing_after_it() -> None:
    with pytest.raises(SubjectError, match="haproxy takes nothing after its name"):
        open_subject("haproxy:anyip")


def test_a_name_is_found_among_near_misses() -> None:
    with pytest.raises(SubjectError, match="Did you mean 'haproxy'"):
        open_subject("haprxy")


@pytest.mark.parametrize(
    "version",
    [
        '["no-such-program", "-V"]',
        '["sh", "-c", "echo no such module >&2; exit 1"]',
        '["sh", "-c", "echo no module grepcidr 3.11 >&2; exit 1"]',
    ],
    ids=["program", "module", "a number in what the failure says"],
)
def test_an_engine_that_is_missing_is_one_line_that_says_what_to_install(version: str, tmp_path: Path) -> None:
    text = FILES["grepcidr"].read_text(encoding="utf-8").replace('["grepcidr", "-V"]', version)
    path = tmp_path / "grepcidr.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(HarnessFault) as fault:
        open_subject(f"cli:{path}").call("describe", {})
    assert "expected grepcidr to be installed (try: apt-get install grepcidr)" in str(fault.value)
    assert len(str(fault.value).splitlines()) == 1


@pytest.mark.engine("haproxy")
def test_a_proxy_header_conveys_subnet_and_service_and_what_it_cannot_hold_is_inconclusive() -> None:
    short, long = "/subscriptions/S/subnets/a", f"/subscriptions/S/subnets/{'a' * 255}"
    acls = {"bypass": "AzureServices", "defaultAction": "Deny", "ipRules": [{"value": "20.1.2.0/24"}]}
    with contextlib.closing(Client(open_subject("haproxy-vault"))) as client:
        client.describe()
        client.reset([{"id": one, "serviceEndpoints": ["Microsoft.KeyVault"]} for one in (short, long)])
        client.write("putRules", {"networkAcls": {**acls, "virtualNetworkRules": [{"id": short.upper()}]}})
        asked = [
            {"plane": plane, "operation": "SecretGet", "source": source, "caller": {"service": "x", "trusted": trusted}}
            for plane, source, trusted in (
                ("data", {"address": "20.1.2.255"}, False),
                ("data", {"address": "20.1.3.0"}, False),
                ("data", {"address": "20.1.3.0"}, True),
                ("data", {"address": "10.0.0.4", "subnet": short}, False),
                ("data", {"address": "10.0.0.4", "subnet": f"{short}b"}, False),
                ("data", {"address": "10.0.0.4", "subnet": long}, False),
                ("control", {"address": "20.1.3.0"}, False),
            )
        ]
        outcomes = [answer.outcome for answer in client.decide(asked)]
    assert outcomes == ["allow", "deny", "allow", "allow", "deny", "inconclusive", "allow"]


@pytest.mark.engine("any-ip")
@pytest.mark.engine("nftables")
def test_two_subnets_with_one_private_range_are_told_apart_by_the_interface_that_their_packets_come_in_by() -> None:
    front, back = "/subscriptions/S/a/subnets/default", "/subscriptions/S/b/subnets/default"
    acls = {"bypass": "None", "defaultAction": "Deny", "ipRules": [{"value": "20.1.2.0/24"}]}
    with contextlib.closing(Client(open_subject("nftables-subnets"))) as client:
        client.describe()
        client.reset([{"id": one, "serviceEndpoints": ["Microsoft.KeyVault"]} for one in (front, back)])
        asked = [
            {"plane": "data", "operation": "SecretGet", "source": source}
            for source in (
                {"address": "10.1.1.4", "subnet": front},
                {"address": "10.1.1.4", "subnet": back},
                {"address": "10.1.1.4"},
                {"address": "20.1.2.255", "subnet": back},
                {"address": "20.1.2.255"},
                {"address": "127.0.0.1", "subnet": front},
            )
        ]
        for listed in (front, back):
            client.write("putRules", {"networkAcls": {**acls, "virtualNetworkRules": [{"id": listed.upper()}]}})
            outcomes = [answer.outcome for answer in client.decide(asked)]
            assert outcomes == [
                "allow" if listed == front else "deny",
                "allow" if listed == back else "deny",
                "deny",
                "allow",
                "allow",
                "inconclusive",
            ]
