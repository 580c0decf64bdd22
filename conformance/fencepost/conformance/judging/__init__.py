"""Which clauses an answer counts for, and which verdict the counts come to."""
