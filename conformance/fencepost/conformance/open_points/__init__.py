"""What the documents leave open, found by asking the subject."""
