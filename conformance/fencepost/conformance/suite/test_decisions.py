"""Who is let through, and who is not (DEC)."""

import pytest
from fencepost.conformance.pytest.clause_outcome import ClauseOutcome


@pytest.mark.clause("DEC-1")
def test_dec_1_default_allow_lets_every_request_through(clause_outcome: ClauseOutcome) -> None:
    """While the default action is Allow, the firewall lets every data-plane request through."""
    clause_outcome.must_pass()


@pytest.mark.clause("DEC-2")
def test_dec_2_a_public_address_in_an_ip_rule_is_let_through(clause_outcome: ClauseOutcome) -> None:
    """While it is Deny, a caller whose public IPv4 address is in an IP rule is let through."""
    clause_outcome.must_pass()


@pytest.mark.clause("DEC-3")
def test_dec_3_a_caller_that_nothing_covers_is_denied(clause_outcome: ClauseOutcome) -> None:
    """While it is Deny, a caller that no rule, subnet or bypass covers is denied."""
    clause_outcome.must_pass()


@pytest.mark.clause("DEC-4")
def test_dec_4_a_range_holds_both_its_ends_and_neither_neighbour(clause_outcome: ClauseOutcome) -> None:
    """A range holds both its first and its last address, and neither neighbour, unless another rule holds it."""
    clause_outcome.must_pass()


@pytest.mark.clause("DEC-5")
def test_dec_5_the_rules_are_a_union(clause_outcome: ClauseOutcome) -> None:
    """The rules are a union: order, nesting, overlap, adjacency and repetition change no outcome."""
    clause_outcome.must_pass()


@pytest.mark.clause("DEC-6")
def test_dec_6_a_caller_in_a_listed_subnet_is_let_through(clause_outcome: ClauseOutcome) -> None:
    """A caller in a listed subnet is let through."""
    clause_outcome.must_pass()


@pytest.mark.clause("DEC-7")
def test_dec_7_a_caller_in_another_subnet_is_not(clause_outcome: ClauseOutcome) -> None:
    """A caller in another subnet (not listed itself, nor let in by address or bypass) is not."""
    clause_outcome.must_pass()


@pytest.mark.clause("DEC-8")
def test_dec_8_subnet_ids_compare_without_regard_to_case(clause_outcome: ClauseOutcome) -> None:
    """Subnet ids compare without regard to case."""
    clause_outcome.must_pass()


@pytest.mark.clause("DEC-9")
def test_dec_9_a_subnet_rule_matches_only_through_the_service_endpoint(clause_outcome: ClauseOutcome) -> None:
    """A subnet rule matches only traffic that comes through that subnet's service endpoint."""
    clause_outcome.must_pass()


@pytest.mark.clause("DEC-10")
def test_dec_10_an_ip_rule_for_the_public_address_does_not_admit_the_private_one(clause_outcome: ClauseOutcome) -> None:
    """Traffic through a service endpoint shows the private address."""
    clause_outcome.must_pass()


@pytest.mark.clause("DEC-11")
def test_dec_11_bypass_lets_a_trusted_service_through(clause_outcome: ClauseOutcome) -> None:
    """With bypass AzureServices a trusted service is let through from anywhere and for every data-plane operation."""
    clause_outcome.must_pass()


@pytest.mark.clause("DEC-12")
def test_dec_12_without_bypass_a_trusted_service_is_like_any_caller(clause_outcome: ClauseOutcome) -> None:
    """With bypass None a trusted service is like any other caller."""
    clause_outcome.must_pass()


@pytest.mark.clause("DEC-13")
def test_dec_13_a_service_that_is_not_trusted_is_like_any_caller(clause_outcome: ClauseOutcome) -> None:
    """A service that is not trusted is like any other caller."""
    clause_outcome.must_pass()


@pytest.mark.clause("DEC-14")
def test_dec_14_one_criterion_is_enough(clause_outcome: ClauseOutcome) -> None:
    """One criterion is enough: address or subnet or bypass, alone or together."""
    clause_outcome.must_pass()


@pytest.mark.clause("DEC-15")
def test_dec_15_deny_without_rules_or_bypass_denies_everybody(clause_outcome: ClauseOutcome) -> None:
    """Deny with no rules and bypass None denies every data-plane caller."""
    clause_outcome.must_pass()


@pytest.mark.clause("DEC-16")
def test_dec_16_the_outcome_does_not_depend_on_the_operation(clause_outcome: ClauseOutcome) -> None:
    """The outcome does not depend on which data-plane operation is asked for."""
    clause_outcome.must_pass()


@pytest.mark.clause("DEC-17")
def test_dec_17_the_same_request_gets_the_same_answer(clause_outcome: ClauseOutcome) -> None:
    """The same request gets the same answer until the rules change, however often and in whatever company it is asked."""
    clause_outcome.must_pass()
