"""What may be written, and what is refused (VAL)."""

import pytest
from fencepost.conformance.pytest.clause_outcome import ClauseOutcome


@pytest.mark.clause("VAL-1")
def test_val_1_addresses_and_ranges_are_accepted(clause_outcome: ClauseOutcome) -> None:
    """A public IPv4 address MUST be accepted as an IP rule."""
    clause_outcome.must_pass()


@pytest.mark.clause("VAL-2")
def test_val_2_the_smallest_prefixes_are_as_the_profile_has_them(clause_outcome: ClauseOutcome) -> None:
    """In the 2018 edition, an IP rule with prefix 31 or 32 MUST be refused."""
    clause_outcome.must_pass()


@pytest.mark.clause("VAL-3")
def test_val_3_private_rules_are_refused_and_their_public_neighbours_accepted(clause_outcome: ClauseOutcome) -> None:
    """An IP rule inside a private block of RFC 1918 MUST be refused."""
    clause_outcome.must_pass()


@pytest.mark.clause("VAL-4")
def test_val_4_ipv6_is_refused(clause_outcome: ClauseOutcome) -> None:
    """An IPv6 address or range MUST be refused as an IP rule."""
    clause_outcome.must_pass()


@pytest.mark.clause("VAL-5")
def test_val_5_what_is_neither_an_address_nor_cidr_is_refused(clause_outcome: ClauseOutcome) -> None:
    """An IP rule MUST be refused if its value, text or not, is neither an IPv4 address nor a CIDR range."""
    clause_outcome.must_pass()


@pytest.mark.clause("VAL-6")
def test_val_6_unknown_words_for_the_switches_are_refused(clause_outcome: ClauseOutcome) -> None:
    """A write with an unknown word for the bypass or the default action MUST be refused."""
    clause_outcome.must_pass()


@pytest.mark.clause("VAL-7")
def test_val_7_an_id_that_is_no_subnet_id_is_refused(clause_outcome: ClauseOutcome) -> None:
    """A virtual network rule MUST be refused if its id, text or not, is not a subnet's resource id."""
    clause_outcome.must_pass()


@pytest.mark.clause("VAL-8")
def test_val_8_a_rule_for_a_subnet_without_the_endpoint_is_refused(clause_outcome: ClauseOutcome) -> None:
    """A write that brings in a rule for a subnet without the service endpoint MUST be refused."""
    clause_outcome.must_pass()


@pytest.mark.clause("VAL-9")
def test_val_9_a_refused_write_changes_nothing(clause_outcome: ClauseOutcome) -> None:
    """A refused write MUST change nothing, wherever in the list the bad rule stands."""
    clause_outcome.must_pass()
