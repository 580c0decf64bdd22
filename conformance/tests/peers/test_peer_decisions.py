"""Who is let in, written by hand from the contract and held against every peer."""

import pytest
from peer_harness import BACK, BARE, FRONT, FULL, LOOK_ALIKES, TODAY, Vault, control, data, trusted

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
    assert permission.status == 403
    assert permission.code in ("AccessDenied", "ForbiddenByPolicy", "ForbiddenByRbac")
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
