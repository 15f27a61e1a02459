"""Answers about recordings, from a saved model, for people and programs."""
