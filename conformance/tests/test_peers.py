"""Expectations written by hand from the contract, held against every peer and against the stand-alone harness."""

import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest
from fencepost.adapters.contract import Client, Implementation, JsonObject, check_statement
from fencepost.adapters.contract.vocabulary import CHOICES
from fencepost.conformance import peers
from fencepost.conformance.peers import NotOffered

PROGRAM = Path(__file__).parent / "programs" / "my_vault.py"
TODAY, PREVIEW = "keyvault", "keyvault-2018-preview"
LIMITS = {TODAY: (1000, 200), PREVIEW: (127, 127)}
DECLARING = ("StdlibVault", "NetaddrVault", "TrieVault", "SqliteVault", "my_vault", "CollapsingCountingVault")
FULL = (
    *DECLARING,
    *("StdlibVaultUndeclared", "NetaddrVaultUndeclared", "TrieVaultUndeclared", "SqliteVaultUndeclared"),
    *("SuspiciousVault", "BareStringVault", "WrongCodesVault"),
)


def snake(name: str) -> str:
    return re.sub("([A-Z])", lambda letter: "_" + letter[0].lower(), name)


class InProcess:
    """A Python object asked as the `library:` carrier asks it, everything passing through JSON."""

    exclusive = False

    def __init__(self, subject: object) -> None:
        self.subject = subject

    def call(self, method: str, params: JsonObject) -> object:
        sent = {snake(key): value for key, value in json.loads(json.dumps(params)).items()}
        return json.loads(json.dumps(getattr(self.subject, snake(method))(**sent)))

    def log(self) -> str:
        return ""

    def close(self) -> None:
        pass


class Child:
    """The stand-alone harness, a line a call."""

    exclusive = False

    def __init__(self, profile: str, stack: ExitStack) -> None:
        command = [sys.executable, str(PROGRAM), profile]
        self.process = stack.enter_context(
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8")
        )

    def raw(self, message: JsonObject) -> dict[str, object]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()
        answer: dict[str, object] = json.loads(self.process.stdout.readline())
        return answer

    def call(self, method: str, params: JsonObject) -> object:
        answer = self.raw({"jsonrpc": "2.0", "id": method, "method": method, "params": params})
        assert answer["id"] == method
        assert "error" not in answer, answer["error"]
        return answer["result"]

    def log(self) -> str:
        return ""

    def close(self) -> None:
        pass


def subnet(name: str, *, vnet: str = "v", group: str = "g", subscription: str = "s") -> str:
    return (
        f"/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Network/virtualNetworks/{vnet}"
        f"/subnets/{name}"
    )


FRONT, BACK, BARE = subnet("front"), subnet("back"), subnet("bare")
LOOK_ALIKES = (
    BACK,
    subnet("front", vnet="w"),
    subnet("front", group="h"),
    subnet("front", subscription="t"),
    subnet("front2"),
    subnet("fron"),
)
MANY = [subnet(f"n{number}") for number in range(201)]


class Vault:
    """A client with the few words that the tests below are written in."""

    def __init__(self, client: Client, profile: str) -> None:
        self.client = client
        self.profile = profile
        self.max_ip, self.max_subnets = LIMITS[profile]
        self.statement = check_statement(client.describe())

    def reset(self) -> None:
        on = [{"id": name, "serviceEndpoints": ["Microsoft.KeyVault"]} for name in (FRONT, *LOOK_ALIKES, *MANY)]
        self.client.reset([*on, {"id": BARE, "serviceEndpoints": ["Microsoft.Storage", "microsoft.keyvault"]}])

    def put(
        self,
        ips: Sequence[object] = (),
        subnets: Sequence[object] = (),
        *,
        bypass: object = "None",
        action: object = "Deny",
    ) -> bool:
        acls = {
            "bypass": bypass,
            "defaultAction": action,
            "ipRules": [{"value": value} for value in ips],
            "virtualNetworkRules": [{"id": value} for value in subnets],
        }
        return self.raw_put(acls)

    def raw_put(self, acls: JsonObject) -> bool:
        return self.client.write("putRules", {"networkAcls": acls}).accepted

    def write(self, method: str, **params: object) -> bool:
        return self.client.write(method, params).accepted

    def outcomes(self, *requests: JsonObject) -> str:
        """One letter a request: a for allow, d for deny."""
        return "".join(decision.outcome[0] for decision in self.client.decide(requests))

    def lets_in(self, address: str) -> bool:
        return self.outcomes(data(address)) == "a"

    def reads(self) -> JsonObject:
        acls = self.client.get_rules()
        if acls is None:
            return {"bypass": "AzureServices", "action": "Allow", "ips": [], "subnets": []}
        return {
            "bypass": acls.bypass,
            "action": acls.default_action,
            "ips": sorted(rule.value.removesuffix("/32") for rule in acls.ip_rules or []),
            "subnets": sorted(rule.id.lower() for rule in acls.virtual_network_rules or []),
        }


