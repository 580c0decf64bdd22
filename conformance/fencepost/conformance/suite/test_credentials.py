"""What passing the firewall does not replace (CRED)."""

import pytest
from fencepost.conformance.pytest.clause_outcome import ClauseOutcome


@pytest.mark.clause("CRED-1")
def test_cred_1_passing_the_firewall_does_not_replace_a_token(clause_outcome: ClauseOutcome) -> None:
    """A caller that passes the firewall MUST still be denied without a valid token."""
    clause_outcome.must_pass()


@pytest.mark.clause("CRED-2")
def test_cred_2_passing_the_firewall_does_not_replace_the_permission(clause_outcome: ClauseOutcome) -> None:
    """A caller that passes the firewall MUST still be denied without the permission for the operation."""
    clause_outcome.must_pass()


@pytest.mark.clause("CRED-3")
def test_cred_3_trusted_services_are_no_exception(clause_outcome: ClauseOutcome) -> None:
    """A trusted Microsoft service MUST be denied without a valid token."""
    clause_outcome.must_pass()


@pytest.mark.clause("CRED-4")
def test_cred_4_a_denial_says_why(clause_outcome: ClauseOutcome) -> None:
    """A data-plane denial MUST say which gate refused."""
    clause_outcome.must_pass()
