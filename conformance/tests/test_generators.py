"""The seeded generators: what they make is what their callers count on, whatever the seed."""

from dataclasses import replace
from itertools import pairwise
from random import Random

import pytest
from fencepost.conformance.capabilities import Ability, Capabilities
from fencepost.conformance.generate import blocks, callers, mistakes, networks, opened, requests, rule_sets
from fencepost.conformance.lockstep.wire import wire_rules
from fencepost.reference import (
    SERVICE_ENDPOINT,
    Block,
    Caller,
    Profile,
    Vault,
    cidr_from_block,
    is_clear,
    is_public,
    is_subnet_id,
    load_profile,
    read_ip_rule,
    validate,
)
from fencepost.reference.decide import is_trusted
from fencepost.reference.model import Request

SEEDS = range(40)
PROFILES = tuple(load_profile(name) for name in ("keyvault", "keyvault-2018-preview"))
EVERYTHING = Capabilities(abilities=frozenset(Ability))
each_profile = pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: str(profile.name))


def is_cidr(block: Block) -> bool:
    size = block.last - block.first + 1
    return size & (size - 1) == 0 and block.first % size == 0


@pytest.mark.parametrize("prefix", [*range(3, 31), 32])
def test_a_block_has_its_prefix_and_lies_in_clear_space(prefix: int) -> None:
    for seed in SEEDS:
        found = blocks.block(Random(seed), prefix)
        assert found.last - found.first + 1 == 2 ** (32 - prefix)
        assert is_cidr(found)
        assert is_clear(found)


def test_every_prefix_is_drawn_and_single_addresses_often() -> None:
    drawn = [blocks.prefix(Random(seed)) for seed in range(2000)]
    assert set(drawn) == {*range(3, 31), 32}
    assert drawn.count(32) > 200


@pytest.mark.parametrize("constellation", blocks.CONSTELLATIONS, ids=lambda one: str(one.__name__))
def test_a_constellation_is_a_few_rules_that_every_profile_accepts(constellation: object) -> None:
    (make,) = [one for one in blocks.CONSTELLATIONS if one is constellation]
    for seed in SEEDS:
        found = make(Random(seed))
        assert 0 < len(found) < 12
        assert all(is_cidr(block) and is_clear(block) for block in found)
        assert all(read_ip_rule(cidr_from_block(block), profile).is_accepted for block in found for profile in PROFILES)


def test_nested_ranges_nest_and_neighbours_touch() -> None:
    for seed in SEEDS:
        outer, *inner = blocks.nested(Random(seed))
        assert all(outer.holds(block) for block in inner)
        pair = blocks.neighbours(Random(seed))
        assert len(pair) == 1 or pair[0].last + 1 == pair[1].first


@pytest.mark.parametrize("count", [1, 2, 127, 128, 1000, 1001])
def test_a_long_list_is_of_different_rules_that_cannot_be_merged(count: int) -> None:
    for seed in SEEDS:
        found = blocks.many(Random(seed), count)
        assert len(set(found)) == count
        assert all(is_cidr(block) and is_clear(block) for block in found)
        ordered = sorted(found)
        assert all(before.last + 1 < after.first for before, after in pairwise(ordered))


def test_the_longest_values_are_as_long_as_a_rule_can_be() -> None:
    values = [blocks.text(one) for one in blocks.longest(1001)]
    assert len(set(values)) == 1001
    assert {len(value) for value in values} == {len("200.100.100.100/30")}
    assert all(read_ip_rule(value, profile).is_accepted for value in values[:40] for profile in PROFILES)


def test_a_network_is_one_subnet_and_what_is_easily_taken_for_it() -> None:
    for seed in SEEDS:
        found = networks.network(Random(seed), some_without_endpoint=True)
        ids = [subnet.id for subnet in found.subnets]
        assert len({subnet.lower() for subnet in ids}) == len(ids) >= 8
        assert all(is_subnet_id(subnet) for subnet in ids)
        without = [subnet for subnet in found.subnets if SERVICE_ENDPOINT not in subnet.service_endpoints]
        assert len(without) == 2
        assert all(found.has_endpoint(subnet.id) for subnet in found.subnets if subnet not in without)


