"""What may be written, and what is refused (VAL)."""

import pytest
from fencepost.conformance.pytest.clause_outcome import ClauseOutcome


@pytest.mark.clause("VAL-1")
def test_val_1_addresses_and_ranges_are_accepted(clause_outcome: ClauseOutcome) -> None:
    """An individual IPv4 address and a CIDR range with prefix 1 to 30 (today also 32) and no host bits are accepted."""
    clause_outcome.must_pass()


@pytest.mark.clause("VAL-2")
def test_val_2_the_smallest_prefixes_are_as_the_profile_has_them(clause_outcome: ClauseOutcome) -> None:
    """/31 and /32 are refused in 2018; today /32 is accepted and equals the bare address, /31 is open."""
    clause_outcome.must_pass()


@pytest.mark.clause("VAL-3")
def test_val_3_private_rules_are_refused_and_their_public_neighbours_accepted(clause_outcome: ClauseOutcome) -> None:
    """A rule inside an RFC 1918 block is refused, for all three blocks to their edges."""
    clause_outcome.must_pass()


@pytest.mark.clause("VAL-4")
def test_val_4_ipv6_is_refused(clause_outcome: ClauseOutcome) -> None:
    """IPv6 is refused."""
    clause_outcome.must_pass()


@pytest.mark.clause("VAL-5")
def test_val_5_what_is_neither_an_address_nor_cidr_is_refused(clause_outcome: ClauseOutcome) -> None:
    """A value, text or not, that is neither an IPv4 address (four decimal ASCII numbers 0–255) nor CIDR is refused."""
    clause_outcome.must_pass()


@pytest.mark.clause("VAL-6")
def test_val_6_unknown_words_for_the_switches_are_refused(clause_outcome: ClauseOutcome) -> None:
    """Unknown words for bypass and default action are refused."""
    clause_outcome.must_pass()


@pytest.mark.clause("VAL-7")
def test_val_7_an_id_that_is_no_subnet_id_is_refused(clause_outcome: ClauseOutcome) -> None:
    """An id, text or not, that is no subnet id is refused."""
    clause_outcome.must_pass()


@pytest.mark.clause("VAL-8")
def test_val_8_a_rule_for_a_subnet_without_the_endpoint_is_refused(clause_outcome: ClauseOutcome) -> None:
    """A write that brings in a rule for a subnet without the service endpoint is refused."""
    clause_outcome.must_pass()


@pytest.mark.clause("VAL-9")
def test_val_9_a_refused_write_changes_nothing(clause_outcome: ClauseOutcome) -> None:
    """A refused write changes nothing, wherever in the list the bad rule stands."""
    clause_outcome.must_pass()
