"""One run from the statement to the report: resumable, and with its positive control."""
