"""How many rules there may be (LIM)."""

import pytest
from fencepost.conformance.pytest.clause_outcome import ClauseOutcome


@pytest.mark.clause("LIM-1")
def test_lim_1_the_maximum_of_ip_rules_is_accepted_and_in_force(clause_outcome: ClauseOutcome) -> None:
    """A rule set with the maximum of IP rules MUST be accepted, and every one of its rules MUST be in force."""
    clause_outcome.must_pass()


@pytest.mark.clause("LIM-2")
def test_lim_2_one_ip_rule_more_is_refused(clause_outcome: ClauseOutcome) -> None:
    """A write that would leave one IP rule more than the maximum MUST be refused."""
    clause_outcome.must_pass()


@pytest.mark.clause("LIM-3")
def test_lim_3_the_maximum_of_virtual_network_rules_is_accepted_and_in_force(clause_outcome: ClauseOutcome) -> None:
    """A rule set with the maximum of virtual network rules MUST be accepted."""
    clause_outcome.must_pass()


@pytest.mark.clause("LIM-4")
def test_lim_4_one_virtual_network_rule_more_is_refused(clause_outcome: ClauseOutcome) -> None:
    """A write that would leave one virtual network rule more than the maximum MUST be refused."""
    clause_outcome.must_pass()


@pytest.mark.clause("LIM-5")
def test_lim_5_the_two_limits_are_separate(clause_outcome: ClauseOutcome) -> None:
    """IP rules and virtual network rules MUST have separate limits: a rule set with the maximum of both is accepted."""
    clause_outcome.must_pass()


@pytest.mark.clause("LIM-6")
def test_lim_6_a_write_refused_for_its_size_leaves_the_rules_in_force(clause_outcome: ClauseOutcome) -> None:
    """A write that is refused because it has too many rules MUST leave every rule of the previous set in force."""
    clause_outcome.must_pass()


@pytest.mark.clause("LIM-7")
def test_lim_7_adding_one_at_a_time_meets_the_same_limits(clause_outcome: ClauseOutcome) -> None:
    """Rules that are added one at a time MUST meet the same limits as rules that are put at once."""
    clause_outcome.must_pass()


@pytest.mark.clause("LIM-8")
def test_lim_8_removing_a_rule_makes_room_for_exactly_one(clause_outcome: ClauseOutcome) -> None:
    """Removing one rule from a full list MUST make room for exactly one rule."""
    clause_outcome.must_pass()


@pytest.mark.clause("LIM-9")
def test_lim_9_the_limits_hold_whatever_the_switches_are(clause_outcome: ClauseOutcome) -> None:
    """The limits on the number of rules MUST hold whatever the default action and the bypass are."""
    clause_outcome.must_pass()
