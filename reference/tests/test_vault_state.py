"""The state clauses on the vault as a value: each write maps one vault to the next, or leaves it alone."""

from collections.abc import Callable

import pytest
from fencepost.reference import Bypass, DefaultAction, Network, Profile, Vault, Verdict, Write
from small_vaults import OFF, PREVIEW, TODAY, A, B, acls, after, lets_in, vault

# ---- reset and putRules ----------------------------------------------------------------------------------------------


def test_a_new_vault_has_no_rules_and_lets_everybody_in() -> None:
    new = vault(acls("20.1.2.3", subnets=(A,))).reset(Network())
    assert (new.rules.ip_rules, new.rules.virtual_network_rules) == ((), ())
    assert (new.rules.default_action, new.rules.bypass) == (DefaultAction.ALLOW, Bypass.AZURE_SERVICES)
    assert lets_in(new)


def test_a_new_vault_without_a_default_action_denies_from_its_first_moment_on() -> None:
    new = vault(profile=TODAY.always_denying())
    assert (new.rules.default_action, new.rules.bypass) == (DefaultAction.DENY, Bypass.AZURE_SERVICES)
    assert not lets_in(new)


def test_the_bypass_of_a_new_vault_is_the_choice_and_its_default_action_is_not() -> None:
    choices = {"default-of-bypass": "None", "default-of-default-action": "Deny"}
    new = vault(profile=TODAY.with_choices(choices))
    assert (new.rules.default_action, new.rules.bypass) == (DefaultAction.ALLOW, Bypass.NONE)


def test_put_rules_replaces_everything() -> None:
    first = vault(acls("20.1.2.3", subnets=(A,), bypass="AzureServices"))
    second = after(first.put_rules(acls("20.1.2.4", subnets=(B,))))
    assert not lets_in(second, "20.1.2.3")
    assert lets_in(second, "20.1.2.4")
    assert not lets_in(second, "10.0.0.4", A)
    assert lets_in(second, "10.0.0.4", B)
    assert second.rules.bypass is Bypass.NONE
    assert second == vault(acls("20.1.2.4", subnets=(B,)))


def test_a_vault_is_a_value_that_no_write_changes() -> None:
    before = vault(acls("20.1.2.3"))
    before.put_rules(acls("20.1.2.4"))
    before.add_ip_rule("20.1.2.5")
    before.set_service_endpoints(A, ())
    assert before == vault(acls("20.1.2.3"))


@pytest.mark.parametrize("place", range(3))
def test_a_refused_write_has_no_new_rules_wherever_the_bad_rule_stands(place: int) -> None:
    values = ["20.1.2.4", "20.1.2.5"]
    values.insert(place, "10.0.0.1")
    write = vault(acls("20.1.2.3")).put_rules(acls(*values))
    assert (write.verdict, write.accepted) == (Verdict.REFUSED, None)


# ---- the switches ----------------------------------------------------------------------------------------------------


def test_changing_a_switch_keeps_the_rules_and_the_other_switch() -> None:
    before = vault(acls("20.1.2.3", subnets=(A,), bypass="AzureServices"))
    opened = after(before.update_rules({"defaultAction": "Allow"}))
    assert opened.rules.bypass is Bypass.AZURE_SERVICES
    assert opened.rules.ip_rules == before.rules.ip_rules
    strict = after(before.update_rules({"bypass": "None"}))
    assert strict.rules.default_action is DefaultAction.DENY
    assert strict.rules.virtual_network_rules == before.rules.virtual_network_rules
    assert after(before.update_rules({})) == before


def test_rules_lie_dormant_under_allow_and_are_in_force_again_under_deny() -> None:
    before = vault(acls("20.1.2.3"))
    opened = after(before.update_rules({"defaultAction": "Allow"}))
    assert lets_in(opened)
    closed = after(opened.update_rules({"defaultAction": "Deny"}))
    assert lets_in(closed, "20.1.2.3")
    assert not lets_in(closed)
    assert closed == before


def test_an_unknown_word_is_refused_in_an_update_too() -> None:
    write = vault().update_rules({"defaultAction": "Deny", "bypass": "Everybody"})
    assert (write.verdict, write.accepted) == (Verdict.REFUSED, None)


def test_null_in_an_update_keeps_the_value_where_it_is_read_as_absent() -> None:
    profile = TODAY.with_choices({"null-members": "as-absent", "default-of-bypass": "AzureServices"})
    before = vault(acls("20.1.2.3", bypass="None"), profile)
    assert after(before.update_rules({"bypass": None, "defaultAction": None})) == before
    rejecting = vault(acls(), TODAY.with_choices({"null-members": "reject"}))
    assert rejecting.update_rules({"bypass": None}).verdict is Verdict.REFUSED
    assert vault().update_rules({"bypass": None}).verdict is Verdict.OPEN


# ---- adding and removing ---------------------------------------------------------------------------------------------


