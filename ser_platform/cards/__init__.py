"""What a person should know of a model before using it, as Markdown."""
