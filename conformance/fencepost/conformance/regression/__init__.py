"""Counterexamples that are kept: stored as files, put to a subject again, listed as known, exported as vectors."""
