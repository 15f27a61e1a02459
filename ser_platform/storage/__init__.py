"""Object storage behind one small interface: a folder, or ``s3://bucket/prefix``."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from ser_platform.config.cache import CacheConfig
from ser_platform.config.paths import store_fault
from ser_platform.errors import ConfigError
from ser_platform.storage.base import ObjectStore

__all__ = ["ObjectStore", "open_store"]


def open_store(url: str, cache: CacheConfig | None = None) -> ObjectStore:
    """The store of a folder (plain path or ``file:///...``) or of ``s3://bucket/prefix``.

    Nothing is read or written yet. A relative path is taken from the current folder now, so
    the store means the same in a process that was started elsewhere.

    Args:
        url: of the store.
        cache: where this machine keeps copies of what lies in a bucket; None: nowhere.

    Raises:
        ConfigError: for a URL that names no store.
    """
    if fault := store_fault(url):
        raise ConfigError(f"store: {fault}")
    parts = urlsplit(url)
    if parts.scheme == "s3":
        bucket = _open_bucket(parts.netloc, parts.path.strip("/"))
        return bucket if cache is None else _with_copies(bucket, cache)
    if parts.scheme == "file":
        return _open_folder(Path(unquote(parts.path)))
    return _open_folder(Path(url).expanduser())


def _open_folder(path: Path) -> ObjectStore:
    from ser_platform.storage.local import LocalStore

    return LocalStore(path.absolute())


def _open_bucket(bucket: str, prefix: str) -> ObjectStore:
    from ser_platform.storage.s3 import S3Store

    return S3Store(bucket, prefix)


def _with_copies(store: ObjectStore, cache: CacheConfig) -> ObjectStore:
    most_bytes = int(cache.max_gb * 1e9)
    if not most_bytes:
        return store
    from ser_platform.storage.cached import CachedStore

    return CachedStore(store, Path(cache.folder).expanduser().absolute(), most_bytes)
