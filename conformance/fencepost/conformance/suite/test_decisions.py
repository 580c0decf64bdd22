"""Who is let through, and who is not (DEC)."""

import pytest
from fencepost.conformance.pytest.clause_outcome import ClauseOutcome


@pytest.mark.clause("DEC-1")
def test_dec_1_default_allow_lets_every_request_through(clause_outcome: ClauseOutcome) -> None:
    """While the default action is Allow, the firewall MUST let every data-plane request through."""
    clause_outcome.must_pass()


@pytest.mark.clause("DEC-2")
def test_dec_2_a_public_address_in_an_ip_rule_is_let_through(clause_outcome: ClauseOutcome) -> None:
    """While the default action is Deny, a caller whose public IPv4 address is in an IP rule MUST be let through."""
    clause_outcome.must_pass()


@pytest.mark.clause("DEC-3")
def test_dec_3_a_caller_that_nothing_covers_is_denied(clause_outcome: ClauseOutcome) -> None:
    """While the default action is Deny, a data-plane caller that no rule and no bypass covers MUST be denied."""
    clause_outcome.must_pass()


@pytest.mark.clause("DEC-4")
def test_dec_4_a_range_holds_both_its_ends_and_neither_neighbour(clause_outcome: ClauseOutcome) -> None:
    """An IP rule for a range MUST cover the first and the last address of the range."""
    clause_outcome.must_pass()


@pytest.mark.clause("DEC-5")
def test_dec_5_the_rules_are_a_union(clause_outcome: ClauseOutcome) -> None:
    """The rules MUST act as a union: their order, nesting, overlap, adjacency and repetition change no outcome."""
    clause_outcome.must_pass()


@pytest.mark.clause("DEC-6")
def test_dec_6_a_caller_in_a_listed_subnet_is_let_through(clause_outcome: ClauseOutcome) -> None:
    """While the default action is Deny, a caller whose subnet a virtual network rule lists MUST be let through."""
    clause_outcome.must_pass()


@pytest.mark.clause("DEC-7")
def test_dec_7_a_caller_in_another_subnet_is_not(clause_outcome: ClauseOutcome) -> None:
    """While the default action is Deny, a caller whose subnet is not listed MUST be denied."""
    clause_outcome.must_pass()


@pytest.mark.clause("DEC-8")
def test_dec_8_subnet_ids_compare_without_regard_to_case(clause_outcome: ClauseOutcome) -> None:
    """Subnet ids MUST be compared without regard to case."""
    clause_outcome.must_pass()


@pytest.mark.clause("DEC-9")
def test_dec_9_a_subnet_rule_matches_only_through_the_service_endpoint(clause_outcome: ClauseOutcome) -> None:
    """A virtual network rule MUST let in only traffic that comes through its subnet's service endpoint."""
    clause_outcome.must_pass()


@pytest.mark.clause("DEC-10")
def test_dec_10_an_ip_rule_for_the_public_address_does_not_admit_the_private_one(clause_outcome: ClauseOutcome) -> None:
    """An IP rule for a subnet's public address MUST NOT admit traffic through the subnet's service endpoint."""
    clause_outcome.must_pass()


@pytest.mark.clause("DEC-11")
def test_dec_11_bypass_lets_a_trusted_service_through(clause_outcome: ClauseOutcome) -> None:
    """With bypass AzureServices, the firewall MUST let a trusted Microsoft service through."""
    clause_outcome.must_pass()


@pytest.mark.clause("DEC-12")
def test_dec_12_without_bypass_a_trusted_service_is_like_any_caller(clause_outcome: ClauseOutcome) -> None:
    """With bypass None, the firewall MUST treat a trusted Microsoft service like any other caller."""
    clause_outcome.must_pass()


@pytest.mark.clause("DEC-13")
def test_dec_13_a_service_that_is_not_trusted_is_like_any_caller(clause_outcome: ClauseOutcome) -> None:
    """The firewall MUST treat a Microsoft service that is not trusted like any other caller, whatever the bypass is."""
    clause_outcome.must_pass()


@pytest.mark.clause("DEC-14")
def test_dec_14_one_criterion_is_enough(clause_outcome: ClauseOutcome) -> None:
    """One criterion MUST be enough to let a caller in."""
    clause_outcome.must_pass()


@pytest.mark.clause("DEC-15")
def test_dec_15_deny_without_rules_or_bypass_denies_everybody(clause_outcome: ClauseOutcome) -> None:
    """With default action Deny, no rules and bypass None, the firewall MUST deny every data-plane caller."""
    clause_outcome.must_pass()


@pytest.mark.clause("DEC-16")
def test_dec_16_the_outcome_does_not_depend_on_the_operation(clause_outcome: ClauseOutcome) -> None:
    """The firewall's outcome MUST NOT depend on which data-plane operation the caller asks for."""
    clause_outcome.must_pass()


@pytest.mark.clause("DEC-17")
def test_dec_17_the_same_request_gets_the_same_answer(clause_outcome: ClauseOutcome) -> None:
    """The same request MUST get the same answer until the rules change."""
    clause_outcome.must_pass()
