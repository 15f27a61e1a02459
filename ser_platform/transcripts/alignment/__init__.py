"""Forced alignment: when the words of a transcript, and their phonemes, were said."""
