"""Whether stored objects are what their digests, or their forms, say; what is not to be there."""

import io
import json
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from boto3.session import Session
from pydantic import ValidationError

from ser_platform.errors import CorruptObjectError
from ser_platform.features.shard import unpack
from ser_platform.results import FoldResult
from ser_platform.storage.base import ObjectStore
from ser_platform.storage.sealed import unsealed_json, unsealed_zip
from ser_platform.upkeep.verify import verify_all
from tests.servers import S3Server

_QUARANTINE = "quarantine"
"""Damaged objects that were put aside, for people to look at: damaged they may be."""


def damaged(store: ObjectStore, keys: Sequence[str]) -> Iterator[str]:
    """What is wrong with objects, a line each; features by the platform's own ``verify``."""
    for found in verify_all(store, repair=False).damaged:
        yield f"{found.key}: {found.found}"
    for key in keys:
        parts = PurePosixPath(key).parts
        if parts[0] != "features" and _QUARANTINE not in parts:
            try:
                _read(key, store.read(key))
            except (CorruptObjectError, ValidationError, ValueError, zipfile.BadZipFile) as error:
                yield f"{key}: {type(error).__name__}: {str(error).splitlines()[0]}"


def _read(key: str, data: bytes) -> None:
    """Read an object whole by what its name says it is."""
    match PurePosixPath(key).suffix, PurePosixPath(key).parts[0]:
        case ".st", _:
            unpack(data)
        case ".json", "runs":
            FoldResult.model_validate_json(unsealed_json(key, data))
        case ".json", _:
            json.loads(data)
        case ".zip", _:
            with zipfile.ZipFile(io.BytesIO(unsealed_zip(data))) as archive:
                if broken := archive.testzip():
                    raise ValueError(f"{broken} in it is damaged")
        case suffix, _:
            raise ValueError(f"nobody knows how to verify an object that ends with '{suffix}'")


def unfinished_uploads(server: S3Server) -> tuple[str, ...]:
    """Multipart uploads that were begun and neither completed nor aborted."""
    client = Session().client(
        "s3",
        endpoint_url=server.endpoint,
        aws_access_key_id=server.access_key,
        aws_secret_access_key=server.secret_key,
        region_name="us-east-1",
    )
    listed = client.list_multipart_uploads(Bucket=server.bucket)
    return tuple(f"upload:{each['Key']}" for each in listed.get("Uploads", ()))


def files_with(secrets: Sequence[str], folder: Path) -> Iterator[str]:
    """Files of a folder in which one of the secrets stands."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and _holds(path.read_bytes(), secrets):
            yield str(path)


def objects_with(secrets: Sequence[str], store: ObjectStore) -> Iterator[str]:
    """Objects in which one of the secrets stands."""
    for entry in store.entries():
        if _holds(store.read(entry.key), secrets):
            yield f"{store.url}/{entry.key}"


def _holds(content: bytes, secrets: Sequence[str]) -> bool:
    return any(secret.encode() in content for secret in secrets)
