"""No secret shows in what is logged, said or recorded; what holds none stays as it is."""

import logging
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import ser_platform
from ser_platform.redaction import is_secret_name, redacted

ROOT = Path(ser_platform.__file__).parents[1]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("key AKIAIOSFODNN7EXAMPLE is", "key *** is"),
        ("ASIAIOSFODNN7EXAMPLE/20261129/us-east-1", "***/20261129/us-east-1"),
        ("aws_session_token=IQoJb3/+w==, region=x", "aws_session_token=***, region=x"),
        ("x-amz-security-token:IQoJb3/+w==\nhost", "x-amz-security-token:***\nhost"),
        (
            "https://b.s3/k?X-Amz-Credential=m%2F2026&X-Amz-Security-Token=IQ&X-Amz-Signature=0a&z=1",
            "https://b.s3/k?X-Amz-Credential=***&X-Amz-Security-Token=***&X-Amz-Signature=***&z=1",
        ),
        (
            "{'Authorization': b'AWS4-HMAC-SHA256 Credential=me/s3, Signature=0a', 'Host': 'h'}",
            "{'Authorization': b'***', 'Host': 'h'}",
        ),
        ("Authorization: Basic c2VyOnB3\nHost: h", "Authorization: ***\nHost: h"),
        ("with Bearer abcdef0123456789", "with Bearer ***"),
        ("Signature:\n" + "0a" * 32, "Signature:\n***"),
        ("/k?AWSAccessKeyId=me&Signature=TG%3D&z=1", "/k?AWSAccessKeyId=***&Signature=***&z=1"),
        ("at postgresql://ser:p/w@db/optuna now", "at postgresql://ser:***@db/optuna now"),
        ("{'password': 'it\\'s', 'user': 'ser'}", "{'password': '***', 'user': 'ser'}"),
        ('{"clientSecret": "a b", "n": 1}', '{"clientSecret": "***", "n": 1}'),
        ('{\\"api_key\\": \\"a b\\"}', '{\\"api_key\\": \\"***\\"}'),
        ('api-key = "never closed', "api-key = *** closed"),
        ("StoreError: password=hush; again", "StoreError: password=***; again"),
    ],
)  # fmt: skip
def test_a_secret_is_not_shown(text: str, shown: str) -> None:
    assert redacted(text) == shown
    assert redacted(shown) == shown


@pytest.mark.parametrize(
    "text",
    [
        "RAY_AUTH_MODE=token RAY_AUTH_TOKEN_PATH=/home/ser/.ray/ser-token",
        "NoCredentialsError: Unable to locate credentials",
        "s3:GetObject 'k' in s3://bucket/p at 127.0.0.1:8333: no credentials were found; set "
        "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE",
        "the session token is not valid (InvalidToken); renew AWS_SESSION_TOKEN, or unset it",
        "x.yaml: valid (wise, signature 0a1b2c3d, searches 2 settings), signature: 0a1b2c3d",
        "http://127.0.0.1:5000/#/experiments/1/runs?orderByKey=metrics.`test_ua`",
        "postgresql://ser@db/optuna and http://host:80/x@y, me@example.org",
        "tokenizer=wordpiece tokenised: 3",
        "ASIA and AKIA",
    ],
)
def test_what_is_no_secret_stays_as_it_is(text: str) -> None:
    assert redacted(text) == text


MARKS = r"secret|token|passw|passphrase|credential|authorization|bearer|signature|key|AKIA|ASIA|@"


@given(text=st.text(max_size=100))
@settings(deadline=None, max_examples=50)
def test_text_without_the_marks_of_a_secret_is_unchanged(text: str) -> None:
    assume(re.search(MARKS, text, re.IGNORECASE) is None)
    assert redacted(text) == text


SECRETS = st.text(
    st.characters(codec="ascii", exclude_categories=("C", "Z"), exclude_characters=" ,;&)}]\"'\\"),
    min_size=6,
)


@given(secret=SECRETS, before=st.text(max_size=40), after=st.text(max_size=40))
@settings(deadline=None, max_examples=50)
def test_a_value_under_a_secret_name_is_gone_whatever_stands_around_it(
    secret: str, before: str, after: str
) -> None:
    assume(secret not in before + after and secret not in "password=***")
    for said in (f"password={secret}", f'"password": "{secret}"', repr({"password": secret})):
        assert secret not in redacted(f"{before} {said} {after}")


@pytest.mark.parametrize(
    "piece",
    ["token", "token='", "x.token ", "authorization ", "://a", "a:", "\\", "='", "bearer "],
)
def test_no_text_takes_long(piece: str) -> None:
    text = "token" + piece * (200_000 // len(piece))
    before = time.process_time()
    redacted(text)
    assert time.process_time() - before < 5


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("aws_secret_access_key", True),
        ("AWS_ACCESS_KEY_ID", True),
        ("sessionToken", True),
        ("password", True),
        ("api_key", True),
        ("signature", False),
        ("key", False),
        ("tokenizer", False),
        ("RAY_AUTH_TOKEN_PATH", False),
        ("label_column", False),
    ],
)
def test_names_of_secrets(name: str, secret: bool) -> None:
    assert is_secret_name(name) is secret


LOG = """
import logging, sys
from ser_platform.door import guarded, start_logging
from ser_platform.errors import StoreError
own = logging.getLogger("own")
own.propagate = False
start_logging()
own.addHandler(logging.StreamHandler(sys.stdout))  # as MLflow and Optuna have them
own.warning("token=%s and %s", "hush1", {"password": "hush2"})
try:
    raise ValueError("at postgresql://ser:hush3@db/o")
except ValueError:
    own.exception("no %s", "storage")
logging.getLogger("other").warning("%d", "no number")
guarded(lambda: (_ for _ in ()).throw(StoreError("no access: secret_key=hush4")))
own.warning("stack", stack_info=True)
raise RuntimeError("api_key='hush5'") from KeyError("password: hush6")
"""


def test_no_handler_no_message_and_no_traceback_shows_a_secret() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOG], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "hush" not in done.stdout + done.stderr
    said = done.stdout.splitlines()
    assert said[:3] == [
        "token=*** and {'password': '***'}",
        "no storage",
        "Traceback (most recent call last):",
    ]
    assert "ValueError: at postgresql://ser:***@db/o" in said
    assert "error: no access: secret_key=***\n" in done.stderr
    assert done.stderr.endswith("RuntimeError: api_key='***'\n")


def test_what_holds_no_secret_is_logged_as_it_was(caplog: pytest.LogCaptureFixture) -> None:
    from ser_platform.redaction import protect_logs

    protect_logs()
    logging.getLogger("own").warning("%s of %d", "one", 2)
    (record,) = caplog.records
    assert (record.msg, record.args) == ("%s of %d", ("one", 2))
