"""Databases in audEERING's audformat: ``db.yaml``, tables beside it, recordings below."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import yaml

from ser_platform.config.corpus import AudformatCorpusConfig
from ser_platform.corpora.base import Corpus
from ser_platform.corpora.manifest import Emotions, emotions_of, unknown_label
from ser_platform.corpora.named import Findings, existing_root, finish_named
from ser_platform.corpora.problems import (
    collected,
    did_you_mean,
    inside,
    listed,
    read_text,
    refuse_if_any,
)
from ser_platform.errors import CorpusError
from ser_platform.utterance import Utterance

if TYPE_CHECKING:
    import audformat

HEADER = "db.yaml"
SEXES: Mapping[str, Literal["F", "M"]] = {"female": "F", "male": "M", "f": "F", "m": "M"}


@dataclass(frozen=True, slots=True)
class _Column:
    """Values by file, and what the scheme of the column says of each value."""

    values: Mapping[str, str]
    meaning: Mapping[str, Any]


_NOTHING = _Column({}, {})


def read_audformat(config: AudformatCorpusConfig) -> Corpus:
    """The files of a table, each an utterance; each speaker is a session, in order of the names.

    Ids are file names without their endings, with their folders where names recur. A
    transcription whose scheme lists its sentences is a fixed one: its code is the scenario. The
    sex is the scheme's ``gender`` or ``sex`` of the speaker.

    Raises:
        CorpusError: listing all problems at once; also when the library is not installed.
    """
    found = Findings(existing_root(config.root, HEADER))
    database = _open(found.root)
    emotions = emotions_of(config.labels, config.ignore_labels)
    files_table = config.files_table or config.table
    labels = speakers = transcripts = _NOTHING
    with collected(found.problems):
        labels = _column(database, config.table, config.label_column, "label_column")
    with collected(found.problems):
        speakers = _column(database, files_table, config.speaker_column, "speaker_column")
    if config.transcript_column:
        with collected(found.problems):
            column = config.transcript_column
            transcripts = _column(database, files_table, column, "transcript_column")
    refuse_if_any(found.problems, found.root / HEADER)
    found.problems += _label_problems(labels, emotions, config)
    _note_left_out(found, labels, config)
    files = [file for file, label in labels.values.items() if label in emotions]
    found.problems += _gaps(files, speakers, "speaker", files_table)
    if config.transcript_column:
        found.problems += _gaps(files, transcripts, "transcription", files_table)
    refuse_if_any(found.problems, found.root)
    sessions = sorted({speakers.values[file] for file in files})
    utterances = [
        Utterance(
            id=id_,
            audio=str(found.root / file),
            speaker=(speaker := speakers.values[file]),
            session=sessions.index(speaker) + 1,
            emotion=emotions[labels.values[file]],
            sex=_sex(speakers.meaning.get(speaker)),
            **_said(transcripts, file),
        )
        for file, id_ in _ids(files).items()
    ]
    return finish_named(database.name, utterances, config, found)


def _open(root: Path) -> "audformat.Database":
    """The database's header; tables are read when they are needed.

    The library unpickles a table that lies there pickled, and makes any object that a header
    names: both would run what a stranger wrote, so both are refused.
    """
    try:
        import audformat
    except ImportError:
        raise CorpusError(
            "corpus.kind: audformat is read by the library audformat, which is not installed: "
            "pip install 'ser-platform[audformat]'"
        ) from None
    header = root / HEADER
    if not header.is_file():
        raise CorpusError(
            f"{header}: no such file; {root} should be the folder of a database in audformat "
            f"(corpus.root), found {inside(root)}"
        )
    if pickled := sorted(root.glob("db.*.pkl")):
        raise CorpusError(
            f"{pickled[0]}: pickled tables are not read; save the database with "
            "storage_format='parquet' or 'csv', and remove its .pkl files"
        )
    try:
        yaml.safe_load(read_text(header))
        return audformat.Database.load(str(root))
    except (yaml.YAMLError, audformat.errors.BadValueError, KeyError, ValueError) as error:
        raise CorpusError(f"{header}: no header of audformat ({error})") from None


def _column(database: "audformat.Database", table: str, column: str, setting: str) -> _Column:
    """A column of a table of whole files.

    Raises:
        CorpusError: when it is not there, or is about parts of files.
    """
    if table not in database.tables:
        tables = list(database.tables)
        raise CorpusError(
            f"no table '{table}' (corpus.table, corpus.files_table); found {listed(tables, 30)}"
            + did_you_mean(table, tables)
        )
    found = database.tables[table]
    if not found.is_filewise:
        raise CorpusError(
            f"table '{table}' is segmented: its labels are of parts of files; write each part as "
            "a file of its own, with a filewise table"
        )
    if column not in found.columns:
        columns = list(found.columns)
        raise CorpusError(
            f"table '{table}' has no column '{column}' (corpus.{setting}); found "
            f"{listed(columns, 30)}{did_you_mean(column, columns)}"
        )
    try:
        series = found.df[column]
    except (OSError, RuntimeError, ValueError) as error:
        raise CorpusError(f"table '{table}' cannot be read ({error})") from None
    scheme = found.columns[column].scheme
    labels = scheme.labels if scheme is not None else None
    return _Column(
        {str(file): str(value).strip() for file, value in series.dropna().items()},
        {str(value): meaning for value, meaning in labels.items()}
        if isinstance(labels, dict)
        else {},
    )


def _label_problems(
    labels: _Column, emotions: Emotions, config: AudformatCorpusConfig
) -> Iterator[str]:
    where: dict[str, list[str]] = defaultdict(list)
    for file, label in labels.values.items():
        if label not in emotions and label not in config.ignore_labels:
            where[label].append(file)
    for label, files in where.items():
        at = f"table '{config.table}', {listed(files, 3)}"
        yield unknown_label(at, label, config.label_column, emotions)


def _note_left_out(found: Findings, labels: _Column, config: AudformatCorpusConfig) -> None:
    ignored = Counter(v for v in labels.values.values() if v in config.ignore_labels)
    if ignored:
        by_label = ", ".join(f"{label} {count}" for label, count in ignored.most_common())
        found.notes.append(f"{ignored.total()} files left out by corpus.ignore_labels: {by_label}")


def _gaps(files: Sequence[str], column: _Column, what: str, table: str) -> Iterator[str]:
    if gaps := [file for file in files if not column.values.get(file)]:
        yield f"table '{table}': no {what} for {len(gaps)} of {len(files)} files: {listed(gaps)}"


def _said(transcripts: _Column, file: str) -> dict[str, Any]:
    code = transcripts.values.get(file, "")
    text = transcripts.meaning.get(code)
    if isinstance(text, str):
        return {"transcript": text, "scenario": code, "style": "scripted"}
    return {"transcript": code}


def _sex(meaning: Any) -> Literal["F", "M", ""]:
    if not isinstance(meaning, dict):
        return ""
    return SEXES.get(str(meaning.get("gender", meaning.get("sex", ""))).lower(), "")


def _ids(files: Sequence[str]) -> dict[str, str]:
    """Utterance id by file."""
    names = {file: re.sub(r"\.\w+$", "", file) for file in files}
    short = {file: name.rpartition("/")[2] for file, name in names.items()}
    if len(set(short.values())) == len(short):
        return short
    return {file: name.replace("/", "-") for file, name in names.items()}
