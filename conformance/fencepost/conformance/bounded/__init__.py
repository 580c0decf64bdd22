"""Runs that are bounded by what they may cost: so many configurations, or so much time."""
