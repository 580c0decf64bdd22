"""Recorded traffic of the real service, put through the reference in the edition of its era."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from fencepost.reference import Block, Network, RuleSet, Subnet, Vault, Verdict, load_profile, read_ip_rule

PAIRS = tomllib.loads((Path(__file__).parent / "recorded_pairs.toml").read_text(encoding="utf-8"))["pairs"]
ALL = pytest.mark.parametrize("pair", PAIRS, ids=[pair["id"] for pair in PAIRS])
MIXED, OTHER = (
    f"/subscriptions/0/resourceGroups/Group/providers/Microsoft.Network/virtualNetworks/Net/subnets/{name}"
    for name in ("Front", "Back")
)
SUBNETS = {"{mixed}": MIXED, "{lower}": MIXED.lower(), "{other-mixed}": OTHER, "{other-lower}": OTHER.lower()}
Meaning = tuple[str, str, list[Block], list[str]]


def acls(recorded: Mapping[str, Any]) -> dict[str, Any]:
    """The recorded object with its subnet ids written out."""
    written = dict(recorded)
    if "virtualNetworkRules" in written:
        written["virtualNetworkRules"] = [{"id": SUBNETS[rule["id"]]} for rule in written["virtualNetworkRules"]]
    return written


def new_vault(pair: Mapping[str, Any]) -> Vault:
    network = Network(subnets=(Subnet(id=MIXED), Subnet(id=OTHER)))
    return Vault(profile=load_profile(pair["profile"])).reset(network)


def meaning(rules: RuleSet) -> Meaning:
    return (
        rules.default_action.value,
        rules.bypass.value,
        [rule.block for rule in rules.ip_rules],
        [rule.key for rule in rules.virtual_network_rules],
    )


def read_meaning(read: Mapping[str, Any]) -> Meaning:
    """What the answer means: no `networkAcls` is Allow with AzureServices and no rules; a /32 is the bare address."""
    today = load_profile("keyvault")
    blocks = [next(iter(read_ip_rule(rule["value"], today).blocks)) for rule in read.get("ipRules", [])]
    ids = [rule["id"].lower() for rule in read.get("virtualNetworkRules", [])]
    return read.get("defaultAction", "Allow"), read.get("bypass", "AzureServices"), blocks, ids


@ALL
def test_the_reference_accepts_what_the_service_accepted_and_means_what_it_returned(pair: dict[str, Any]) -> None:
    vault = new_vault(pair)
    if "written" in pair:
        write = vault.put_rules(acls(pair["written"]))
        assert (write.verdict, write.violations) == (Verdict.ACCEPTED, ())
        assert write.accepted is not None
        vault = write.accepted
    assert meaning(vault.rules) == read_meaning(acls(pair.get("read", {})))


@ALL
def test_what_the_service_returned_may_be_written_again_but_where_the_edition_holds_to_other_words(
    pair: dict[str, Any],
) -> None:
    write = new_vault(pair).put_rules(acls(pair.get("read", {"defaultAction": "Allow", "bypass": "AzureServices"})))
    broken = {violation.clause for violation in write.violations}
    assert broken == ({pair["conflict"]} if "conflict" in pair else set())


def test_the_pairs_are_those_of_two_eras_and_say_where_they_stand() -> None:
    assert len({pair["id"] for pair in PAIRS}) == len(PAIRS) == 10
    for pair in PAIRS:
        assert pair["source"]
        assert (pair["date"].year == 2018) == (pair["profile"] == "keyvault-2018-preview")
