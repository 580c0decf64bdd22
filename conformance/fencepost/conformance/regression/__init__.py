"""Kept counterexamples: stored as files, replayed against a subject, listed as known failures, exported as vectors."""
