"""What a machine keeps on its own disk so that a warm start is quick."""

from typing import Annotated, Literal

from pydantic import Field

from ser_platform.config.paths import LocalPath
from ser_platform.config.sections import NonNegativeFloat, Section


class CacheConfig(Section):
    """Copies of remote features, and digests of recordings: not a part of the signature."""

    folder: Annotated[LocalPath, Field(min_length=1)] = ".ser/cache"
    """On a disk of the machine itself; made when it is needed, safe to delete."""
    max_gb: NonNegativeFloat = 20.0
    """Copies of feature shards of an ``s3://`` store, the least recently used given up first.

    In 10^9 bytes; 0 keeps none. A store in a folder is read where it lies."""
    hash_recordings: Literal["changed", "all"] = "changed"
    """Which recordings are read again at each start to tell whether their features are stored.

    ``changed``: those whose size, times or inode differ from when they were last hashed, as git
    does. ``all``: every one; for file systems that keep no times of their own."""
