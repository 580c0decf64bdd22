"""Whether a run of the suite would notice faults at all."""

from fencepost.conformance.pytest.clause_outcome import SensitivityOutcome


def test_faults_laid_over_the_answers_are_noticed(sensitivity_outcome: SensitivityOutcome) -> None:
    """A few faults, laid over the implementation's own answers, are each noticed: what passes has been looked at."""
    assert sensitivity_outcome.decoys
