"""A trained model as a folder of its own, and what it answers about a recording."""

LONGEST_S = 20.0
"""Of a stretch that is answered as one utterance; those of corpora are shorter, but for a few
(IEMOCAP's longest has 34 s)."""
SHORTEST_STRETCH_S = 1.0
"""That the longest one may be set to."""
