"""The kit's own strength: how many of the catalogue's mutants it kills, and at what price."""
