"""How Azure's wire spells what is read back (WIRE)."""

import pytest
from fencepost.conformance.pytest.clause_outcome import ClauseOutcome


@pytest.mark.clause("WIRE-1")
def test_wire_1_a_bare_address_reads_back_with_its_prefix(clause_outcome: ClauseOutcome) -> None:
    """An IP rule that was written as a bare address MUST read back with the prefix /32."""
    clause_outcome.must_pass()


@pytest.mark.clause("WIRE-2")
def test_wire_2_the_order_of_rules_is_kept(clause_outcome: ClauseOutcome) -> None:
    """IP rules and virtual network rules MUST read back in the order in which they were written."""
    clause_outcome.must_pass()


@pytest.mark.clause("WIRE-3")
def test_wire_3_a_subnet_id_reads_back_in_lower_case(clause_outcome: ClauseOutcome) -> None:
    """The id of a subnet MUST read back in lower case throughout, names included."""
    clause_outcome.must_pass()


@pytest.mark.clause("WIRE-4")
def test_wire_4_an_absent_list_reads_back_empty(clause_outcome: ClauseOutcome) -> None:
    """A list of rules that was not written MUST read back as an empty list where there is a networkAcls object."""
    clause_outcome.must_pass()


@pytest.mark.clause("WIRE-5")
def test_wire_5_the_all_default_object_is_not_stored(clause_outcome: ClauseOutcome) -> None:
    """A networkAcls object of AzureServices and Allow without rules MUST NOT be stored."""
    clause_outcome.must_pass()


@pytest.mark.clause("WIRE-6")
def test_wire_6_a_put_replaces_the_object(clause_outcome: ClauseOutcome) -> None:
    """A PUT MUST replace the networkAcls object: the form read back MUST NOT depend on what an earlier PUT wrote."""
    clause_outcome.must_pass()
