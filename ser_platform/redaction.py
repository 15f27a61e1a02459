"""What a secret looks like, and how it is kept out of logs, messages and records.

Told by its form, wherever it comes from: keys of AWS, values under a name such as ``password``,
what authorizes a request, passwords in URLs. A password in the middle of a sentence has no form.
"""

import logging
import re
import sys
import traceback
from types import TracebackType
from typing import Any

HIDDEN = "***"

_NAME = re.compile(
    r"secret|token(?!i[sz])|passw(?:or)?d|passphrase|credential|authorization|x-amz-signature"
    r"|(?:api|access|private)[-_]?key",
    re.IGNORECASE,
)
_ABOUT_ONE = re.compile(r"(?:error|exception|path|file|mode)\Z", re.IGNORECASE)
"""``RAY_AUTH_TOKEN_PATH`` is no secret, and ``NoCredentialsError`` is a class."""

_KEY_ID = re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{12,124}\b")
# All counts are bounded, and nothing can match in two ways: the time is linear in the text.
# All that follows it on the line: the scheme, a key's id, a signature or a token.
_AUTHORIZATION = re.compile(
    r"(authorization(?:\\{0,4}[\"'])?\s{0,4}[:=]\s{0,4}(?:b?\\{0,4}[\"'])?)[^\"'\\\r\n]+",
    re.IGNORECASE,
)
_BEARER = re.compile(r"\b(bearer\s{1,4})[\w.~+/=-]{8,}", re.IGNORECASE)
_SIGNATURE = re.compile(
    r"(\bsignature:\s{0,4})[0-9a-f]{64}\b|([?&]signature=)[^\s&\"']+", re.IGNORECASE
)
_NAMED = re.compile(
    rf"(?<![\w.-])(?=[\w.-]{{0,64}}?(?:{_NAME.pattern}))"
    r"(?P<name>[\w.-]{1,128})(?P<is>(?:\\{0,4}[\"'])?\s{0,4}[=:]\s{0,4})"
    r"(?:(?P<open>b?(?P<quote>\\{0,4}[\"']))"
    r"(?:(?!(?P=quote))(?:\\.|[^\\\r\n]))*(?P=quote)|[^\s,;&)}\]]+)",
    re.IGNORECASE,
)
# A port is no password, though an @ may follow it.
_IN_URL = re.compile(r"(://[^\s:/@]{0,128}):(?!\d+/)[^\s@]{0,256}@")
_LAST_IN_URL = re.compile(r"^([^:/]*://[^:/]*|[^:/]*(?!://)):.*@")
"""Up to the last ``@``: one that nobody has encoded is no reason to show the rest."""
_IN_QUERY = re.compile(r"([?&](?:ssl)?password=)[^&]*")


def is_secret_name(name: str) -> bool:
    """Whether what is called so would be a secret: ``aws_secret_access_key``."""
    return _NAME.search(name) is not None and _ABOUT_ONE.search(name) is None


def redacted(text: str) -> str:
    """Any text with ``***`` for the secrets in it; unchanged when there are none."""
    text = _AUTHORIZATION.sub(rf"\1{HIDDEN}", text)
    text = _NAMED.sub(_without_value, text)
    text = _IN_URL.sub(rf"\1:{HIDDEN}@", text)
    text = _BEARER.sub(rf"\1{HIDDEN}", text)
    text = _SIGNATURE.sub(rf"\1\2{HIDDEN}", text)
    return _KEY_ID.sub(HIDDEN, text)


def without_password(text: str) -> str:
    """A URL, or an argument that ends with one, with ``***`` for its password.

    ``study.storage=postgresql://ser:***@host/optuna``
    """
    return _IN_QUERY.sub(rf"\1{HIDDEN}", _LAST_IN_URL.sub(rf"\1:{HIDDEN}@", text))


def protect_logs() -> None:
    """From now on no record that is logged in this process shows a secret.

    Records are cleaned where they are made, so this holds for the handlers of all libraries
    and for those that come later. A traceback that ends the process is cleaned too.
    """
    for name in ("botocore", "urllib3"):  # below WARNING they log headers and signatures
        logging.getLogger(name).setLevel(logging.WARNING)
    make = logging.getLogRecordFactory()
    if isinstance(make, _CleanRecords):
        return
    logging.setLogRecordFactory(_CleanRecords(make))
    sys.excepthook = _show


class _CleanRecords:
    """Makes log records as another factory does, without the secrets in them."""

    def __init__(self, make: Any) -> None:
        self._make = make

    def __call__(self, *args: Any, **kwargs: Any) -> logging.LogRecord:
        record: logging.LogRecord = self._make(*args, **kwargs)
        try:
            said = record.getMessage()
        except (TypeError, ValueError, KeyError):  # arguments that do not fit, told by logging
            record.args = (redacted(repr(record.args)),)
            said = ""
        if (clean := redacted(said)) != said:
            record.msg, record.args = clean, None
        if isinstance(record.exc_info, tuple) and record.exc_info[1] is not None:
            trace = "".join(traceback.format_exception(record.exc_info[1])).rstrip("\n")
            if (clean := redacted(trace)) != trace:
                record.exc_info, record.exc_text = None, clean
        if record.stack_info:
            record.stack_info = redacted(record.stack_info)
        return record


def _show(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    sys.stderr.write(redacted("".join(traceback.format_exception(kind, error, trace))))


def _without_value(found: re.Match[str]) -> str:
    if not is_secret_name(found["name"]):
        return found[0]
    return f"{found['name']}{found['is']}{found['open'] or ''}{HIDDEN}{found['quote'] or ''}"
