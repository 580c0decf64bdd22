"""What changes change, and what they leave alone (STA)."""

import pytest
from fencepost.conformance.pytest.clause_outcome import ClauseOutcome


@pytest.mark.clause("STA-1")
def test_sta_1_put_rules_replaces(clause_outcome: ClauseOutcome) -> None:
    """Putting a rule set (putRules) MUST replace the old one entirely."""
    clause_outcome.must_pass()


@pytest.mark.clause("STA-2")
def test_sta_2_a_history_leaves_the_outcomes_of_the_resulting_set(clause_outcome: ClauseOutcome) -> None:
    """Single changes, refused writes among them, MUST leave the same outcomes as one putRules of the resulting set."""
    clause_outcome.must_pass()


@pytest.mark.clause("STA-3")
def test_sta_3_changing_one_switch_keeps_everything_else(clause_outcome: ClauseOutcome) -> None:
    """Changing the default action MUST keep the rules and the bypass."""
    clause_outcome.must_pass()


@pytest.mark.clause("STA-4")
def test_sta_4_rules_lie_dormant_under_allow(clause_outcome: ClauseOutcome) -> None:
    """Rules MUST lie dormant while the default action is Allow, and MUST be in force again once it is Deny."""
    clause_outcome.must_pass()


@pytest.mark.clause("STA-5")
def test_sta_5_the_rules_read_back_are_the_rules_in_force(clause_outcome: ClauseOutcome) -> None:
    """Reading the rules back (getRules) MUST return the rules in force."""
    clause_outcome.must_pass()


@pytest.mark.clause("STA-6")
def test_sta_6_widening_never_revokes_and_narrowing_never_grants(clause_outcome: ClauseOutcome) -> None:
    """Adding a rule MUST NOT shut out a caller that was let in."""
    clause_outcome.must_pass()


@pytest.mark.clause("STA-7")
def test_sta_7_a_rule_matters_only_to_callers_it_covers(clause_outcome: ClauseOutcome) -> None:
    """Adding or removing a rule MUST NOT change the outcome for a caller that the rule does not cover."""
    clause_outcome.must_pass()


@pytest.mark.clause("STA-8")
def test_sta_8_while_the_set_is_replaced_the_answer_is_the_old_or_the_new(clause_outcome: ClauseOutcome) -> None:
    """While a rule set is being replaced, each request MUST get the answer of the old set or of the new set."""
    clause_outcome.must_pass()


@pytest.mark.clause("STA-9")
def test_sta_9_after_a_change_the_outcomes_converge_and_stay(clause_outcome: ClauseOutcome) -> None:
    """After a change, outcomes MUST agree with the new rules within the declared settle time, and MUST stay so."""
    clause_outcome.must_pass()


@pytest.mark.clause("STA-10")
def test_sta_10_an_endpoint_switched_off_takes_its_rule_out_of_force(clause_outcome: ClauseOutcome) -> None:
    """Switching a listed subnet's service endpoint off MUST take the subnet's rule out of force."""
    clause_outcome.must_pass()
