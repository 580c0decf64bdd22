"""Runs beside runs and subjects beside subjects: what changed, who promises what, and where two of them differ."""