def test_every_subnet_has_the_endpoint_where_the_subject_does_not_model_it() -> None:
    found = networks.network(Random(1), some_without_endpoint=False)
    assert {subnet.service_endpoints for subnet in found.subnets} == {(SERVICE_ENDPOINT,)}


def test_an_id_in_other_letters_is_the_same_id_and_not_the_same_text() -> None:
    for seed in SEEDS:
        random = Random(seed)
        plain = networks.subnet_ids(random)[0]
        other = networks.other_case(random, plain)
        assert other != plain
        assert other.lower() == plain.lower()
        assert is_subnet_id(other)


def test_no_list_without_the_endpoint_holds_it_and_each_list_with_it_does() -> None:
    assert all(SERVICE_ENDPOINT not in one for one in networks.NO_ENDPOINTS)
    assert all(SERVICE_ENDPOINT in one for one in networks.ENDPOINTS)
    assert len(set(networks.NO_ENDPOINTS)) == len(networks.NO_ENDPOINTS)


@each_profile
def test_a_public_neighbour_is_certainly_accepted(profile: Profile) -> None:
    for value in mistakes.PUBLIC_NEIGHBOURS:
        assert read_ip_rule(value, profile).is_accepted, value


def test_a_set_in_other_words_is_the_same_set() -> None:
    profile, known = PROFILES[0], networks.subnet_ids(Random(0))
    network = networks.network(Random(0), some_without_endpoint=False)
    for acls in (
        wire_rules(()),
        wire_rules(["20.0.0.0/8"]),
        wire_rules((), known[:3]),
        wire_rules(["20.1.2.3"], known),
    ):
        plain = validate(acls, profile=profile, network=network).rules
        said = set()
        for seed in SEEDS:
            other = rule_sets.without_empty_lists(Random(seed), rule_sets.with_flags(Random(seed), acls), EVERYTHING)
            said.add(str(other))
            rules = validate(other, profile=profile, network=network).rules
            assert rules is not None
            assert plain is not None
            assert rules.ip_rules == plain.ip_rules
            assert [one.key for one in rules.virtual_network_rules] == [one.key for one in plain.virtual_network_rules]
        assert len(said) > 1


def test_who_knows_no_subnets_is_sent_the_empty_list_of_their_rules() -> None:
    capabilities = replace(EVERYTHING, abilities=EVERYTHING.abilities - {Ability.SUBNETS})
    for seed in SEEDS:
        assert rule_sets.without_empty_lists(Random(seed), wire_rules(()), capabilities)["virtualNetworkRules"] == []


@pytest.mark.parametrize("make", [networks.plain_subnets, networks.long_subnets])
def test_a_long_list_of_subnets_is_of_different_ids(make: object) -> None:
    found = networks.plain_subnets(401) if make is networks.plain_subnets else networks.long_subnets(401)
    assert len({subnet.lower() for subnet in found}) == 401
    assert all(is_subnet_id(subnet) for subnet in found)


@each_profile
def test_every_mistake_is_refused_by_its_clause_whatever_anybody_chooses(profile: Profile) -> None:
    good = "20.0.0.0/16"
    known = networks.subnet_ids(Random(0))[0]
    for seed in (0, 1, 2):
        found = [*mistakes.ip_mistakes(profile, Random(seed)), *mistakes.subnet_mistakes(known)]
        for mistake in [*found, *mistakes.switch_mistakes()]:
            acls = wire_rules([good], [known])
            if mistake.member in ("ipRules", "virtualNetworkRules"):
                key = "value" if mistake.member == "ipRules" else "id"
                entries = acls[mistake.member]
                assert isinstance(entries, list)
                entries.append(mistake.value if mistake.entry else {key: mistake.value})
            else:
                acls[mistake.member] = mistake.value
            assessment = validate(acls, profile=profile)
            certain = {violation.clause for violation in assessment.violations if violation.is_certain}
            assert certain == {mistake.clause}, mistake.name


