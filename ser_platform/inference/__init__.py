"""A trained model as a folder of its own, and what it answers about a recording."""
