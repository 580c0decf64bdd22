"""The clauses as pytest tests, one a clause: `pytest --pyargs fencepost.conformance.suite --iut SUBJECT`."""