def data(
    address: str, *, via: str | None = None, operation: str = "SecretGet", caller: JsonObject | None = None
) -> dict[str, object]:
    request: dict[str, object] = {"plane": "data", "operation": operation, "source": {"address": address}}
    if via is not None:
        request["source"] = {"address": address, "subnet": via}
    return request if caller is None else request | {"caller": caller}


def control(address: str, operation: str = "VaultList", *, caller: JsonObject | None = None) -> dict[str, object]:
    return data(address, operation=operation, caller=caller) | {"plane": "control"}


def trusted(vault: Vault) -> dict[str, object]:
    return {"service": "Azure Backup"} | ({"trusted": True} if vault.profile == TODAY else {})


@pytest.fixture(scope="module")
def harnesses() -> Iterator[dict[str, Child]]:
    with ExitStack() as stack:
        yield {profile: Child(profile, stack) for profile in LIMITS}


def open_peer(name: str, profile: str, harnesses: dict[str, Child]) -> Client:
    if name == "my_vault":
        return Client(harnesses[profile])
    subject = getattr(peers, name)()
    subject.take_profile(profile)
    return Client(InProcess(subject))


@pytest.fixture(params=[(name, profile) for name in FULL for profile in LIMITS], ids="-".join)
def vault(request: pytest.FixtureRequest, harnesses: dict[str, Child]) -> Vault:
    name, profile = request.param
    vault = Vault(open_peer(name, profile, harnesses), profile)
    vault.reset()
    return vault


# -- decisions ---------------------------------------------------------------------------------------------------------


def test_a_new_vault_lets_everybody_in(vault: Vault) -> None:
    assert vault.outcomes(data("191.10.18.7"), data("10.0.0.4", via=FRONT), data("10.0.0.4")) == "aaa"


def test_deny_without_rules_lets_nobody_in(vault: Vault) -> None:
    assert vault.put()
    assert (
        vault.outcomes(data("191.10.18.7"), data("10.0.0.4", via=FRONT), data("9.9.9.9", caller=trusted(vault)))
        == "ddd"
    )


@pytest.mark.parametrize(
    ("rule", "inside", "outside"),
    [
        ("191.10.18.7", ["191.10.18.7"], ["191.10.18.6", "191.10.18.8"]),
        ("191.10.18.0/24", ["191.10.18.0", "191.10.18.255"], ["191.10.17.255", "191.10.19.0"]),
        ("8.0.0.0/7", ["8.0.0.0", "9.255.255.255"], ["7.255.255.255", "10.0.0.0"]),
        ("16.0.0.0/4", ["16.0.0.0", "31.255.255.255"], ["15.255.255.255", "32.0.0.0"]),
        ("223.255.255.252/30", ["223.255.255.252", "223.255.255.255"], ["223.255.255.251", "224.0.0.0"]),
        ("1.0.0.0", ["1.0.0.0"], ["0.255.255.255", "1.0.0.1"]),
    ],
)
def test_a_range_holds_its_first_and_last_address_and_no_neighbour(
    vault: Vault, rule: str, inside: list[str], outside: list[str]
) -> None:
    assert vault.put([rule])
    assert vault.outcomes(*map(data, inside)) == "a" * len(inside)
    assert vault.outcomes(*map(data, outside)) == "d" * len(outside)


