"""A campaign: one suite spread over many runs and machines, and merged into one verdict."""
