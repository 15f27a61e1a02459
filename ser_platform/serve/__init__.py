"""A saved model behind HTTP: recordings, and streams of sound with running estimates."""
