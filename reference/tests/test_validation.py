"""What may be written: every violation with its path, all of them together, and which ones nobody can be sure of."""

import importlib
import inspect
import re

import pytest
from fencepost.reference import (
    Bypass,
    DefaultAction,
    Network,
    Profile,
    RuleSet,
    Subnet,
    Verdict,
    VirtualNetworkRule,
    load_profile,
    validate,
)
from fencepost.reference.parse import MISTAKES

TODAY, PREVIEW = load_profile("keyvault"), load_profile("keyvault-2018-preview")


def subnet_id(name: str) -> str:
    return f"/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/{name}"


NETWORK = Network(
    subnets=(Subnet(id=subnet_id("on")), Subnet(id=subnet_id("off"), service_endpoints=("Microsoft.Storage",)))
)


def acls(
    ip_values: list[object] | None = None,
    subnets: list[object] | None = None,
    *,
    default_action: object = "Deny",
    bypass: object = "None",
) -> dict[str, object]:
    return {
        "bypass": bypass,
        "defaultAction": default_action,
        "ipRules": [{"value": value} for value in ip_values or []],
        "virtualNetworkRules": [{"id": subnet} for subnet in subnets or []],
    }


def violations(network_acls: object, profile: Profile = TODAY, **more: object) -> list[tuple[str, str, str, bool]]:
    network = more.get("network")
    current = more.get("current")
    assert network is None or isinstance(network, Network)
    assert current is None or isinstance(current, RuleSet)
    found = validate(network_acls, profile=profile, network=network, current=current).violations
    return [(one.path, one.name, one.clause, one.is_certain) for one in found]


def verdict(network_acls: object, profile: Profile = TODAY, network: Network | None = None) -> Verdict:
    return validate(network_acls, profile=profile, network=network).verdict


def addresses(count: int) -> list[object]:
    return [f"20.{index >> 8}.{index & 255}.7" for index in range(count)]


def subnets(count: int) -> list[object]:
    return [subnet_id(f"n{index}") for index in range(count)]


def test_a_good_rule_set_means_what_it_says() -> None:
    assessment = validate(acls(["20.1.2.0/24", "20.9.9.9"], [subnet_id("on")]), profile=TODAY, network=NETWORK)
    assert (assessment.verdict, assessment.violations) == (Verdict.ACCEPTED, ())
    assert assessment.rules is not None
    assert assessment.rules.default_action is DefaultAction.DENY
    assert assessment.rules.bypass is Bypass.NONE
    assert [rule.text for rule in assessment.rules.ip_rules] == ["20.1.2.0/24", "20.9.9.9"]
    assert [rule.id for rule in assessment.rules.virtual_network_rules] == [subnet_id("on")]


def test_all_that_is_wrong_comes_out_together_each_at_its_place() -> None:
    wrong = {
        "bypass": "Nobody",
        "defaultAction": "allow",
        "ipRules": [
            {"value": "20.1.2.0/24"},
            "20.1.2.3",
            {"value": "10.0.0.1"},
            {"address": "20.1.2.3"},
            {"value": None},
            {"value": "20.1.2.3/24"},
            {"value": "20.1.2.0/24"},
        ],
        "virtualNetworkRules": [
            {"id": "nonsense"},
            None,
            {"id": subnet_id("off")},
            {"name": subnet_id("on")},
            {"id": subnet_id("on")},
            {"id": subnet_id("elsewhere")},
            {"id": subnet_id("ON")},
        ],
    }
    assert sorted(violations(wrong, network=NETWORK)) == [
        ("$.bypass", "unknown-word", "VAL-6", True),
        ("$.defaultAction", "enum-case", "VAL-6", False),
        ("$.ipRules", "duplicates", "DEC-5", False),
        ("$.ipRules[1]", "entry-not-an-object", "VAL-5", True),
        ("$.ipRules[2].value", "private", "VAL-3", True),
        ("$.ipRules[3]", "entry-without-value", "VAL-5", True),
        ("$.ipRules[4].value", "not-text", "VAL-5", True),
        ("$.ipRules[5].value", "host-bits", "VAL-1", False),
        ("$.virtualNetworkRules", "duplicates", "DEC-5", False),
        ("$.virtualNetworkRules[0].id", "not-a-subnet-id", "VAL-7", True),
        ("$.virtualNetworkRules[1]", "entry-not-an-object", "VAL-7", True),
        ("$.virtualNetworkRules[2].id", "missing-service-endpoint", "VAL-8", True),
        ("$.virtualNetworkRules[3]", "entry-without-id", "VAL-7", True),
        ("$.virtualNetworkRules[5].id", "unknown-subnet", "VAL-8", False),
    ]
    assessment = validate(wrong, profile=TODAY, network=NETWORK)
    assert (assessment.verdict, assessment.rules) == (Verdict.REFUSED, None)


