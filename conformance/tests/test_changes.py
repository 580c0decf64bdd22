"""Which changes followed one another: how they are told apart, and which can follow at all."""

from fencepost.adapters.contract import Client, JsonObject, open_factory
from fencepost.conformance.implementations import reference
from fencepost.conformance.lockstep.wire import wire_rules
from fencepost.conformance.strength.changes import FACTORS, Levels, combined, possible
from fencepost.conformance.strength.coverage import Watch
from fencepost.reference import load_profile

HOME = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/home"
ASK: tuple[str, JsonObject] = (
    "decide",
    {"requests": [{"plane": "data", "operation": "SecretGet", "source": {"address": "20.0.0.9"}}]},
)


def _put(*values: str) -> tuple[str, JsonObject]:
    return "putRules", {"networkAcls": wire_rules(values)}


def _add(value: str) -> tuple[str, JsonObject]:
    return "addIpRule", {"value": value}


def _remove(value: str) -> tuple[str, JsonObject]:
    return "removeIpRule", {"value": value}


def _met(*calls: tuple[str, JsonObject]) -> set[Levels]:
    watch = Watch(open_factory(lambda: reference("")))
    watch.take_profile(load_profile("keyvault").with_choices(Client(watch).describe().choices))
    for method, params in (("reset", {"subnets": [{"id": HOME, "serviceEndpoints": ["Microsoft.KeyVault"]}]}), *calls):
        watch.call(method, params)
    return watch.changes.met


def test_two_changes_have_kinds_relations_the_default_action_and_what_lies_between() -> None:
    assert _met(_put("20.0.0.0/8"), _add("20.1.0.0/16")) == {
        ("put", "more", "Allow", "unasked", "add a range", "inside", "Deny")
    }
    assert _met(_put(), ASK, _add("20.1.0.0/16")) == {
        ("put", "the same", "Allow", "asked", "add a range", "alone", "Deny")
    }


def test_a_rule_is_related_to_the_other_rules_in_force() -> None:
    def last(*before: str, then: tuple[str, JsonObject]) -> str:
        (levels,) = _met(_put(*before), then)
        return levels[5]

    assert last("20.1.0.0/16", then=_add("20.0.0.0/8")) == "around"
    assert last("20.0.0.0/16", then=_add("20.1.0.0/16")) == "beside"
    assert last("20.0.0.0/16", then=_add("99.1.0.0/16")) == "apart"
    assert last("20.0.0.0/16", then=_remove("20.0.0.0/16")) == "alone"
    assert last("20.0.0.0/16", "20.0.1.0/24", then=_remove("20.0.1.0/24")) == "inside"
    assert last("20.0.0.0/16", then=_remove("99.1.0.0/16")) == "not there"
    assert last("20.0.0.0/16", "9.9.9.9", then=_put("9.9.9.9")) == "fewer"
    assert last("20.0.0.0/16", then=_put("9.9.9.9")) == "others"
    assert last("20.0.0.0/16", then=_add("10.0.0.0/8")) == "none"
    assert last("9.9.9.9", then=("addVirtualNetworkRule", {"id": HOME})) == "alone"
    assert last("9.9.9.9", then=("setServiceEndpoints", {"subnet": HOME, "serviceEndpoints": []})) == "not listed"


def test_a_refused_write_is_a_kind_of_its_own_and_a_reset_ends_the_row() -> None:
    refused = {("put", "more", "Allow", "unasked", "refused", "none", "Deny")}
    assert _met(_put("9.9.9.9"), _add("10.0.0.0/8")) == refused
    assert _met(_put("9.9.9.9"), ("reset", {"subnets": []}), _add("20.0.0.0/8")) == set()


def test_what_can_follow_is_what_the_number_of_rules_lets_follow() -> None:
    kinds = {(one[0], one[1], one[4], one[5]) for one in possible()}
    assert ("remove a range", "alone", "add a range", "alone") in kinds
    assert ("remove a range", "alone", "remove a range", "alone") not in kinds
    assert ("add a range", "alone", "add a range", "inside") in kinds
    assert ("add a range", "alone", "add a range", "alone") not in kinds
    switched = {one[0] for one in possible() if one[2] != one[6]}
    assert switched == {"put", "update"}


def test_pairs_and_triples_name_their_factors() -> None:
    levels = next(iter(possible()))
    assert len(levels) == len(FACTORS)
    assert len(set(combined(levels, 2))) == 21
    assert len(set(combined(levels, 3))) == 35
