"""Whether everything that a study needs is here and works."""
