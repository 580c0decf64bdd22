"""What the specification leaves open: a declared choice is held to, an undeclared one is found and skipped."""

import pytest
from fencepost.conformance.pytest.clause_outcome import ChoiceOutcome
from fencepost.reference.open_points import ANSWERS


@pytest.mark.parametrize("choice_outcome", ANSWERS, indirect=True)
def test_a_declared_choice_is_held_to(choice_outcome: ChoiceOutcome) -> None:
    """What the statement declares for an open point is what the implementation does."""
    choice_outcome.must_hold()
