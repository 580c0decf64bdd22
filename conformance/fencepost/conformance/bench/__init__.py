"""What an exploration may use: ask, write, read; effort is metered and harness faults are absorbed."""
