"""What the firewall does not touch (CTL)."""

import pytest
from fencepost.conformance.pytest.clause_outcome import ClauseOutcome


@pytest.mark.clause("CTL-1")
def test_ctl_1_control_operations_are_not_affected(clause_outcome: ClauseOutcome) -> None:
    """The firewall MUST NOT affect control-plane operations, whatever address or subnet they come from."""
    clause_outcome.must_pass()


@pytest.mark.clause("CTL-2")
def test_ctl_2_there_is_no_lock_out(clause_outcome: ClauseOutcome) -> None:
    """A caller that the firewall blocks MUST NOT be locked out of the control plane."""
    clause_outcome.must_pass()


@pytest.mark.clause("CTL-3")
def test_ctl_3_the_exemption_does_not_reach_look_alike_operations(clause_outcome: ClauseOutcome) -> None:
    """The firewall MUST apply to operations on keys, secrets and certificates."""
    clause_outcome.must_pass()


@pytest.mark.clause("CTL-4")
def test_ctl_4_a_control_operation_still_needs_token_and_permission(clause_outcome: ClauseOutcome) -> None:
    """A control-plane operation MUST be denied without a valid token and without the permission."""
    clause_outcome.must_pass()


@pytest.mark.clause("CTL-5")
def test_ctl_5_a_blocked_caller_may_list_vaults_and_not_their_contents(clause_outcome: ClauseOutcome) -> None:
    """A caller that the firewall blocks MUST be able to list vaults."""
    clause_outcome.must_pass()
