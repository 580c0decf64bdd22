"""From a mismatch to the smallest case that shows it, the clause that it breaks, and the counterexample."""
