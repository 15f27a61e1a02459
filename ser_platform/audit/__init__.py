"""What leaks across the folds of an experiment, and what scores without listening."""
