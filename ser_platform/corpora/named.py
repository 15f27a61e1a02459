"""Corpora whose file names say who speaks, what, and how: recordings found, notes made."""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ser_platform.config.corpus import Aligned
from ser_platform.corpora.alignments import read_alignments
from ser_platform.corpora.base import Corpus
from ser_platform.corpora.problems import inside, listed, refuse_if_any
from ser_platform.corpora.timed import Words, finish_timed
from ser_platform.errors import CorpusError
from ser_platform.utterance import Utterance

SUFFIXES = (".wav", ".flac")


@dataclass
class Findings:
    """What a reader has found out so far."""

    root: Path
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording whose name is understood."""

    path: Path
    name: re.Match[str]

    @property
    def id(self) -> str:
        """The name without its ending."""
        return self.path.stem


def existing_root(root: str, should: str) -> Path:
    """The corpus's folder.

    Raises:
        CorpusError: when it is not there, with what it should hold.
    """
    folder = Path(root).expanduser().absolute()
    if not folder.is_dir():
        raise CorpusError(f"{folder}: no such folder; it should hold {should} (corpus.root)")
    return folder


def find_recordings(
    found: Findings, folders: Sequence[str], name: re.Pattern[str], should: str
) -> list[Recording]:
    """The recordings of a corpus, in the first place where there are any.

    Other names in the same place are left out and noted; names that start with a dot are what
    macOS leaves on foreign disks.

    Args:
        found: gets a problem for a name that is there twice, and notes.
        folders: where they may lie, from the root, with ``*`` for any folder.
        name: what a name without its ending must match.
        should: what to say that the root should hold.

    Raises:
        CorpusError: when there is none in any of the places.
    """
    for folder in folders:
        files = [
            path
            for path in sorted(found.root.glob(f"{folder}/[!.]*"))
            if path.suffix.lower() in SUFFIXES
        ]
        ours = [Recording(p, match) for p in files if (match := name.fullmatch(p.stem))]
        if ours:
            break
    else:
        raise CorpusError(
            f"{found.root}: no recording found; it should hold {should} (corpus.root), found "
            f"{inside(found.root)}"
        )
    known = {recording.path for recording in ours}
    if others := [path.name for path in files if path not in known]:
        found.notes.append(f"{len(others)} recordings of other names left out: {listed(others)}")
    found.problems += _twice(ours)
    return ours


def note_other_emotions(found: Findings, codes: Sequence[str], names: Mapping[str, str]) -> None:
    """Note how many recordings of which emotions that are none of ours were left out."""
    if codes:
        by_name = ", ".join(f"{names[code]} {n}" for code, n in Counter(codes).most_common())
        found.notes.append(f"{len(codes)} utterances of other emotions left out: {by_name}")


def finish_named(
    name: str, utterances: Collection[Utterance], config: Aligned, found: Findings
) -> Corpus:
    """The corpus, with the times that ``corpus.alignments`` names.

    Raises:
        CorpusError: listing all problems at once.
    """
    words: Words = {}
    if config.alignments:
        ids = {u.id for u in utterances}
        folder = found.root / Path(config.alignments).expanduser()
        words = read_alignments(folder, ids, found.problems, found.notes)
    refuse_if_any(found.problems, found.root)
    return finish_timed(
        name,
        utterances,
        words,
        root=found.root,
        missing_alignment=config.missing_alignment,
        notes=found.notes,
    )


def _twice(recordings: Sequence[Recording]) -> Iterator[str]:
    first: dict[str, Path] = {}
    for recording in recordings:
        other = first.setdefault(recording.id, recording.path)
        if other != recording.path:
            yield f"{recording.id}: two recordings, {other} and {recording.path}"
