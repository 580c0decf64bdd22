"""How many rules there may be and what a write leaves behind, by hand from the contract, held against every peer."""

import pytest
from peer_harness import BACK, FRONT, MANY, Vault, addresses, data, trusted

# -- limits ------------------------------------------------------------------------------------------------------------


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