@pytest.mark.parametrize("profile", [TODAY, PREVIEW], ids=lambda profile: profile.name)
def test_the_two_limits_are_separate_and_exact(profile: Profile) -> None:
    most_ip, most_subnets = profile.max_ip_rules, profile.max_virtual_network_rules
    assert verdict(acls(addresses(most_ip), subnets(most_subnets)), profile) is Verdict.ACCEPTED
    assert violations(acls(addresses(most_ip + 1)), profile) == [("$.ipRules", "too-many", "LIM-2", True)]
    assert violations(acls([], subnets(most_subnets + 1)), profile) == [
        ("$.virtualNetworkRules", "too-many", "LIM-4", True)
    ]


@pytest.mark.parametrize("default_action", ["Allow", "Deny"])
@pytest.mark.parametrize("bypass", ["None", "AzureServices"])
def test_the_limits_hold_whatever_the_switches_say(default_action: str, bypass: str) -> None:
    assert verdict(acls(addresses(128), default_action=default_action, bypass=bypass), PREVIEW) is Verdict.REFUSED


def test_a_malformed_entry_counts_to_the_limit_too() -> None:
    entries = [*acls(addresses(1000))["ipRules"], "nonsense"]  # type: ignore[misc]  # a list of entries
    assert [one[:2] for one in violations({"ipRules": entries})] == [
        ("$.ipRules[1000]", "entry-not-an-object"),
        ("$.ipRules", "too-many"),
    ]


def test_whether_repetition_counts_to_the_limit_is_the_ledgers() -> None:
    many = acls([*addresses(999), "20.200.0.1", "20.200.0.1"])
    keep = TODAY.with_choices({"duplicates": "keep"})
    assert violations(many, keep) == [("$.ipRules", "too-many", "LIM-2", False)]
    assert violations(many, keep.with_choices({"duplicates-count": "yes"})) == [
        ("$.ipRules", "too-many", "LIM-2", True)
    ]
    assert violations(many, keep.with_choices({"duplicates-count": "no"})) == []


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (None, Verdict.OPEN),
        ("reject", Verdict.REFUSED),
        ("collapse", Verdict.ACCEPTED),
        ("keep", Verdict.ACCEPTED),
    ],
)
def test_whether_rules_may_be_repeated_is_the_ledgers(answer: str | None, expected: Verdict) -> None:
    profile = TODAY.with_choices({"duplicates": answer})
    assert verdict(acls(["20.1.2.3", "20.1.2.3"]), profile) is expected
    assert verdict(acls([], [subnet_id("on"), subnet_id("ON")]), profile) is expected


def test_an_address_and_its_32_are_one_rule_today() -> None:
    assert violations(acls(["20.1.2.3", "20.1.2.3/32"])) == [("$.ipRules", "duplicates", "DEC-5", False)]


@pytest.mark.parametrize("word", ["", " ", "Maybe", "Denied", 0, False, True, [], {}, "Allow ", "AzureService"])
def test_unknown_words_are_refused(word: object) -> None:
    assert violations(acls(default_action=word)) == [("$.defaultAction", "unknown-word", "VAL-6", True)]
    assert violations(acls(bypass=word)) == [("$.bypass", "unknown-word", "VAL-6", True)]


def test_a_word_of_the_other_switch_is_unknown() -> None:
    assert [one[1] for one in violations(acls(default_action="None", bypass="Deny"))] == ["unknown-word"] * 2


