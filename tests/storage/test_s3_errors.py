"""What a user reads when S3 refuses or cannot be reached."""

import re
from collections.abc import Callable

import pytest
from moto import mock_aws

from ser_platform.errors import StoreError
from ser_platform.storage import ObjectStore, open_store
from tests.fault_proxy import FaultProxy
from tests.servers import S3Server, free_port

USES: list[Callable[[ObjectStore], object]] = [
    lambda store: store.read("k"),
    lambda store: store.write("k", b""),
    lambda store: store.create("k", b""),
    lambda store: store.exists("k"),
    lambda store: store.delete("k"),
    lambda store: list(store.keys()),
]


def failure_of(use: Callable[[], object]) -> str:
    with pytest.raises(StoreError) as failure:
        use()
    return str(failure.value)


@pytest.mark.usefixtures("keys", "no_waiting")
def test_a_dead_port(monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://user:hush@127.0.0.1:{port}")
    assert failure_of(lambda: open_store("s3://bucket/p").read("a/k")) == (
        f"s3:GetObject 'a/k' in s3://bucket/p at 127.0.0.1:{port}: no connection; "
        "check that the server runs, AWS_ENDPOINT_URL_S3, and the net"
    )


@pytest.mark.usefixtures("keys")
def test_an_endpoint_that_is_no_url(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "127.0.0.1:8333")
    assert failure_of(lambda: open_store("s3://bucket").read("k")) == (
        "s3://bucket: the endpoint in AWS_ENDPOINT_URL_S3 (or in the AWS profile) is not a URL; "
        "write one such as http://127.0.0.1:8333"
    )


def test_no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    assert failure_of(lambda: open_store("s3://bucket").read("k")) == (
        "s3:GetObject 'k' in s3://bucket at 127.0.0.1:9: no credentials were found; "
        "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
    )


@pytest.mark.usefixtures("keys")
def test_an_unknown_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "absent")
    assert failure_of(lambda: open_store("s3://bucket").read("k")) == (
        "s3:GetObject 'k' in s3://bucket: that AWS profile does not exist; "
        "check AWS_PROFILE and ~/.aws/config"
    )


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize("use", USES)
def test_a_missing_bucket_is_told_by_every_use(use: Callable[[ObjectStore], object]) -> None:
    with mock_aws():
        message = failure_of(lambda: use(open_store("s3://absent/p")))
    assert re.fullmatch(
        r"s3:\w+ 'k?' in s3://absent/p at s3\.amazonaws\.com: there is no such bucket "
        r"\(NoSuchBucket\); create it, or correct the store's URL",
        message,
    )


@pytest.mark.usefixtures("keys")
def test_a_name_that_no_bucket_can_have() -> None:
    with mock_aws():
        message = failure_of(lambda: open_store("s3://a bucket").read("k"))
    assert message.endswith("that is no name for a bucket; correct the store's URL")


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (
            "denied",
            "s3:PutObject 'a/k' in s3://bucket/p at {host}: access denied (AccessDenied); the "
            "credentials were accepted, but may not do this: allow s3:PutObject on "
            "arn:aws:s3:::bucket/p/a/*",
        ),
        (
            "expired",
            "s3:PutObject 'a/k' in s3://bucket/p at {host}: the credentials have expired "
            "(ExpiredToken); log in again, or renew AWS_SESSION_TOKEN",
        ),
        (
            "skew",
            "s3:PutObject 'a/k' in s3://bucket/p at {host}: the clock of this machine and the "
            "server's differ by too much (RequestTimeTooSkewed); set this machine's clock",
        ),
        (
            "internal",
            "s3:PutObject 'a/k' in s3://bucket/p at {host}: the server kept failing "
            "(InternalError, HTTP 500); what is stored already is safe: run the same command "
            "again later",
        ),
        (
            "reset",
            "s3:PutObject 'a/k' in s3://bucket/p at {host}: the connection kept breaking off "
            "(ConnectionClosedError); what is stored already is safe: run the same command "
            "again later",
        ),
    ],
)
@pytest.mark.usefixtures("no_waiting")
def test_refusals(proxy: FaultProxy, fault: str, message: str) -> None:
    proxy.always = fault
    host = proxy.endpoint.removeprefix("http://")
    store = open_store("s3://bucket/p")
    assert failure_of(lambda: store.write("a/k", b"")) == message.format(host=host)
    # What waiting cannot mend is tried once (expired credentials: once more, renewed).
    attempts = {"denied": 1, "skew": 1, "expired": 2, "internal": 5, "reset": 5}
    assert len(proxy.requests) == attempts[fault]


@pytest.mark.usefixtures("keys")
def test_listing_needs_a_right_on_the_bucket_itself(proxy: FaultProxy) -> None:
    proxy.always = "denied"
    message = failure_of(lambda: open_store("s3://bucket/p").exists("k"))
    assert message.endswith("allow s3:ListBucket on arn:aws:s3:::bucket")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("access_key", "secret_key", "found"),
    [
        (
            "AKIANOBODY",
            "hush",
            "the access key is unknown there (InvalidAccessKeyId); check AWS_ACCESS_KEY_ID or "
            "AWS_PROFILE, and that they belong to this server",
        ),
        (
            None,
            "hush",
            "the secret key does not belong to the access key (SignatureDoesNotMatch); check "
            "AWS_SECRET_ACCESS_KEY or AWS_PROFILE",
        ),
    ],
)
@pytest.mark.parametrize("use", USES)
def test_wrong_credentials_at_a_real_server(
    s3_settings: S3Server,
    monkeypatch: pytest.MonkeyPatch,
    use: Callable[[ObjectStore], object],
    access_key: str | None,
    secret_key: str,
    found: str,
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", access_key or s3_settings.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret_key)
    message = failure_of(lambda: use(open_store(f"s3://{s3_settings.bucket}")))
    host = s3_settings.endpoint.removeprefix("http://")
    assert message.endswith(f"in s3://ser-platform at {host}: {found}")
    assert "hush" not in message


@pytest.mark.slow
def test_a_reader_may_not_write_at_a_real_server(
    s3_settings: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(f"s3://{s3_settings.bucket}/rights")
    store.write("k", b"v")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3_settings.reader_access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3_settings.reader_secret_key)
    store = open_store(f"s3://{s3_settings.bucket}/rights")
    assert store.read("k") == b"v"
    message = failure_of(lambda: store.write("k", b"w"))
    assert "access denied (AccessDenied)" in message
    assert "allow s3:PutObject on arn:aws:s3:::ser-platform/rights/*" in message


@pytest.mark.slow
def test_a_missing_bucket_at_a_real_server(s3_settings: S3Server) -> None:
    host = s3_settings.endpoint.removeprefix("http://")
    assert failure_of(lambda: open_store("s3://absent/p").write("k", b"")) == (
        f"s3:PutObject 'k' in s3://absent/p at {host}: there is no such bucket (NoSuchBucket); "
        "create it, or correct the store's URL"
    )


def test_credentials_that_expired_are_looked_up_again(
    proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store("s3://bucket")
    store.write("k", b"v")
    proxy.script = ["expired"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIARENEWED")
    assert store.read("k") == b"v"
    assert "AKIARENEWED" in proxy.authorizations[-1]


def test_a_server_that_refuses_checksum_headers_is_served(proxy: FaultProxy) -> None:
    proxy.always = "no-checksum-headers"
    store = open_store("s3://bucket")
    store.write("k", b"v")
    assert store.create("other", b"v")
    assert store.read("k") == b"v"
