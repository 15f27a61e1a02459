"""Objects in a bucket of Amazon S3, or of any server that speaks S3."""

import contextlib
import random
import time
from collections.abc import Callable, Iterator
from operator import attrgetter, methodcaller
from typing import Any, TypeVar

from boto3.session import Session
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    IncompleteReadError,
    ReadTimeoutError,
    ResponseStreamingError,
)

from ser_platform.errors import ObjectNotFoundError, StoreError
from ser_platform.storage import met
from ser_platform.storage.base import Entry, Versioned
from ser_platform.storage.keys import check_key
from ser_platform.storage.s3_errors import code_of, explain, host_of

Result = TypeVar("Result")

_CONFIG = Config(
    signature_version="s3v4",
    connect_timeout=5,
    read_timeout=15,
    retries={"mode": "standard", "total_max_attempts": 5},  # waits between them have jitter
    # Every reader holds what it reads to a SHA-256 (storage/intact.py), whichever server sent it;
    # what botocore finds damaged it would neither read again nor hand out to be looked at.
    response_checksum_validation="when_required",
)
# Servers other than Amazon's may refuse the checksum headers that botocore sends by default.
_FEW_CHECKSUMS = Config(request_checksum_calculation="when_required")
# botocore repeats a request, but not a body that broke off while it was read.
_BODY_BROKE_OFF = (
    ConnectionClosedError,
    IncompleteReadError,
    ReadTimeoutError,
    ResponseStreamingError,
)
_BODY_WAITS_S = (0.2, 1.0)
"""Before a body is asked for again; half as long to half as much again."""
_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"}
_MISSING = {"NoSuchKey", "404"}
_TAKEN = {"PreconditionFailed", "ConditionalRequestConflict", "412", "409"}


class S3Store:
    """An :class:`ObjectStore` in a bucket, under a prefix.

    Credentials, region and endpoint are found as by every AWS tool (``AWS_ACCESS_KEY_ID``,
    ``AWS_PROFILE``, instance roles, ``AWS_ENDPOINT_URL_S3`` ...). The client is made per
    process on first use: clients do not survive pickling, and stores travel to Ray workers.
    """

    def __init__(self, bucket: str, prefix: str = "") -> None:
        self.url = f"s3://{bucket}/{prefix}" if prefix else f"s3://{bucket}"
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        self._client: Any = None

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_client": None}

    def read(self, key: str) -> bytes:
        return self.read_version(key).data

    def read_version(self, key: str) -> Versioned:
        target = self._target(key)

        def get(s3: Any) -> Versioned | None:
            try:
                return _read_whole(s3, target)
            except ClientError as error:
                if code_of(error) not in _MISSING:
                    raise
                return None

        found = self._ask("GetObject", key, get)
        if found is None:
            raise ObjectNotFoundError(key, self.url)
        return found

    def write(self, key: str, data: bytes) -> None:
        put = methodcaller("put_object", **self._target(key), Body=data)
        self._ask("PutObject", key, put)

    def create(self, key: str, data: bytes) -> bool:
        return self._put_if(key, data, _TAKEN, IfNoneMatch="*")

    def replace(self, key: str, data: bytes, version: str) -> bool:
        return self._put_if(key, data, _TAKEN | _MISSING, IfMatch=version)

    def exists(self, key: str) -> bool:
        # Not by HEAD: its failures come without a reason, so wrong credentials or a missing
        # bucket could not be told from a missing object. The key itself is listed first.
        first = next(self._listed(check_key(key)), None)
        return first is not None and first.key == key

    def delete(self, key: str) -> None:
        self._ask("DeleteObject", key, methodcaller("delete_object", **self._target(key)))

    def keys(self, prefix: str = "") -> Iterator[str]:
        return (entry.key for entry in self.entries(prefix))

    def entries(self, prefix: str = "") -> Iterator[Entry]:
        # Not every server lists in the order of the keys.
        return iter(sorted(self._listed(prefix), key=attrgetter("key")))

    def clear_unfinished(self, older_than_s: float, *, delete: bool) -> list[Entry]:
        return []  # one request writes an object, or none

    def _put_if(self, key: str, data: bytes, refusals: set[str], **condition: str) -> bool:
        target = self._target(key)

        def put(s3: Any) -> bool:
            try:
                s3.put_object(**target, Body=data, **condition)
            except ClientError as error:
                if code_of(error) not in refusals:
                    raise
                return False
            return True

        return self._ask("PutObject", key, put)

    def _listed(self, prefix: str) -> Iterator[Entry]:
        query = {"Bucket": self._bucket, "Prefix": self._prefix + prefix}
        while True:
            page = self._ask("ListBucket", prefix, methodcaller("list_objects_v2", **query))
            for entry in page.get("Contents", ()):
                key = entry["Key"].removeprefix(self._prefix)
                yield Entry(key, entry["Size"], entry["LastModified"].timestamp())
            if not page.get("IsTruncated"):
                return
            query["ContinuationToken"] = page["NextContinuationToken"]

    def _target(self, key: str) -> dict[str, str]:
        return {"Bucket": self._bucket, "Key": self._prefix + check_key(key)}

    def _ask(self, action: str, key: str, request: Callable[[Any], Result]) -> Result:
        """The answer to a request, or its failure in words; expired credentials are renewed."""
        try:
            try:
                return request(self._connect())
            except ClientError as error:
                if code_of(error) not in _EXPIRED:
                    raise
                self._client = None
                return request(self._connect())
        except (ClientError, BotoCoreError) as error:
            endpoint = self._client.meta.endpoint_url if self._client else None
            raise explain(error, f"s3:{action}", key, self.url, endpoint) from error

    def _connect(self) -> Any:
        if self._client is None:
            try:
                # An own session: boto3's default one may not be shared between threads.
                session = Session()
                client = session.client("s3", config=_CONFIG)
                if not _is_amazon(client.meta.endpoint_url):
                    client = session.client("s3", config=_CONFIG.merge(_FEW_CHECKSUMS))
            except ValueError as error:
                if not str(error).startswith("Invalid endpoint"):
                    raise
                raise StoreError(
                    f"{self.url}: the endpoint in AWS_ENDPOINT_URL_S3 (or in the AWS profile) is "
                    "not a URL; write one such as http://127.0.0.1:8333"
                ) from error
            client.meta.events.register("needs-retry.s3", _count_repeated)
            self._client = client
        return self._client


def _read_whole(s3: Any, target: dict[str, str]) -> Versioned:
    for wait_s in _BODY_WAITS_S:
        with contextlib.suppress(*_BODY_BROKE_OFF):
            return _read_once(s3, target)
        met.count("broken off")
        time.sleep(wait_s * random.uniform(0.5, 1.5))  # nosec B311  # no secret
    return _read_once(s3, target)


def _read_once(s3: Any, target: dict[str, str]) -> Versioned:
    answer = s3.get_object(**target)
    return Versioned(answer["Body"].read(), answer["ETag"])


def _count_repeated(attempts: int, **_: object) -> None:
    """Called by botocore after each attempt at a request."""
    if attempts > 1:
        met.count("repeated")


def _is_amazon(endpoint: str) -> bool:
    return host_of(endpoint).endswith((".amazonaws.com", ".amazonaws.com.cn"))
