"""How many tests the suite has."""

from fencepost.conformance.catalogue import catalogue
from fencepost.reference.open_points import OPEN_POINTS

SUITE_TESTS = len(catalogue().clauses) + len(OPEN_POINTS) + 1
"""One for each clause and each open point, and the control that faults are noticed."""
