"""The classes we predict: the four of both papers."""

EMOTIONS = ("ang", "hap", "neu", "sad")
"""Class order of every logit, probability row and confusion matrix."""
