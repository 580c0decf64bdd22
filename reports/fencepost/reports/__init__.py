"""What a run found, and how to show it."""
