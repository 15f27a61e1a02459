"""botocore at DEBUG logs tokens and signatures; nothing of them gets out (S5)."""

import io
import logging
import urllib.request
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from boto3.session import Session

from ser_platform.redaction import protect_logs
from ser_platform.storage import open_store
from tests.fault_proxy import FaultProxy

KEY_ID = "ASIAIOSFODNN7EXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
TOKEN = "IQoJb3JpZ2luX2VjEJr//////////wEaCXVzLWVhc3QtMSJIMEYCIQDx+only/for+tests=="


@pytest.fixture
def heard(proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """All that is logged at DEBUG, by a handler of the root and by one of botocore's own."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY_ID)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_SESSION_TOKEN", TOKEN)
    protect_logs()
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    loggers = [logging.getLogger(name) for name in ("", "botocore", "urllib3", "boto3")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:  # as boto3.set_stream_logger does
        logger.setLevel(logging.DEBUG)
    loggers[0].addHandler(handler)
    loggers[1].addHandler(handler)
    yield text
    loggers[0].removeHandler(handler)
    loggers[1].removeHandler(handler)
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


def test_botocore_at_debug_shows_no_key_no_token_and_no_signature(
    heard: io.StringIO, proxy: FaultProxy
) -> None:
    store = open_store("s3://bucket/p")
    store.write("k", b"v")
    assert store.read("k") == b"v"
    client = Session().client("s3")
    target = {"Bucket": "bucket", "Key": "p/k"}
    url = client.generate_presigned_url("get_object", Params=target)
    assert "X-Amz-Security-Token=" in url or "x-amz-security-token=" in url
    logging.getLogger("own").info("at %s", url)
    with urllib.request.urlopen(url) as answer:
        assert answer.read() == b"v"
    said = heard.getvalue()
    assert "CanonicalRequest" in said
    assert "x-amz-security-token:***" in said
    signed = [a.rpartition("Signature=")[2] for a in proxy.authorizations if a]
    assert len(signed) > 1
    in_url = url.rpartition("Signature=")[2].partition("&")[0]
    for secret in (KEY_ID, SECRET, TOKEN, TOKEN[:20], TOKEN[-20:], in_url, *signed):
        assert secret not in said
        assert quote(secret, safe="") not in said
