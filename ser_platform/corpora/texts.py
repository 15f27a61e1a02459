"""When two utterances say the same."""

from ser_platform.corpora.words import clean_words
from ser_platform.utterance import Utterance

FEWEST_WORDS = 4
"""A shorter text ("yeah", "I don't know") recurs by chance and belongs to no scenario."""


def long_text(utterance: Utterance) -> str:
    """What is said, lower case and without punctuation; empty when it has fewer than 4 words."""
    words = clean_words(utterance.transcript)
    return " ".join(words) if len(words) >= FEWEST_WORDS else ""
