"""Stores and servers for the tests of storage."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from boto3.session import Session
from moto import mock_aws
from moto.server import ThreadedMotoServer

from ser_platform.storage import ObjectStore, open_store
from ser_platform.storage.cached import CachedStore
from tests.fault_proxy import FaultProxy, fault_proxy
from tests.servers import S3Server


@pytest.fixture(autouse=True)
def _no_aws_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("PROFILE", "ENDPOINT_URL", "ENDPOINT_URL_S3", "SESSION_TOKEN", "CA_BUNDLE"):
        monkeypatch.delenv(f"AWS_{name}", raising=False)
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "REGION", "DEFAULT_REGION"):
        monkeypatch.delenv(f"AWS_{name}", raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "aws-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "aws-credentials"))


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials that moto accepts."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIATESTTEST")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """botocore's pauses between its five attempts, taken out."""
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda seconds: None))


@pytest.fixture
def s3_settings(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> S3Server:
    """The server, with the environment that leads to it."""
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)
    return s3


@pytest.fixture(scope="session")
def _moto_endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def proxy(
    _moto_endpoint: str, keys: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[FaultProxy]:
    """A faulty way to a moto server that has the bucket ``bucket``."""
    with fault_proxy(_moto_endpoint) as faulty:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", faulty.endpoint)
        Session().client("s3").create_bucket(Bucket="bucket")
        faulty.requests.clear()
        yield faulty


@pytest.fixture(
    params=["folder", "copies", "s3-moto", pytest.param("s3-server", marks=pytest.mark.slow)]
)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ObjectStore]:
    """Every kind of store, empty."""
    if request.param == "folder":
        yield open_store(str(tmp_path / "store"))
    elif request.param == "copies":
        yield CachedStore(open_store(str(tmp_path / "store")), tmp_path / "cache", 1_000_000)
    elif request.param == "s3-server":
        server = request.getfixturevalue("s3_settings")
        yield open_store(f"s3://{server.bucket}/{tmp_path.name}")
    else:
        request.getfixturevalue("keys")
        with mock_aws():
            Session().client("s3").create_bucket(Bucket="bucket")
            yield open_store("s3://bucket/a/prefix")
