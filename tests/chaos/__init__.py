"""A study while everything around it breaks, and what has to be true of it in the end."""