def test_rules_are_a_union_in_any_order(vault: Vault) -> None:
    rules = ["20.0.0.0/24", "20.0.0.128/25", "20.0.1.0/24", "20.0.0.200"]
    for written in (rules, rules[::-1]):
        assert vault.put(written)
        assert (
            vault.outcomes(*map(data, ("20.0.0.0", "20.0.0.200", "20.0.1.255", "20.0.2.0", "19.255.255.255")))
            == "aaadd"
        )


def test_a_listed_subnet_is_let_through_and_no_look_alike(vault: Vault) -> None:
    assert vault.put(subnets=[FRONT])
    assert vault.outcomes(data("10.0.0.4", via=FRONT), data("10.0.0.4", via=FRONT.upper())) == "aa"
    assert vault.outcomes(*(data("10.0.0.4", via=other) for other in LOOK_ALIKES)) == "d" * len(LOOK_ALIKES)
    assert vault.put(subnets=[FRONT.upper()])
    assert vault.outcomes(data("10.0.0.4", via=FRONT)) == "a"


def test_the_operation_changes_nothing(vault: Vault) -> None:
    assert vault.put(["20.0.0.1"])
    names = ("SecretList", "KeyPurge", "CertificateRecover", "KeyDelete", "KeyListDeleted")
    assert vault.outcomes(*(data("20.0.0.1", operation=name) for name in names)) == "aaaaa"
    assert vault.outcomes(*(data("20.0.0.2", operation=name) for name in names)) == "ddddd"


def test_bypass_lets_trusted_services_in_and_no_others(vault: Vault) -> None:
    attribute = vault.profile == TODAY
    coming = {"service": "App Services"} | ({"trusted": False} if attribute else {})
    requests = [data("9.9.9.9", caller=trusted(vault)), data("9.9.9.9", caller=coming), data("9.9.9.9")]
    assert vault.put(bypass="AzureServices")
    assert vault.outcomes(*requests) == "add"
    assert vault.put(bypass="None")
    assert vault.outcomes(*requests) == "ddd"


# -- service endpoints -------------------------------------------------------------------------------------------------


def test_a_subnet_without_its_endpoint_is_seen_by_its_public_address_alone(vault: Vault) -> None:
    assert vault.put(["20.0.0.1"], [FRONT])
    assert vault.outcomes(data("10.0.0.4", via=FRONT), data("10.0.0.4", via=BACK)) == "ad"
    for off in ([], ["Microsoft.Storage"], ["microsoft.keyvault", "Microsoft.KeyVault.Global"]):
        vault.client.set_service_endpoints(FRONT, off)
        vault.client.set_service_endpoints(BACK, off)
        assert vault.outcomes(data("20.0.0.1", via=BACK), data("20.0.0.2", via=FRONT)) == "ad"
    vault.client.set_service_endpoints(FRONT.upper(), ["Microsoft.Storage", "Microsoft.KeyVault"])
    assert vault.outcomes(data("10.0.0.4", via=FRONT)) == "a"
    assert vault.reads()["subnets"] == [FRONT.lower()]


@pytest.mark.parametrize("vault", [(name, TODAY) for name in FULL], ids="-".join, indirect=True)
def test_a_rule_for_a_subnet_without_the_endpoint_is_refused_today_unless_that_is_ignored(vault: Vault) -> None:
    assert not vault.put(subnets=[FRONT, BARE])
    assert not vault.write("addVirtualNetworkRule", id=BARE)
    assert vault.raw_put({"virtualNetworkRules": [{"id": BARE, "ignoreMissingVnetServiceEndpoint": True}]})
    assert vault.write("removeVirtualNetworkRule", id=BARE)
    assert vault.write("addVirtualNetworkRule", id=BARE, ignoreMissingVnetServiceEndpoint=True)
    assert vault.write("updateRules", defaultAction="Deny")
    assert vault.outcomes(data("20.0.0.1", via=BARE)) == "d"
    vault.client.set_service_endpoints(BARE, ["Microsoft.KeyVault"])
    assert vault.outcomes(data("10.0.0.1", via=BARE)) == "a"


# -- credentials and planes --------------------------------------------------------------------------------------------


