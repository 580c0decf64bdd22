"""The kit's own strength: how many mutants of the catalogue it kills, and after how many calls."""
