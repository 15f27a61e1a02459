"""Where an experiment file may point to: files here, a store in a bucket, a database."""

from pathlib import PurePath
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator

from ser_platform.config.problems import shown

_DATABASES = ("sqlite", "postgresql")


def store_fault(url: str) -> str | None:
    """Why a URL names no store; what is not understood is never opened."""
    parts = urlsplit(url)
    match parts.scheme:
        case "":
            return None if url else "empty; give a folder or s3://bucket/prefix"
        case "file":
            if parts.netloc not in ("", "localhost") or not parts.path:
                return f"'{url}' names no folder here; write file:///a/folder"
            return None
        case "s3":
            return _bucket_fault(parts.netloc, parts.path)
        case other:
            return f"no store for '{other}://'; known: a folder, file://, s3://bucket/prefix"


def _bucket_fault(bucket: str, prefix: str) -> str | None:
    if not bucket:
        return "s3:// without a bucket; write s3://bucket/prefix"
    if "@" in bucket:
        # The URL is not repeated: what stands before the @ is a secret.
        return (
            "credentials do not belong in the URL; write s3://bucket/prefix and set "
            "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile"
        )
    if {".", ".."} & set(prefix.split("/")):
        # Some servers keep objects as files, and would leave the bucket.
        return "'.' and '..' mean nothing in a bucket; write s3://bucket/prefix"
    return None


def _store_url(url: str) -> str:
    if fault := store_fault(url):
        raise ValueError(fault)
    return url


def _database_url(url: str) -> str:
    # The URL is not repeated: it may hold a password.
    kind = url.partition("://")[0].partition("+")[0] if "://" in url else ""
    if kind not in _DATABASES:
        found = f"no database for '{kind}://'" if kind.isalnum() else "found no database URL"
        raise ValueError(
            f"{found}; give one such as sqlite:///.ser/optuna.db or postgresql://user@host/db"
        )
    return url


def _local(path: str) -> str:
    if "://" in path:
        raise ValueError(f"found {shown(path)}, expected a path on this machine, no URL")
    return path


def _below_root(path: str) -> str:
    if ".." in PurePath(_local(path)).parts:
        raise ValueError(
            f"found {shown(path)}, which leaves corpus.root; give a path below it, or a full one"
        )
    return path


DatabaseUrl = Annotated[str, AfterValidator(_database_url)]
StoreUrl = Annotated[str, AfterValidator(_store_url)]
LocalPath = Annotated[str, AfterValidator(_local)]
BelowRoot = Annotated[str, AfterValidator(_below_root)]
"""Of a file of a corpus: relative to its root, or a full path; empty where it may be."""
