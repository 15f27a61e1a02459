"""What a key may look like, the same in every store."""


def check_key(key: str) -> str:
    """The key itself, when it is a relative path such as ``features/v1/1f/1f3a.st``.

    Raises:
        ValueError: for a key that would leave the store, or be hidden in it.
    """
    if not key or "\\" in key or "\0" in key:
        raise ValueError(f"not a key: {key!r}")
    for part in key.split("/"):
        if not part or part.startswith("."):
            raise ValueError(f"not a key: {key!r}; each part needs a name, not '{part}'")
    return key
