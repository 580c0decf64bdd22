"""What a subject is asked: each exploration serves some clauses and yields scenarios that start with a `reset`."""
