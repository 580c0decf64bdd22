"""The conformance kit: strategies, clauses, suite, plugin and command."""