def test_passing_the_firewall_replaces_neither_token_nor_permission(vault: Vault) -> None:
    callers: list[dict[str, object]] = [{"authenticated": False}, {"authorized": False}]
    assert vault.outcomes(*(data("9.9.9.9", caller=caller) for caller in callers)) == "dd"
    assert vault.put(["20.0.0.1"], [FRONT], bypass="AzureServices")
    for caller in callers:
        requests = [data("20.0.0.1", caller=caller), data("10.0.0.4", via=FRONT, caller=caller)]
        assert vault.outcomes(*requests, data("9.9.9.9", caller=trusted(vault) | caller)) == "ddd"


def test_codes_say_which_gate_it_was_where_they_are_promised(vault: Vault) -> None:
    denied = vault.client.decide([data("20.0.0.1", caller={"authenticated": False})])
    if "decision-codes" not in vault.statement.features:
        assert denied[0].outcome == "deny"
        return
    assert vault.put(["20.0.0.1"])
    token, permission, firewall, both = vault.client.decide(
        [
            data("20.0.0.1", caller={"authenticated": False}),
            data("20.0.0.1", caller={"authorized": False}),
            data("20.0.0.2"),
            data("20.0.0.2", caller={"authorized": False}),
        ]
    )
    assert token.status == 401
    assert (permission.status, permission.code in ("ForbiddenByPolicy", "ForbiddenByRbac")) == (403, True)
    assert (firewall.status, firewall.code) == (both.status, both.code) == (403, "ForbiddenByFirewall")


def test_the_control_plane_knows_no_firewall_and_still_wants_credentials(vault: Vault) -> None:
    assert vault.put()
    blocked = "9.9.9.9"
    assert (
        vault.outcomes(control(blocked), control(blocked, "VaultNetworkRuleSet"), control("10.0.0.1", "VaultPurge"))
        == "aaa"
    )
    assert vault.outcomes(data(blocked, operation="SecretList"), data(blocked, operation="KeyPurge")) == "dd"
    assert (
        vault.outcomes(
            control(blocked, caller={"authenticated": False}), control(blocked, caller={"authorized": False})
        )
        == "dd"
    )
    assert vault.put([blocked])
    assert vault.outcomes(data(blocked, operation="SecretList")) == "a"


# -- validation --------------------------------------------------------------------------------------------------------

