"""The manifest of a table corpus: read, and checked row by row."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from os.path import normpath
from pathlib import Path, PurePath

from ser_platform.config.corpus import TableCorpusConfig
from ser_platform.corpora.csvfile import CsvFile, Row, read_csv
from ser_platform.corpora.jsonlfile import read_jsonl
from ser_platform.corpora.problems import collected, did_you_mean, inside, listed, refuse_if_any
from ser_platform.emotions import EMOTIONS
from ser_platform.errors import CorpusError

DEFAULTS = TableCorpusConfig(root="")
NEEDED: tuple[str, ...] = ("utterance_id", "file", "speaker", "transcript")
CHOICES = {"style": ("scripted", "improvised"), "sex": ("F", "M")}
"""What an optional column may hold, beside nothing."""

Emotions = Mapping[str, str]
"""The corpus's own label -> ours."""


def read_manifest(root: Path, config: TableCorpusConfig, problems: list[str]) -> CsvFile:
    """The manifest with all columns that are needed.

    Raises:
        CorpusError: when it is not there, or lacks columns.
    """
    path = root / config.manifest
    if not root.is_dir():
        raise CorpusError(f"{root}: no such folder (corpus.root)")
    if not path.is_file():
        raise CorpusError(f"{path}: no such file (corpus.manifest); {root} holds {inside(root)}")
    if path.suffix.lower() == ".jsonl":
        manifest = read_jsonl(path, (*NEEDED, config.label_column), problems)
    else:
        manifest = read_csv(path, problems)
    refuse_if_any(_missing_columns(manifest, config), path)
    return manifest


def emotions_of(labels: Mapping[str, str], ignored: Collection[str]) -> Emotions:
    """The labels to read; one that is to be ignored is not among them.

    Raises:
        CorpusError: when ``corpus.labels`` leads to something that is no class of ours.
    """
    problems = [
        f"'{label}: {emotion}': '{emotion}' is none of {', '.join(EMOTIONS)}"
        for label, emotion in labels.items()
        if emotion not in EMOTIONS
    ]
    refuse_if_any(problems, "corpus.labels")
    known = labels or {emotion: emotion for emotion in EMOTIONS}
    return {label: known[label] for label in known if label not in ignored}


def unknown_label(at: str, label: str, column: str, known: Collection[str]) -> str:
    """What to say of a label that is neither read nor to be ignored."""
    return (
        f"{at}: label '{label}' in column '{column}' is not known{did_you_mean(label, known)} "
        f"(known: {', '.join(known)}); map it in corpus.labels, or leave its rows out with "
        "corpus.ignore_labels"
    )


def row_problems(
    manifest: CsvFile, emotions: Emotions, config: TableCorpusConfig
) -> Iterator[str]:
    """What is wrong with the rows, one line each, and with labels that are not known."""
    yield from _label_problems(manifest, emotions, config)
    yield from _cell_problems(manifest, config)


def _missing_columns(manifest: CsvFile, config: TableCorpusConfig) -> list[str]:
    problems: list[str] = []
    needed: dict[str, str] = dict.fromkeys(NEEDED, "")
    needed[config.label_column] = "corpus.label_column"
    if config.session_column != DEFAULTS.session_column:
        needed[config.session_column] = "corpus.session_column"
    for column, setting in needed.items():
        with collected(problems):
            manifest.column(column, setting=setting)
    return problems


def _label_problems(
    manifest: CsvFile, emotions: Emotions, config: TableCorpusConfig
) -> Iterator[str]:
    column = config.label_column
    lines = defaultdict(list)
    for row in manifest.rows:
        if row[column] not in emotions and row[column] not in config.ignore_labels:
            lines[row[column]].append(row.line)
    for label, where in lines.items():
        yield unknown_label(f"{manifest.path}, line {listed(where, 3)}", label, column, emotions)


def _cell_problems(manifest: CsvFile, config: TableCorpusConfig) -> Iterator[str]:
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
        for column, known in CHOICES.items():
            if cell(row, column) not in ("", *known):
                yield f"{at} {column} is '{row[column]}', not {' or '.join(known)}"


def cell(row: Row, column: str) -> str:
    """What an optional column says; nothing where the manifest has none."""
    return row.cells.get(column, "")