@each_profile
def test_every_kind_of_mistake_has_a_name_of_its_own(profile: Profile) -> None:
    names = [mistake.name for mistake in mistakes.ip_mistakes(profile, Random(0))]
    assert len(set(names)) == len(names) > 100
    assert {"VAL-3", "VAL-4", "VAL-5"} <= {mistake.clause for mistake in mistakes.ip_mistakes(profile, Random(0))}


@each_profile
def test_no_public_neighbour_of_private_space_is_refused(profile: Profile) -> None:
    readings = [read_ip_rule(value, profile) for value in mistakes.PUBLIC_NEIGHBOURS]
    assert not any(reading.is_refused for reading in readings)
    assert sum(reading.is_accepted for reading in readings) >= 25


@each_profile
def test_callers_are_trusted_or_not_as_the_profile_has_it(profile: Profile) -> None:
    is_by_attribute = profile.choice("trusted-services") == "attribute"
    by_name = EVERYTHING if is_by_attribute else Capabilities(abilities=frozenset(Ability) - {Ability.BY_ATTRIBUTE})
    for expected, found in (
        (True, callers.trusted_callers(profile, by_name)),
        (False, callers.untrusted_callers(profile, by_name)),
    ):
        assert found
        assert {is_trusted(Request(address=1, caller=caller), profile) for caller in found} == {expected}


def test_what_the_subject_does_not_offer_is_not_generated() -> None:
    nothing = Capabilities(abilities=frozenset())
    for profile in PROFILES:
        assert callers.trusted_callers(profile, nothing) == callers.untrusted_callers(profile, nothing) == []
    assert callers.credentials(nothing) == [(True, True)]
    vault = Vault(profile=PROFILES[0])
    for request in requests.crossed(Random(0), vault, nothing):
        assert request.caller == Caller()
        assert request.subnet is None
        assert request.plane.value == "data"


def test_no_name_is_asked_as_untrusted_that_a_page_of_2018_trusts() -> None:
    by_name = replace(EVERYTHING, abilities=EVERYTHING.abilities - {Ability.BY_ATTRIBUTE})
    asked = {caller.service for caller in callers.untrusted_callers(load_profile("keyvault-2018-preview"), by_name)}
    assert "Azure Event Hubs" in asked
    assert not asked & {
        "Azure SQL",
        "Azure Storage",
        "Azure Data Lake Store",
        "Azure Resource Manager template deployment service",
    }


def test_what_is_outside_lies_in_no_rule_and_in_public_space() -> None:
    for seed in SEEDS:
        random = Random(seed)
        values = [cidr_from_block(block) for block in blocks.nested(random)]
        rules = validate(wire_rules(values), profile=PROFILES[0]).rules
        assert rules is not None
        address = requests.outside(random, rules)
        assert is_public(address)
        assert rules.ip_rule_at(address) is None


def test_the_addresses_of_long_rule_sets_stay_near_their_budget() -> None:
    values = [cidr_from_block(block) for block in blocks.many(Random(0), 1000)]
    rules = validate(wire_rules(values), profile=PROFILES[0]).rules
    assert rules is not None
    found = requests.addresses(Random(0), rules, budget=260)
    assert len(found) == len(set(found)) <= 300
    ends = {rules.ip_rules[0].block.first, rules.ip_rules[-1].block.last}
    assert ends <= set(found)


def test_ranges_that_touch_stand_in_different_sets() -> None:
    profile = load_profile("keyvault").with_choices({"reserved-ranges": "accept", "private-superset": "accept"})
    found = opened.narrow(profile)
    sets = opened.apart(found, 16)
    assert sorted(one for some in sets for one in some) == sorted(found)
    assert max(map(len, sets)) == 16
    for some in sets:
        assert all(one.last + 1 < other.first for one, other in pairwise(sorted(some)))
