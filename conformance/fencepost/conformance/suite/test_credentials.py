"""What passing the firewall does not replace (CRED)."""

import pytest
from fencepost.conformance.pytest.clause_outcome import ClauseOutcome


@pytest.mark.clause("CRED-1")
def test_cred_1_passing_the_firewall_does_not_replace_a_token(clause_outcome: ClauseOutcome) -> None:
    """Passing the firewall, by default action, address, subnet or bypass, does not replace a valid token."""
    clause_outcome.must_pass()


@pytest.mark.clause("CRED-2")
def test_cred_2_passing_the_firewall_does_not_replace_the_permission(clause_outcome: ClauseOutcome) -> None:
    """Passing the firewall does not replace the permission for the operation."""
    clause_outcome.must_pass()


@pytest.mark.clause("CRED-3")
def test_cred_3_trusted_services_are_no_exception(clause_outcome: ClauseOutcome) -> None:
    """Trusted services are no exception: they, too, need a valid token and the permission."""
    clause_outcome.must_pass()


@pytest.mark.clause("CRED-4")
def test_cred_4_a_denial_says_why(clause_outcome: ClauseOutcome) -> None:
    """On the data plane: 401 without a token; 403 ForbiddenByFirewall when the network refuses, whatever the permission."""
    clause_outcome.must_pass()
