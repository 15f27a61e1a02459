"""What an unquoted word of YAML stands for: the core schema of YAML 1.2.

Two departures, both towards less surprise: a leading zero makes text (core YAML reads ``017``
as 17, YAML 1.1 as 15), and numbers that are not finite or
longer than 20 characters
are refused.
"""

import math
import re
from typing import Any

from ser_platform.config.problems import shortened, shown

CORE = "tag:yaml.org,2002:"
_NULLS = {"", "~", "null", "Null", "NULL"}
_BOOLS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT = re.compile(r"[-+]?(0|[1-9][0-9]*)|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_LONGEST_INT = 20


class BadScalarError(Exception):
    """A scalar that stands for no value of ours; the message says why."""


def scalar(text: str, tag: str | None, *, plain: bool) -> Any:
    """The value of a scalar.

    Args:
        text: its characters.
        tag: its explicit tag.
        plain: written without quotes.

    Raises:
        BadScalarError: for a tag that does not fit, a number out of range, a broken character.
    """
    if not text.isascii():
        _check_characters(text)
    if tag in ("!", f"{CORE}str") or (tag is None and not plain):
        return text
    value = _plain(text)
    match tag, value:
        case (None, _):
            return value
        case ("tag:yaml.org,2002:null", None) | ("tag:yaml.org,2002:bool", bool()):
            return value
        case ("tag:yaml.org,2002:int", int()) if not isinstance(value, bool):
            return value
        case ("tag:yaml.org,2002:float", int() | float()) if not isinstance(value, bool):
            return float(value)
        case _:
            raise BadScalarError(misfit(tag))


def misfit(tag: str) -> str:
    """The words for a tag that is not of the core schema, or not of this kind of value."""
    return f"the tag {shortened(tag.replace(CORE, '!!'))} does not fit here; leave it out"


def _check_characters(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as e:
        raise BadScalarError(f"{shown(text[e.start])} is half a character") from e


def _plain(text: str) -> Any:
    if text in _NULLS:
        return None
    if text in _BOOLS:
        return _BOOLS[text]
    if _INT.fullmatch(text):
        if len(text) > _LONGEST_INT:
            raise BadScalarError(f"{shortened(text)} is too large a number")
        return int(text, 0)
    if _FLOAT.fullmatch(text) or _NOT_FINITE.fullmatch(text):
        value = float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
        if not math.isfinite(value):
            raise BadScalarError(f"{shortened(text)} is not a finite number")
        return value
    return text
