"""The rows to run: every experiment file of a folder, checked, beside what its paper prints."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from ser_platform.config import ExperimentFile, load_experiment_file
from ser_platform.config.problems import nearest
from ser_platform.config.protocol import refuse_to_train
from ser_platform.config.transcript import RecognisedConfig
from ser_platform.errors import ConfigError
from ser_platform.leaderboard.published import PUBLISHED, Published

PRINTED_CORPUS = "iemocap"
"""What both papers' figures are of."""
_PLACES = ("store", "cache", "tracking", "cluster")
"""Sections that all rows share, because they run together."""
_OF_A_CORPUS = ("corpus", "split", "alignment", "embedding")
"""Sections that say how a corpus is read; those of another file replace a row's."""


@dataclass(frozen=True)
class PaperRow:
    """A printed row, and the experiment that repeats it."""

    printed: Published
    file: ExperimentFile
    """As it is run: sections of another corpus and overrides are in it."""
    left_out: str = ""
    """Why this corpus cannot run it; empty where it can."""

    @property
    def name(self) -> str:
        """Of both."""
        return self.printed.name

    @property
    def architecture(self) -> str:
        """Its only one."""
        return next(iter(self.file.architectures))

    @property
    def is_comparable(self) -> bool:
        """Whether it is of the corpus that the printed figures are of."""
        return self.file.corpus.kind == PRINTED_CORPUS


def load_rows(
    folder: Path,
    overrides: Sequence[str] = (),
    only: Collection[str] = (),
    corpus: str | None = None,
) -> list[PaperRow]:
    """All rows, in the order of the papers' tables.

    Args:
        folder: of experiment files, each named as its printed row.
        overrides: ``section.key=value`` texts, for every file.
        only: names of rows; empty: all.
        corpus: another experiment file, whose corpus takes the place of theirs.

    Raises:
        ConfigError: naming every problem of every file.
    """
    paths = _chosen(_files(folder), only, folder)
    borrowed = None if corpus is None else load_experiment_file(corpus)
    read = [_row_or_problem(path, overrides, borrowed) for path in paths]
    if problems := [found for found in read if isinstance(found, str)]:
        raise ConfigError("\n".join([f"{len(problems)} of {len(paths)} files:", *problems]))
    found = {row.name: row for row in read if isinstance(row, PaperRow)}
    rows = [found[printed.name] for printed in PUBLISHED if printed.name in found]
    _refuse_mixed(rows)
    return rows


def _files(folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        raise ConfigError(
            f"{folder}: no such folder; give one of experiment files, as experiments/papers"
        )
    found = {path.stem: path for path in sorted(folder.glob("*.yaml"))}
    if not found:
        raise ConfigError(f"{folder}: no experiment file (*.yaml) in it")
    return found


def _chosen(files: dict[str, Path], only: Collection[str], folder: Path) -> list[Path]:
    if absent := [name for name in only if name not in files]:
        near = nearest(absent[0], files)
        hint = f"did you mean '{near}'?" if near else f"it has {', '.join(files)}"
        raise ConfigError(f"--only: no row '{absent[0]}' in {folder}; {hint}")
    return [path for name, path in files.items() if not only or name in only]


def _row_or_problem(
    path: Path, overrides: Sequence[str], borrowed: ExperimentFile | None
) -> PaperRow | str:
    try:
        return _row(path, overrides, borrowed)
    except ConfigError as e:
        return str(e)


def _row(path: Path, overrides: Sequence[str], borrowed: ExperimentFile | None) -> PaperRow:
    """Load one file.

    Raises:
        ConfigError: naming every problem of it, or that it repeats no printed row.
    """
    printed = {row.name: row for row in PUBLISHED}
    if path.stem not in printed:
        near = nearest(path.stem, printed)
        hint = f"did you mean '{near}'?" if near else "move it elsewhere"
        raise ConfigError(f"{path}: no row of that name is printed; {hint}")
    own = load_experiment_file(path)
    file = load_experiment_file(path, [*_taken(borrowed, own), *overrides])
    try:
        refuse_to_train(file)
    except ConfigError as e:
        raise ConfigError(f"{path}: {e}") from e
    if file.sweep or len(file.architectures) > 1:
        raise ConfigError(
            f"{path}: a row is one setting of one architecture; take the section "
            f"{'sweep' if file.sweep else 'study.architectures'} out"
        )
    return PaperRow(printed[path.stem], file, _left_out(own, file))


def _taken(borrowed: ExperimentFile | None, own: ExperimentFile) -> list[str]:
    """What a file takes of another one, as overrides."""
    if borrowed is None:
        return []
    names = [name for name in _OF_A_CORPUS if name in borrowed.model_fields_set]
    # A row that reads what was said goes on reading it.
    if "transcript" in borrowed.model_fields_set and own.transcript.kind != "oracle":
        names.append("transcript")
    sections = {name: getattr(borrowed, name).model_dump(mode="json") for name in names}
    return [f"{n}={json.dumps(section, ensure_ascii=False)}" for n, section in sections.items()]


def _left_out(own: ExperimentFile, file: ExperimentFile) -> str:
    """Why a row cannot be run on a corpus that is not its file's own."""
    heard = file.transcript
    is_own = heard == own.transcript and file.corpus.kind != own.corpus.kind
    if not (is_own and isinstance(heard, RecognisedConfig)):
        return ""
    return (
        f"it reads recognised words, and {heard.path} has those of {own.corpus.kind}; give those "
        "of this corpus in the section transcript of the file named by --corpus"
    )


def _refuse_mixed(rows: Sequence[PaperRow]) -> None:
    """Raise ConfigError when rows do not go to one place, or are of several corpora."""
    for section in (*_PLACES, "corpus"):
        values = [getattr(row.file, section) for row in rows]
        for row, value in zip(rows, values, strict=True):
            if value != values[0]:
                raise ConfigError(
                    f"{section}: {row.name} and {rows[0].name} differ in it, and rows of one "
                    f"reproduction share it; mend a file, or give --set {section}=..."
                )