@pytest.mark.parametrize(
    ("answer", "expected"), [(None, Verdict.OPEN), ("sensitive", Verdict.REFUSED), ("insensitive", Verdict.ACCEPTED)]
)
def test_whether_case_matters_in_a_word_is_the_ledgers(answer: str | None, expected: Verdict) -> None:
    profile = TODAY.with_choices({"enum-case": answer})
    assert verdict(acls(default_action="deny"), profile) is expected
    assert verdict(acls(bypass="AZURESERVICES"), profile) is expected
    assessment = validate(acls(default_action="DENY", bypass="none"), profile=profile)
    assert assessment.rules is not None
    assert (assessment.rules.default_action, assessment.rules.bypass) == (DefaultAction.DENY, Bypass.NONE)


@pytest.mark.parametrize(
    ("answer", "expected"), [(None, Verdict.OPEN), ("reject", Verdict.REFUSED), ("as-absent", Verdict.ACCEPTED)]
)
@pytest.mark.parametrize("member", ["bypass", "defaultAction", "ipRules", "virtualNetworkRules"])
def test_whether_null_is_as_absent_is_the_ledgers(member: str, answer: str | None, expected: Verdict) -> None:
    profile = TODAY.with_choices({"null-members": answer})
    assert verdict({**acls(), member: None}, profile) is expected


def test_what_an_absent_switch_means_is_certain_only_where_somebody_chose() -> None:
    assessment = validate({"ipRules": []}, profile=TODAY)
    assert (assessment.verdict, assessment.rules) == (Verdict.ACCEPTED, None)
    chosen = TODAY.with_choices({"default-of-bypass": "None", "default-of-default-action": "Deny"})
    assert validate({}, profile=chosen).rules == RuleSet(default_action=DefaultAction.DENY, bypass=Bypass.NONE)


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ([], "$"),
        ("rules", "$"),
        (None, "$"),
        ({"ipRules": {}}, "$.ipRules"),
        ({"virtualNetworkRules": "all"}, "$.virtualNetworkRules"),
    ],
)
def test_what_is_no_rule_set_is_refused_at_its_place(value: object, path: str) -> None:
    assert [one[0] for one in violations(value)] == [path]
    assert verdict(value) is Verdict.REFUSED


# ---- the service endpoint (VAL-8) ------------------------------------------------------------------------------------


def with_ignoring(subnet: str) -> dict[str, object]:
    return {**acls(), "virtualNetworkRules": [{"id": subnet, "ignoreMissingVnetServiceEndpoint": True}]}


def test_a_rule_for_a_subnet_without_the_endpoint_is_refused_today_unless_it_says_otherwise() -> None:
    assert verdict(acls([], [subnet_id("off")]), network=NETWORK) is Verdict.REFUSED
    assert verdict(acls([], [subnet_id("OFF")]), network=NETWORK) is Verdict.REFUSED
    assert verdict(with_ignoring(subnet_id("off")), network=NETWORK) is Verdict.ACCEPTED
    assert verdict(acls([], [subnet_id("on")]), network=NETWORK) is Verdict.ACCEPTED
    accepting = TODAY.with_choices({"missing-service-endpoint": "accept"})
    assert verdict(acls([], [subnet_id("off")]), accepting, NETWORK) is Verdict.REFUSED


@pytest.mark.parametrize(
    ("answer", "expected"), [(None, Verdict.OPEN), ("reject", Verdict.REFUSED), ("accept", Verdict.ACCEPTED)]
)
def test_in_2018_a_missing_endpoint_is_the_ledgers(answer: str | None, expected: Verdict) -> None:
    profile = PREVIEW.with_choices({"missing-service-endpoint": answer})
    assert verdict(acls([], [subnet_id("off")]), profile, NETWORK) is expected
    ignoring = Verdict.OPEN if expected is Verdict.REFUSED else expected
    assert verdict(with_ignoring(subnet_id("off")), profile, NETWORK) is ignoring


