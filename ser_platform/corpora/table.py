"""Your own recordings, from a manifest: CSV, or JSON lines."""

from collections.abc import Mapping, Sequence
from os.path import normpath
from pathlib import Path, PurePath
from typing import Any

from ser_platform.config.corpus import TableCorpusConfig
from ser_platform.corpora.alignments import read_alignments
from ser_platform.corpora.base import Corpus
from ser_platform.corpora.csvfile import CsvFile, Row
from ser_platform.corpora.ctm import read_ctm
from ser_platform.corpora.manifest import (
    CHOICES,
    DEFAULTS,
    Emotions,
    cell,
    emotions_of,
    read_manifest,
    row_problems,
)
from ser_platform.corpora.problems import listed, refuse_if_any
from ser_platform.corpora.timed import Words, finish_timed
from ser_platform.corpora.times import read_times
from ser_platform.corpora.words import Segment, outside_words, timed_words
from ser_platform.utterance import Utterance


def read_table_corpus(config: TableCorpusConfig) -> Corpus:
    """The utterances of a manifest, named after their folder.

    Without a session column every speaker is a session of its own, in the order of their names.

    Raises:
        CorpusError: listing all problems at once, with the manifest's lines.
    """
    root = Path(normpath(Path(config.root).expanduser().absolute()))
    problems: list[str] = []
    notes: list[str] = []
    manifest = read_manifest(root, config, problems)
    emotions = emotions_of(config.labels, config.ignore_labels)
    problems += row_problems(manifest, emotions, config)
    words = _words(root, manifest, config, problems, notes)
    refuse_if_any(problems, root)
    utterances = _utterances(root, manifest, emotions, config)
    if left_out := len(manifest.rows) - len(utterances):
        notes.append(f"{left_out} rows left out by corpus.ignore_labels")
    stem = PurePath(config.manifest).with_suffix("").as_posix()
    default = stem == PurePath(DEFAULTS.manifest).stem
    return finish_timed(
        root.name if default else f"{root.name}/{PurePath(stem).name}",
        utterances,
        words,
        root=root,
        missing_alignment=config.missing_alignment,
        notes=notes,
    )


def _utterances(
    root: Path, manifest: CsvFile, emotions: Emotions, config: TableCorpusConfig
) -> list[Utterance]:
    rows = [row for row in manifest.rows if row[config.label_column] in emotions]
    if config.session_column in manifest.columns:
        sessions = [int(row[config.session_column]) for row in rows]
    else:
        speakers = sorted({row["speaker"] for row in rows})
        sessions = [speakers.index(row["speaker"]) + 1 for row in rows]
    return [
        Utterance(
            id=row["utterance_id"],
            audio=str(root / row["file"]),
            speaker=row["speaker"],
            session=session,
            emotion=emotions[row[config.label_column]],
            transcript=row["transcript"],
            dialogue=cell(row, "dialogue"),
            scenario=cell(row, "scenario"),
            **_choices(row),
        )
        for row, session in zip(rows, sessions, strict=True)
    ]


def _choices(row: Row) -> dict[str, Any]:
    """Cells that the manifest's checks hold to a few words."""
    return {column: cell(row, column) for column in CHOICES}


def _words(
    root: Path,
    manifest: CsvFile,
    config: TableCorpusConfig,
    problems: list[str],
    notes: list[str],
) -> Words:
    known = {row["utterance_id"] for row in manifest.rows}
    if config.alignments:
        return read_alignments(root / config.alignments, known, problems, notes)
    words: Mapping[str, Sequence[Segment]] = {}
    phonemes: Mapping[str, Sequence[Segment]] = {}
    if config.words:
        words = _times(root / config.words, "words", known, problems, notes)
    if config.phonemes:
        phonemes = _times(root / config.phonemes, "phonemes", known, problems, notes)
    timed = {id_: timed_words(own, phonemes.get(id_, ())) for id_, own in words.items()}
    lost = {id_: outside_words(own, phonemes.get(id_, ())) for id_, own in timed.items()}
    if strays := {id_: symbols for id_, symbols in lost.items() if symbols}:
        notes.append(
            f"{root / config.phonemes}: {sum(map(len, strays.values()))} phonemes outside every "
            f"word left out, in {len(strays)} utterances: {listed(strays)}"
        )
    return timed


def _times(
    path: Path, kind: str, known: set[str], problems: list[str], notes: list[str]
) -> Mapping[str, Sequence[Segment]]:
    """CSV, or NIST's CTM by its ending, whose recordings are the utterances."""
    if path.suffix.lower() != ".ctm":
        return read_times(path, kind, known, problems, notes)
    segments = read_ctm(path, problems)
    if strangers := sorted(set(segments) - known):
        notes.append(
            f"{path}: {len(strangers)} recordings that are not in the manifest left out: "
            f"{listed(strangers)}"
        )
    return {id_: own for id_, own in segments.items() if id_ in known}