def test_rules_come_and_go_one_at_a_time() -> None:
    one = after(vault(acls()).add_ip_rule("20.1.2.0/24"))
    two = after(one.add_virtual_network_rule({"id": A}))
    assert lets_in(two, "20.1.2.255")
    assert lets_in(two, "10.0.0.4", A)
    three = after(two.remove_ip_rule("20.1.2.0/24"))
    assert not lets_in(three, "20.1.2.255")
    assert after(three.remove_virtual_network_rule(A.upper())) == vault(acls())


@pytest.mark.parametrize(
    ("value", "clause"), [("10.0.0.1", "VAL-3"), ("::1", "VAL-4"), ("nonsense", "VAL-5"), (7, "VAL-5")]
)
def test_an_added_value_is_read_as_strictly(value: object, clause: str) -> None:
    write = vault(acls()).add_ip_rule(value)
    assert (write.verdict, write.accepted) == (Verdict.REFUSED, None)
    assert [(one.path, one.clause) for one in write.violations] == [("$.value", clause)]


@pytest.mark.parametrize(("subnet", "clause"), [("apps", "VAL-7"), (7, "VAL-7"), (OFF, "VAL-8")])
def test_an_added_subnet_is_checked_as_strictly(subnet: object, clause: str) -> None:
    write = vault(acls()).add_virtual_network_rule({"id": subnet})
    assert write.verdict is Verdict.REFUSED
    assert [(one.path, one.clause) for one in write.violations] == [("$.id", clause)]


def test_a_subnet_without_the_endpoint_may_be_added_where_that_is_ignored_and_matches_nothing() -> None:
    added = after(vault(acls()).add_virtual_network_rule({"id": OFF, "ignoreMissingVnetServiceEndpoint": True}))
    assert not lets_in(added, "20.1.2.3", OFF)
    assert lets_in(added.set_service_endpoints(OFF, ["Microsoft.KeyVault"]), "10.0.0.4", OFF)


def test_removing_takes_away_every_equal_rule_and_no_other() -> None:
    keep = TODAY.with_choices({"duplicates": "keep"})
    before = vault(acls("20.1.2.3", "20.1.2.0/24", "20.1.2.3/32", "20.1.2.3", subnets=(A, A.upper(), B)), keep)
    gone = after(before.remove_ip_rule("20.1.2.3"))
    assert [rule.text for rule in gone.rules.ip_rules] == ["20.1.2.0/24"]
    assert after(before.remove_ip_rule("20.1.2.3/32")).rules == gone.rules
    assert [rule.id for rule in after(gone.remove_virtual_network_rule(A)).rules.virtual_network_rules] == [B]


@pytest.mark.parametrize(
    ("answer", "expected"), [(None, Verdict.OPEN), ("reject", Verdict.REFUSED), ("ignore", Verdict.ACCEPTED)]
)
def test_removing_what_is_not_there_is_the_ledgers(answer: str | None, expected: Verdict) -> None:
    before = vault(acls("20.1.2.3"), TODAY.with_choices({"remove-unknown": answer}))
    for write in (before.remove_ip_rule("20.1.2.4"), before.remove_virtual_network_rule(B)):
        assert (write.verdict, write.accepted) == (expected, before)


def test_removing_by_another_spelling_is_open_whatever_is_chosen() -> None:
    choices = {"remove-unknown": "reject", "host-bits": "mask", "prefix-spelling": "accept"}
    today, preview = (vault(acls("20.1.2.3", "20.1.4.0/24"), one.with_choices(choices)) for one in (TODAY, PREVIEW))
    for write in (
        today.remove_ip_rule("20.1.4.9/24"),
        today.remove_ip_rule("20.1.4.0/024"),
        today.remove_ip_rule("nonsense"),
        today.remove_virtual_network_rule("nonsense"),
        preview.remove_ip_rule("20.1.2.3/32"),  # in 2018 an address and its /32 are not one rule
    ):
        assert (write.verdict, write.accepted) == (Verdict.OPEN, None)


def test_a_rule_that_was_written_with_host_bits_is_removed_by_the_same_text() -> None:
    before = vault(acls(), TODAY.with_choices({"host-bits": "mask"}))
    added = after(before.add_ip_rule("20.1.2.3/24"))
    assert lets_in(added, "20.1.2.200")
    assert after(added.remove_ip_rule("20.1.2.3/24")) == before


@pytest.mark.parametrize(
    ("answer", "expected"),
    [(None, Verdict.OPEN), ("reject", Verdict.REFUSED), ("collapse", Verdict.ACCEPTED), ("keep", Verdict.ACCEPTED)],
)
def test_adding_what_is_there_is_the_ledgers(answer: str | None, expected: Verdict) -> None:
    before = vault(acls("20.1.2.3", subnets=(A,)), TODAY.with_choices({"duplicates": answer}))
    assert before.add_ip_rule("20.1.2.3/32").verdict is expected
    assert before.add_virtual_network_rule({"id": A.upper()}).verdict is expected


# ---- limits, one at a time -------------------------------------------------------------------------------------------


def full(profile: Profile) -> Vault:
    values = (f"20.{index >> 8}.{index & 255}.7" for index in range(profile.max_ip_rules))
    return vault(acls(*values), profile)


