"""The subject beside the reference: the same calls to both, each pair of answers compared."""
