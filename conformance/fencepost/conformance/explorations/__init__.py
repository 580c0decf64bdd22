"""What is put to a subject: each exploration serves some clauses and yields scenarios that start with a `reset`."""
