"""Records as bytes: a ZIP archive of JSON and plain files, nothing compressed, nothing pickled.

One file for each record, however many pictures it has, so that one fsync and one rename make it
safe; any archive tool opens it. Its last 64 bytes, the archive's comment, are the SHA-256 of all
before them, checked before anything is parsed.
"""

import dataclasses
import json
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from ser_platform.errors import CorruptObjectError
from ser_platform.results import RunResult
from ser_platform.tracking.entries import ModelFiles, StudyInfo
from ser_platform.tracking.model_record import model_from_json, model_to_json
from ser_platform.tracking.records import (
    EndRecord,
    FilesRecord,
    OpeningRecord,
    Record,
    ResultRecord,
)
from ser_platform.tracking.result_file import RESULT_FILE, digest, result_bytes

KINDS: dict[type, str] = {
    OpeningRecord: "study",
    ResultRecord: "result",
    FilesRecord: "files",
    EndRecord: "end",
}
_VERSION = 1
_HEAD = "record.json"
_PICTURES = "pictures/"
_FILES = "files/"
_DIGEST_LENGTH = 64


def pack(record: Record) -> bytes:
    """The file of a record."""
    head: dict[str, Any]
    members: dict[str, bytes] = {}
    match record:
        case OpeningRecord():
            head = dataclasses.asdict(record)
        case ResultRecord():
            members[RESULT_FILE] = result_bytes(record.run)
            members |= {f"{_PICTURES}{name}": data for name, data in record.pictures.items()}
            model = None
            if record.model is not None:
                model, files = model_to_json(record.model)
                members |= files
            head = {
                "model": model,
                "registered_model": record.registered_model,
                "logged_at": record.logged_at,
            }
        case FilesRecord():
            head = {}
            members = {f"{_FILES}{name}": data for name, data in record.files.items()}
        case EndRecord():
            head = dataclasses.asdict(record)
    told = {"version": _VERSION, "kind": KINDS[type(record)], **head}
    return _archive({_HEAD: json.dumps(told, indent=1).encode(), **members})


def unpack(data: bytes, folder: Path) -> Record:
    """The record in a file; what belongs to a model is written into ``folder``.

    Raises:
        CorruptObjectError: when it is damaged, or of another version of ser_platform.
    """
    if digest(data[:-_DIGEST_LENGTH]).encode() != data[-_DIGEST_LENGTH:]:
        raise CorruptObjectError("it is not what was written: its digest is another")
    with ZipFile(BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    try:
        return _record(members, folder)
    except (ValueError, KeyError, TypeError) as e:  # pydantic's ValidationError is a ValueError
        raise CorruptObjectError(
            f"it was written by another version of ser_platform ({type(e).__name__}: {e})"
        ) from e


def _record(members: Mapping[str, bytes], folder: Path) -> Record:
    head = json.loads(members[_HEAD])
    if head.pop("version") != _VERSION:
        raise ValueError(f"version is not {_VERSION}")
    match head.pop("kind"):
        case "study":
            told = head.pop("study")
            told["architectures"] = tuple(told["architectures"])
            return OpeningRecord(**head, study=StudyInfo(**told))
        case "result":
            return ResultRecord(
                RunResult.model_validate_json(members[RESULT_FILE]),
                _model(head["model"], members, folder),
                _below(_PICTURES, members),
                head["registered_model"],
                head["logged_at"],
            )
        case "files":
            return FilesRecord(_below(_FILES, members))
        case "end":
            return EndRecord(**head)
        case other:
            raise ValueError(f"there is no kind '{other}'")


def _model(
    told: dict[str, Any] | None, members: Mapping[str, bytes], folder: Path
) -> ModelFiles | None:
    return None if told is None else model_from_json(told, members, folder)


def _below(prefix: str, members: Mapping[str, bytes]) -> dict[str, bytes]:
    return {n.removeprefix(prefix): data for n, data in members.items() if n.startswith(prefix)}


def _archive(members: Mapping[str, bytes]) -> bytes:
    file = BytesIO()
    with ZipFile(file, "w", ZIP_STORED) as archive:
        for name, data in members.items():
            archive.writestr(ZipInfo(name), data)
        archive.comment = b"0" * _DIGEST_LENGTH
    whole = file.getvalue()[:-_DIGEST_LENGTH]
    return whole + digest(whole).encode()
