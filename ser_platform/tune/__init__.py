"""Studies: which settings to try, in what order, and which to score on test."""
