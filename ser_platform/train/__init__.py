"""Training: one setting over the folds of a corpus, each fold a DDP job under Ray Train."""
