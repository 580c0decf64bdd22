"""The clauses inside a pytest session."""