@pytest.mark.parametrize(
    ("answer", "expected"), [(None, Verdict.OPEN), ("reject", Verdict.REFUSED), ("accept", Verdict.ACCEPTED)]
)
@pytest.mark.parametrize("edition", [TODAY, PREVIEW], ids=lambda profile: profile.name)
def test_a_kept_rule_whose_subnet_has_lost_its_endpoint_is_the_ledgers(
    edition: Profile, answer: str | None, expected: Verdict
) -> None:
    profile = edition.with_choices({"lost-service-endpoint": answer})
    current = RuleSet(virtual_network_rules=(VirtualNetworkRule(id=subnet_id("Off")),))
    again = validate(acls([], [subnet_id("off")]), profile=profile, network=NETWORK, current=current)
    assert again.verdict is expected


def test_without_a_network_endpoints_are_not_judged() -> None:
    assert verdict(acls([], [subnet_id("off"), subnet_id("elsewhere")])) is Verdict.ACCEPTED


# ---- completeness ----------------------------------------------------------------------------------------------------

EVERY_NAME: dict[str, object] = {
    "not-an-object": [],
    "not-a-list": {"ipRules": "20.1.2.3"},
    "entry-not-an-object": {"ipRules": ["20.1.2.3"]},
    "entry-without-value": {"ipRules": [{}]},
    "entry-without-id": {"virtualNetworkRules": [{}]},
    "not-a-subnet-id": acls([], ["apps"]),
    "unknown-word": acls(bypass="Everybody"),
    "enum-case": acls(bypass="NONE"),
    "null-members": acls(bypass=None),
    "duplicates": acls(["20.1.2.3"] * 2),
    "too-many": acls(addresses(1001)),
    "unknown-subnet": acls([], [subnet_id("elsewhere")]),
    "missing-service-endpoint": acls([], [subnet_id("off")]),
    "lost-service-endpoint": acls([], [subnet_id("kept")]),
    "unsaid-flag": acls([], [subnet_id("flagged")]),
}


@pytest.mark.parametrize("name", EVERY_NAME)
def test_every_violation_occurs_alone(name: str) -> None:
    kept, flagged = subnet_id("kept"), subnet_id("flagged")
    off = tuple(Subnet(id=one, service_endpoints=()) for one in (kept, flagged))
    network = Network(subnets=(*NETWORK.subnets, *off))
    rules = (VirtualNetworkRule(id=kept), VirtualNetworkRule(id=flagged, ignore_missing_endpoint=True))
    current = RuleSet(virtual_network_rules=rules)
    assert [one[1] for one in violations(EVERY_NAME[name], network=network, current=current)] == [name]


def test_the_table_of_violations_is_complete() -> None:
    source = inspect.getsource(importlib.import_module("fencepost.reference.validate"))
    written = set(re.findall(r'(?:name|name, chosen|point, chosen)=?(?: = )?"([a-z-]+)"', source))
    chosen = set(re.findall(r'_choice_violation\(\S+ "([a-z-]+)"', source))
    lacking = {f"entry-without-{member}" for member in re.findall(r'_entries\(\w+, "\w+", "(\w+)"', source)}
    assert written | chosen | lacking | {"entry-not-an-object"} == set(EVERY_NAME)


@pytest.mark.parametrize(
    ("value", "name"),
    [("20.1.2.0/33", "prefix-over-32"), ("172.31.0.0/16", "private"), ("::1", "ipv6"), (7, "not-text")],
)
def test_a_mistake_in_a_value_is_a_violation_of_its_clause(value: object, name: str) -> None:
    assert violations(acls(["20.1.2.3", value])) == [("$.ipRules[1].value", name, MISTAKES[name], True)]


def test_an_uncertain_violation_names_the_points_that_it_hangs_on() -> None:
    (violation,) = validate(acls(["020.1.2.3/24"]), profile=TODAY).violations[:1]
    assert not violation.is_certain
    assert violation.open_points == {"leading-zeros", "host-bits"}
    for profile in (TODAY, PREVIEW):
        for wrong in (*EVERY_NAME.values(), acls(["0400.1.2.3", "10.1.2.3/8", "20.1.2.3/31"])):
            for one in validate(wrong, profile=profile, network=NETWORK).violations:
                assert one.is_certain == (not one.open_points), one
