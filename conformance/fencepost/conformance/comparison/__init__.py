"""Comparisons of runs and of subjects: what changed, which subject promises what, and where two subjects differ."""
