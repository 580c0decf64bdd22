"""Seeded generators of networks, rule sets and requests; the public strategies wrap them."""