NO_IP_RULE: tuple[object, ...] = (
    *("", " ", "word", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.4/33", "1.2.3.4/-1", "1.2.3.4/", "1.2.3.0/24/24"),
    *("1.2.3.4-1.2.3.9", "0x01.2.3.4", "16909060", "1.2.3.4:80", "1.2.3.٤", "١.2.3.4", "1.2.3.0/２4", "1.2.3.4\0"),
    *("1.2.3.", ".1.2.3", "1..2.3", "1.2.3.4/24x", "/24", "1.2.3.0/ 24", "-1.2.3.4", "1.2.3.4e0", "1,2,3,4", "*"),
    *("1.2.3.4\n1.2.3.5", "1" * 100_000, "1.2.3.4/" + "9" * 5_000, "999.1.1.1", "1.2.3.99999999999999999999"),
    *("::1", "2001:db8::/32", "::ffff:1.2.3.4", "fe80::1%eth0", "::/0", None, True, 16909060, 1.5, [], {}, ["1.2.3.4"]),
    *("10.0.0.0/8", "10.0.0.0", "10.255.255.255", "172.16.0.0", "172.31.255.255", "172.20.0.0/14", "172.16.0.0/12"),
    *("192.168.0.0", "192.168.255.255", "192.168.4.0/22"),
)


def test_what_is_no_public_ipv4_rule_is_refused_and_changes_nothing(vault: Vault) -> None:
    assert vault.put(["20.0.0.1"], [FRONT])
    before = vault.reads()
    for value in NO_IP_RULE:
        for ips in ([value, "21.0.0.1"], ["21.0.0.1", value]):
            assert not vault.put(ips, action="Allow"), value
        assert not vault.write("addIpRule", value=value), value
        assert vault.outcomes(data("20.0.0.1"), data("21.0.0.1"), data("10.0.0.4", via=FRONT)) == "ada"
    assert vault.reads() == before


def test_the_public_neighbours_of_the_private_blocks_are_accepted(vault: Vault) -> None:
    neighbours = ["9.255.255.255", "11.0.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255", "192.169.0.0"]
    assert vault.put([*neighbours, "11.0.0.0/8", "172.32.0.0/11", "192.169.0.0/16", "8.0.0.0/7"])
    assert vault.outcomes(*map(data, neighbours)) == "aaaaaa"


def test_public_ranges_up_to_prefix_30_are_accepted(vault: Vault) -> None:
    for prefix in range(3, 31):
        assert vault.put([f"32.0.0.0/{prefix}"])
        last = 32 * 2**24 + 2 ** (32 - prefix) - 1
        octets = [str(last >> shift & 255) for shift in (24, 16, 8, 0)]
        assert vault.outcomes(data("31.255.255.255"), data("32.0.0.0"), data(".".join(octets))) == "daa"


def test_prefix_32_is_an_address_today_and_refused_in_2018(vault: Vault) -> None:
    assert vault.put(["20.0.0.1/32"]) is (vault.profile == TODAY)
    if vault.profile == TODAY:
        assert vault.outcomes(*map(data, ("20.0.0.0", "20.0.0.1", "20.0.0.2"))) == "dad"
        assert vault.write("removeIpRule", value="20.0.0.1")
        assert not vault.lets_in("20.0.0.1")
    else:
        assert not vault.put(["20.0.0.0/31"])
        assert not vault.write("addIpRule", value="20.0.0.1/32")


NO_SUBNET: tuple[object, ...] = (
    *("", "/", "front", FRONT[1:], FRONT + "/", FRONT + "/x", "/" + FRONT, FRONT.rsplit("/", 1)[0]),
    *(FRONT.rsplit("/", 2)[0], FRONT.replace("/g/", "//"), FRONT.replace("/s/", "//"), FRONT.removesuffix("front")),
    *(FRONT.replace("Microsoft.Network", "Microsoft.Compute"), FRONT.replace("/subnets/", "/subnet/")),
    *(FRONT.replace("/providers/Microsoft.Network", ""), FRONT.replace("virtualNetworks", "publicIPAddresses")),
    *(
        "/" + "/".join(FRONT.split("/")[3:5] + FRONT.split("/")[1:3] + FRONT.split("/")[5:]),
        FRONT + "/ipConfigurations/c",
    ),
    *(FRONT.replace("/subscriptions", "\\subscriptions"), "x" * 100_000, None, 7, True, [FRONT], {"id": FRONT}),
)


def test_what_is_no_subnet_id_is_refused_and_changes_nothing(vault: Vault) -> None:
    assert vault.put(["20.0.0.1"], [FRONT])
    for value in NO_SUBNET:
        assert not vault.put(["21.0.0.1"], [BACK, value]), value
        assert not vault.write("addVirtualNetworkRule", id=value), value
    assert vault.outcomes(data("20.0.0.1"), data("21.0.0.1"), data("10.0.0.4", via=FRONT)) == "ada"


def test_unknown_words_are_refused(vault: Vault) -> None:
    assert vault.put(["20.0.0.1"])
    words: tuple[object, ...] = ("", "Logging", "AzureServices, None", "Block", True, 0, [], {}, ["Deny"])
    for word in words:
        assert not vault.put(action=word), word
        assert not vault.put(bypass=word), word
        assert not vault.write("updateRules", defaultAction=word), word
        assert not vault.write("updateRules", bypass=word, defaultAction="Allow"), word
    assert vault.outcomes(data("20.0.0.1"), data("20.0.0.2")) == "ad"


def test_an_entry_that_is_no_rule_is_refused(vault: Vault) -> None:
    entries: tuple[object, ...] = (None, "20.0.0.1", 7, [], {})
    for entry in entries:
        assert not vault.raw_put({"bypass": "None", "defaultAction": "Deny", "ipRules": [entry]}), entry
        assert not vault.raw_put({"bypass": "None", "defaultAction": "Deny", "virtualNetworkRules": [entry]}), entry
    assert vault.lets_in("9.9.9.9")


# -- limits ------------------------------------------------------------------------------------------------------------


def addresses(count: int) -> list[str]:
    return [f"20.{number // 250}.{number % 250}.9" for number in range(count)]


def test_both_maxima_are_accepted_at_once_and_in_force(vault: Vault) -> None:
    assert vault.put(addresses(vault.max_ip), MANY[: vault.max_subnets])
    assert vault.outcomes(*map(data, addresses(vault.max_ip + 1))) == "a" * vault.max_ip + "d"
    asked = [data("10.0.0.4", via=name) for name in MANY[: vault.max_subnets + 1]]
    assert vault.outcomes(*asked) == "a" * vault.max_subnets + "d"


@pytest.mark.parametrize(("bypass", "action"), [("None", "Deny"), ("AzureServices", "Allow")])
def test_one_more_is_refused_and_the_old_rules_stay(vault: Vault, bypass: str, action: str) -> None:
    assert vault.put(["30.0.0.1"], [FRONT])
    assert not vault.put(addresses(vault.max_ip + 1), bypass=bypass, action=action)
    assert not vault.put([], MANY[: vault.max_subnets + 1], bypass=bypass, action=action)
    assert vault.outcomes(data("30.0.0.1"), data("20.0.0.9"), data("10.0.0.4", via=FRONT)) == "ada"


def test_adding_meets_the_same_limit_and_removing_makes_room_for_one(vault: Vault) -> None:
    full, more = addresses(vault.max_ip), "30.0.0.1"
    assert vault.put(full[:-1], MANY[: vault.max_subnets - 1])
    assert vault.write("addIpRule", value=full[-1])
    assert not vault.write("addIpRule", value=more)
    assert vault.write("removeIpRule", value=full[3])
    assert vault.write("addIpRule", value=more)
    assert not vault.write("addIpRule", value=full[3])
    assert vault.outcomes(data(full[3]), data(more), data(full[-1])) == "daa"
    assert vault.write("addVirtualNetworkRule", id=MANY[vault.max_subnets - 1])
    assert not vault.write("addVirtualNetworkRule", id=FRONT)
    assert vault.write("removeVirtualNetworkRule", id=MANY[0].upper())
    assert vault.write("addVirtualNetworkRule", id=FRONT)


# -- state -------------------------------------------------------------------------------------------------------------


def test_a_put_replaces_everything(vault: Vault) -> None:
    assert vault.put(["20.0.0.1"], [FRONT], bypass="AzureServices")
    assert vault.put(["20.0.0.2"], [BACK], bypass="None")
    requests = [data("20.0.0.1"), data("20.0.0.2"), data("10.0.0.4", via=FRONT), data("10.0.0.4", via=BACK)]
    assert vault.outcomes(*requests, data("9.9.9.9", caller=trusted(vault))) == "dadad"
    assert vault.raw_put({"bypass": "None", "defaultAction": "Deny"})
    assert vault.outcomes(*requests) == "dddd"


def test_rules_lie_dormant_under_allow_and_switches_keep_each_other(vault: Vault) -> None:
    assert vault.put(["20.0.0.1"], [FRONT], bypass="AzureServices")
    assert vault.write("updateRules", defaultAction="Allow")
    assert vault.lets_in("9.9.9.9")
    assert vault.write("updateRules", defaultAction="Deny")
    requests = [data("20.0.0.1"), data("9.9.9.9"), data("10.0.0.4", via=FRONT), data("9.9.9.9", caller=trusted(vault))]
    assert vault.outcomes(*requests) == "adaa"
    assert vault.write("updateRules", bypass="None")
    assert vault.outcomes(*requests) == "adad"
    assert vault.write("updateRules")
    assert vault.outcomes(*requests) == "adad"


def test_a_history_reads_back_as_its_result(vault: Vault) -> None:
    assert vault.put(["20.0.0.0/24"], [FRONT])
    assert vault.write("addIpRule", value="20.0.0.7")
    assert not vault.write("addIpRule", value="10.0.0.7")
    assert vault.write("removeIpRule", value="20.0.0.0/24")
    assert vault.write("addVirtualNetworkRule", id=BACK.upper())
    assert vault.write("removeVirtualNetworkRule", id=FRONT.upper())
    assert vault.reads() == {"bypass": "None", "action": "Deny", "ips": ["20.0.0.7"], "subnets": [BACK.lower()]}
    assert (
        vault.outcomes(data("20.0.0.7"), data("20.0.0.8"), data("10.0.0.4", via=BACK), data("10.0.0.4", via=FRONT))
        == "adad"
    )


def test_a_reset_forgets_rules_and_network(vault: Vault) -> None:
    assert vault.put(["20.0.0.1"], [FRONT])
    vault.client.reset([{"id": FRONT, "serviceEndpoints": []}])
    assert (vault.reads()["ips"], vault.reads()["subnets"], vault.reads()["action"]) == ([], [], "Allow")
    assert vault.lets_in("9.9.9.9")
    assert vault.write("updateRules", defaultAction="Deny")
    assert vault.outcomes(data("20.0.0.1"), data("20.0.0.1", via=FRONT)) == "dd"


# -- the ledger --------------------------------------------------------------------------------------------------------

Probe = Callable[[Vault], object]


def accepts(*ips: object) -> Probe:
    return lambda vault: "accept" if vault.put(ips) else "reject"


def leading_zeros(vault: Vault) -> str:
    if not vault.put(["20.0.0.010"]):
        return "reject"
    return "decimal" if vault.lets_in("20.0.0.10") else "octal"


def duplicates(vault: Vault) -> str:
    if not vault.put(["20.0.0.1", "20.0.0.1"]):
        return "reject"
    ips = vault.reads()["ips"]
    assert isinstance(ips, list)
    return "keep" if len(ips) == 2 else "collapse"


def duplicates_count(vault: Vault) -> str | None:
    if duplicates(vault) == "reject":
        return None
    full = addresses(vault.max_ip)
    counted = not vault.put([*full, full[0]])
    assert vault.put(full)
    assert vault.write("addIpRule", value=full[0]) is not counted
    return "yes" if counted else "no"


def reserved(vault: Vault) -> object:
    told = vault.statement.choices["reserved-ranges"]
    blocks = told if isinstance(told, dict) else dict.fromkeys(("127.0.0.0/8", "224.0.0.0/4", "100.64.0.0/10"), told)
    found = {block: "accept" if vault.put([block]) else "reject" for block in blocks}
    return found if isinstance(told, dict) else set(found.values()).pop() if len(set(found.values())) == 1 else found


def superset_matches(vault: Vault) -> str | None:
    if not vault.put(["172.0.0.0/8"]) or not vault.lets_in("172.1.0.0"):
        return None
    seen = vault.outcomes(data("172.16.0.1"), data("172.16.0.1", via=FRONT))
    return {"aa": "yes", "dd": "no"}[seen]


def lost(vault: Vault) -> str:
    assert vault.put([], [FRONT])
    vault.client.set_service_endpoints(FRONT, [])
    return "accept" if vault.put([], [FRONT]) else "reject"


def case(vault: Vault) -> str:
    taken = {vault.put(action="deny"), vault.put(bypass="azureservices"), vault.write("updateRules", bypass="NONE")}
    return {"{True}": "insensitive", "{False}": "sensitive"}[str(taken)]


def null_members(vault: Vault) -> str:
    whole: dict[str, object] = {"bypass": "None", "defaultAction": "Deny", "ipRules": [], "virtualNetworkRules": []}
    taken = {vault.raw_put(whole | {member: None}) for member in whole}
    return {"{True}": "as-absent", "{False}": "reject"}[str(taken)]


def default_of(member: str, other: str, value: str) -> Probe:
    def probe(vault: Vault) -> object:
        assert vault.raw_put({other: value})
        return vault.reads()["bypass" if member == "bypass" else "action"]

    return probe


def single(vault: Vault) -> str:
    assert vault.put(["20.0.0.1"])
    acls = vault.client.get_rules()
    assert acls is not None
    assert acls.ip_rules is not None
    return "/32" if acls.ip_rules[0].value.endswith("/32") else "bare"


def blocked_without_token(vault: Vault) -> str:
    assert vault.put(bypass="AzureServices")
    decisions = vault.client.decide(
        [
            data("9.9.9.9", caller={"authenticated": False}),
            data("9.9.9.9", caller={"authenticated": False} | trusted(vault)),
        ]
    )
    assert decisions[0].status == decisions[1].status
    return str(decisions[0].status)


def removing(vault: Vault) -> str:
    taken = {
        vault.write("removeIpRule", value="20.0.0.1"),
        vault.write("removeVirtualNetworkRule", id=FRONT),
    }
    return {"{True}": "ignore", "{False}": "reject"}[str(taken)]


def host_bits(vault: Vault) -> str:
    if not vault.put(["20.0.0.9/24"]):
        return "reject"
    assert vault.outcomes(*map(data, ("19.255.255.255", "20.0.0.0", "20.0.0.255", "20.0.1.0"))) == "daad"
    return "mask"


def spelling(*ips: str) -> Probe:
    def probe(vault: Vault) -> str:
        return {"{True}": "accept", "{False}": "reject"}[str({vault.put([ip]) for ip in ips})]

    return probe


def blanks(vault: Vault) -> str:
    taken = {vault.put([ip]) for ip in (" 20.0.0.1", "20.0.0.1 ", "\t20.0.0.0/24\n")}
    return {"{True}": "strip", "{False}": "reject"}[str(taken)]


PROBES: dict[str, Probe] = {
    "host-bits": host_bits,
    "private-superset": accepts("172.0.0.0/8"),
    "superset-matches-private": superset_matches,
    "reserved-ranges": reserved,
    "duplicates": duplicates,
    "duplicates-count": duplicates_count,
    "prefix-31": accepts("20.0.0.0/31"),
    "prefix-0": accepts("0.0.0.0/0"),
    "missing-service-endpoint": lambda vault: "accept" if vault.put([], [BARE]) else "reject",
    "lost-service-endpoint": lost,
    "surrounding-blanks": blanks,
    "leading-zeros": leading_zeros,
    "prefix-spelling": spelling("20.0.0.0/024", "20.0.0.0/+24"),
    "netmask-form": accepts("20.0.0.0/255.255.255.0"),
    "hostmask-form": accepts("20.0.0.0/0.0.0.255"),
    "remove-unknown": removing,
    "enum-case": case,
    "null-members": null_members,
    "default-of-bypass": default_of("bypass", "defaultAction", "Deny"),
    "default-of-default-action": default_of("defaultAction", "bypass", "None"),
    "single-address-read-back": single,
    "unauthenticated-and-blocked": blocked_without_token,
}
NOT_OPEN = {TODAY: {"missing-service-endpoint"}, PREVIEW: {"prefix-31", "trusted-scenarios"}}


@pytest.mark.parametrize("profile", LIMITS)
@pytest.mark.parametrize("name", DECLARING)
def test_what_is_declared_is_what_is_done(name: str, profile: str, harnesses: dict[str, Child]) -> None:
    vault = Vault(open_peer(name, profile, harnesses), profile)
    for key, declared in vault.statement.choices.items():
        if key in PROBES and key not in NOT_OPEN[profile]:
            vault.reset()
            found = PROBES[key](vault)
            assert found in (declared, None), key


def test_every_answer_to_every_choice_is_declared_by_some_peer(harnesses: dict[str, Child]) -> None:
    declared: dict[str, set[object]] = {key: set() for key in CHOICES}
    for name in DECLARING:
        for profile in LIMITS:
            for key, value in open_peer(name, profile, harnesses).describe().choices.items():
                declared[key] |= set(value.values()) if isinstance(value, dict) else {value}
    assert declared == {key: set(values) for key, values in CHOICES.items()}


@pytest.mark.parametrize("name", [name for name in FULL if name.endswith("Undeclared")])
def test_an_undeclared_peer_declares_nothing(name: str, harnesses: dict[str, Child]) -> None:
    assert open_peer(name, TODAY, harnesses).describe().choices == {}


# -- those that offer less, or do it otherwise -------------------------------------------------------------------------

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
    asked = time.monotonic()
    assert client.write("putRules", {"networkAcls": {"defaultAction": "Deny"}}).accepted
    while client.decide([data("9.9.9.9")])[0].outcome == "allow":
        assert time.monotonic() - asked < client.describe().settle_seconds
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