@pytest.mark.parametrize("profile", [TODAY, PREVIEW], ids=lambda profile: profile.name)
def test_a_full_vault_takes_one_more_only_after_one_is_gone(profile: Profile) -> None:
    before = full(profile)
    write = before.add_ip_rule("20.200.0.1")
    assert [(one.path, one.name, one.clause) for one in write.violations] == [("$.ipRules", "too-many", "LIM-2")]
    assert write.verdict is Verdict.REFUSED
    again = after(after(before.remove_ip_rule("20.0.0.7")).add_ip_rule("20.200.0.1"))
    assert again.add_ip_rule("20.200.0.2").verdict is Verdict.REFUSED
    assert lets_in(again, "20.200.0.1")
    assert not lets_in(again, "20.0.0.7")


def test_a_full_vault_still_takes_subnets_and_switches() -> None:
    before = full(PREVIEW)
    assert before.add_virtual_network_rule({"id": A}).verdict is Verdict.ACCEPTED
    assert before.update_rules({"defaultAction": "Allow"}).verdict is Verdict.ACCEPTED


def test_a_repetition_at_the_limit_is_the_ledgers() -> None:
    def verdict(counts: str | None) -> Verdict:
        return (
            full(PREVIEW.with_choices({"duplicates": "keep", "duplicates-count": counts}))
            .add_ip_rule("20.0.0.7")
            .verdict
        )

    assert [verdict(answer) for answer in (None, "yes", "no")] == [Verdict.OPEN, Verdict.REFUSED, Verdict.ACCEPTED]


# ---- service endpoints -----------------------------------------------------------------------------------------------


def test_switching_the_endpoint_takes_the_rule_out_of_force_and_puts_it_back() -> None:
    before = vault(acls(subnets=(A,)))
    off = before.set_service_endpoints(A.upper(), [])
    assert off.rules == before.rules
    assert not lets_in(off, "20.1.2.3", A)
    assert off.set_service_endpoints(A, ["Microsoft.KeyVault"]) == before


def test_only_the_one_endpoint_counts_letter_for_letter() -> None:
    for other in ("Microsoft.Storage", "microsoft.keyvault", "Microsoft.KeyVault.Global"):
        assert not lets_in(vault(acls(subnets=(A,))).set_service_endpoints(A, [other]), "20.1.2.3", A)


@pytest.mark.parametrize(
    "write",
    [
        lambda one: one.add_ip_rule("20.9.9.9"),
        lambda one: one.remove_ip_rule("20.1.2.3"),
        lambda one: one.update_rules({"defaultAction": "Allow"}),
        lambda one: one.add_virtual_network_rule({"id": B}),
    ],
    ids=["add", "remove", "update", "add a subnet"],
)
def test_a_write_that_keeps_a_rule_whose_endpoint_is_gone_is_open_until_it_is_accepted_by_choice(
    write: Callable[[Vault], Write],
) -> None:
    for answer, expected in ((None, Verdict.OPEN), ("reject", Verdict.OPEN), ("accept", Verdict.ACCEPTED)):
        before = vault(acls("20.1.2.3", subnets=(A,)), TODAY.with_choices({"lost-service-endpoint": answer}))
        result = write(before.set_service_endpoints(A, []))
        assert (result.verdict, result.accepted is not None) == (expected, True)


def test_removing_the_rule_whose_endpoint_is_gone_is_an_ordinary_removal() -> None:
    lost = vault(acls(subnets=(A,))).set_service_endpoints(A, [])
    assert after(lost.remove_virtual_network_rule(A)).rules == vault(acls()).rules


def flagged(subnet: str) -> dict[str, object]:
    return {"id": subnet, "ignoreMissingVnetServiceEndpoint": True}


@pytest.mark.parametrize("answer", [None, "reject", "accept"])
def test_a_write_that_does_not_name_a_rule_with_the_flag_is_not_refused_for_it(answer: str | None) -> None:
    """The contract: a rule keeps its flag until it is removed or put without it."""
    before = vault(acls("20.1.2.3"), TODAY.with_choices({"lost-service-endpoint": answer}))
    before = after(before.add_virtual_network_rule(flagged(OFF)))
    later = after(before.add_ip_rule("20.9.9.9"))
    assert after(later.update_rules({"bypass": "AzureServices"})).rules.rule_for_subnet(OFF) is not None


def test_a_whole_set_that_repeats_the_flag_is_accepted_and_one_that_leaves_it_unsaid_is_open() -> None:
    before = vault({"virtualNetworkRules": [flagged(OFF)], "defaultAction": "Deny", "bypass": "None"})
    assert after(before.put_rules({"virtualNetworkRules": [flagged(OFF)], "defaultAction": "Deny", "bypass": "None"}))
    unsaid = before.put_rules(acls(subnets=(OFF,)))
    assert {point for one in unsaid.violations for point in one.open_points} == {"unsaid-flag"}
    wakened = after(before.set_service_endpoints(OFF, ["Microsoft.KeyVault"]).put_rules(acls(subnets=(OFF,))))
    lost = wakened.set_service_endpoints(OFF, []).add_ip_rule("20.1.2.3")
    assert {point for one in lost.violations for point in one.open_points} == {"lost-service-endpoint"}
