"""Your own recordings, from a CSV manifest."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from os.path import normpath
from pathlib import Path, PurePath

from ser_platform.config.corpus import TableCorpusConfig
from ser_platform.corpora.base import Corpus, finish, too_late
from ser_platform.corpora.csvfile import CsvFile, read_csv
from ser_platform.corpora.problems import collected, did_you_mean, inside, listed, refuse_if_any
from ser_platform.corpora.times import read_times
from ser_platform.corpora.words import Segment, outside_words, timed_words
from ser_platform.emotions import EMOTIONS
from ser_platform.errors import CorpusError
from ser_platform.utterance import Utterance, Word

DEFAULTS = TableCorpusConfig(root="")

Emotions = Mapping[str, str]
"""The corpus's own label -> ours."""
Words = Mapping[str, tuple[Word, ...]]
"""Utterance id -> its words in time."""


def read_table_corpus(config: TableCorpusConfig) -> Corpus:
    """The utterances of a manifest, named after their folder.

    Without a session column every speaker is a session of its own, in the order of their names.

    Raises:
        CorpusError: listing all problems at once, with the manifest's lines.
    """
    root = Path(normpath(Path(config.root).expanduser().absolute()))
    problems: list[str] = []
    notes: list[str] = []
    manifest = _read_manifest(root, config, problems)
    emotions = _emotions(config)
    problems += _label_problems(manifest, emotions, config)
    problems += _row_problems(manifest, config)
    words = _words(root, manifest, config, problems, notes)
    refuse_if_any(problems, root)
    utterances = _utterances(root, manifest, emotions, words, config)
    if left_out := len(manifest.rows) - len(utterances):
        notes.append(f"{left_out} rows left out by corpus.ignore_labels")
    stem = "" if config.manifest == DEFAULTS.manifest else f"/{PurePath(config.manifest).stem}"
    corpus = finish(
        root.name + stem,
        utterances,
        root=root,
        missing_alignment=config.missing_alignment,
        notes=notes,
    )
    refuse_if_any(too_late(u for u in corpus.utterances if words.get(u.id)), root)
    return corpus


def _read_manifest(root: Path, config: TableCorpusConfig, problems: list[str]) -> CsvFile:
    """The manifest with all columns that are needed.

    Raises:
        CorpusError: when it is not there, or lacks columns.
    """
    path = root / config.manifest
    if not root.is_dir():
        raise CorpusError(f"{root}: no such folder (corpus.root)")
    if not path.is_file():
        raise CorpusError(f"{path}: no such file (corpus.manifest); {root} holds {inside(root)}")
    manifest = read_csv(path, problems)
    refuse_if_any(_missing_columns(manifest, config), path)
    return manifest


def _utterances(
    root: Path, manifest: CsvFile, emotions: Emotions, words: Words, config: TableCorpusConfig
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
            words=words.get(row["utterance_id"], ()),
        )
        for row, session in zip(rows, sessions, strict=True)
    ]


def _missing_columns(manifest: CsvFile, config: TableCorpusConfig) -> list[str]:
    problems: list[str] = []
    needed = {"utterance_id": "", "file": "", "speaker": "", "transcript": ""}
    needed[config.label_column] = "corpus.label_column"
    if config.session_column != DEFAULTS.session_column:
        needed[config.session_column] = "corpus.session_column"
    for column, setting in needed.items():
        with collected(problems):
            manifest.column(column, setting=setting)
    return problems


def _emotions(config: TableCorpusConfig) -> Emotions:
    """The labels to read; one that is to be ignored is not among them.

    Raises:
        CorpusError: when ``corpus.labels`` leads to something that is no class of ours.
    """
    problems = [
        f"'{label}: {emotion}': '{emotion}' is none of {', '.join(EMOTIONS)}"
        for label, emotion in config.labels.items()
        if emotion not in EMOTIONS
    ]
    refuse_if_any(problems, "corpus.labels")
    known = config.labels or {emotion: emotion for emotion in EMOTIONS}
    return {label: known[label] for label in known if label not in config.ignore_labels}


def _label_problems(
    manifest: CsvFile, emotions: Emotions, config: TableCorpusConfig
) -> Iterator[str]:
    column = config.label_column
    lines = defaultdict(list)
    for row in manifest.rows:
        if row[column] not in emotions and row[column] not in config.ignore_labels:
            lines[row[column]].append(row.line)
    for label, where in lines.items():
        yield (
            f"{manifest.path}, line {listed(where, 3)}: label '{label}' in column '{column}' is "
            f"not known{did_you_mean(label, emotions)} (known: {', '.join(emotions)}); map it in "
            "corpus.labels, or leave its rows out with corpus.ignore_labels"
        )


def _row_problems(manifest: CsvFile, config: TableCorpusConfig) -> Iterator[str]:
    lines: dict[str, int] = {}
    for row in manifest.rows:
        id_, file = row["utterance_id"], row["file"]
        at = f"{manifest.path}, line {row.line}:"
        for column in ("utterance_id", "file", "speaker"):
            if not row[column]:
                yield f"{at} {column} is empty"
        if id_ and lines.setdefault(id_, row.line) != row.line:
            yield f"{at} utterance_id '{id_}' is already on line {lines[id_]}"
        if PurePath(file).is_absolute() or PurePath(normpath(file)).parts[:1] == ("..",):
            yield f"{at} file '{file}' is outside corpus.root; name it relative to that folder"
        if config.session_column in manifest.columns:
            session = row[config.session_column]
            if not session.isdecimal() or int(session) < 1:
                yield f"{at} {config.session_column} is '{session}', not a whole number from 1"


def _words(
    root: Path,
    manifest: CsvFile,
    config: TableCorpusConfig,
    problems: list[str],
    notes: list[str],
) -> Words:
    known = {row["utterance_id"] for row in manifest.rows}
    words: Mapping[str, Sequence[Segment]] = {}
    phonemes: Mapping[str, Sequence[Segment]] = {}
    if config.words:
        words = read_times(root / config.words, "words", known, problems, notes)
    if config.phonemes:
        phonemes = read_times(root / config.phonemes, "phonemes", known, problems, notes)
        if not config.words:
            problems.append("corpus.phonemes needs corpus.words: phonemes are given to words")
    timed = {id_: timed_words(own, phonemes.get(id_, ())) for id_, own in words.items()}
    lost = {id_: outside_words(own, phonemes.get(id_, ())) for id_, own in timed.items()}
    if strays := {id_: symbols for id_, symbols in lost.items() if symbols}:
        notes.append(
            f"{root / config.phonemes}: {sum(map(len, strays.values()))} phonemes outside every "
            f"word left out, in {len(strays)} utterances: {listed(strays)}"
        )
    return timed
