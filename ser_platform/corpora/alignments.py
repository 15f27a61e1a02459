"""A folder of alignments, a file for each utterance: TextGrids, or Sphinx-3's segment files."""

from collections.abc import Callable, Collection
from pathlib import Path

from ser_platform.corpora.problems import collected, inside, listed
from ser_platform.corpora.sphinx import read_alignment
from ser_platform.corpora.textgrid import read_textgrid
from ser_platform.corpora.timed import Words
from ser_platform.errors import CorpusError
from ser_platform.utterance import Word

_READERS: dict[str, Callable[[Path], tuple[Word, ...]]] = {
    ".TextGrid": read_textgrid,
    ".wdseg": lambda path: read_alignment(path.parent, path.stem),
}


def read_alignments(
    folder: Path, known: Collection[str], problems: list[str], notes: list[str]
) -> Words:
    """Words in time of each utterance that has a file; folders for each speaker may lie between.

    Args:
        folder: of ``<utterance id>.TextGrid``, or of ``.wdseg`` with ``.phseg`` beside it.
        known: ids of the corpus; files of other utterances are left out and noted.
        problems: gets a line for each file that cannot be used.
        notes: gets what was left out.

    Raises:
        CorpusError: when the folder is not there, or holds no alignment.
    """
    if not folder.is_dir():
        raise CorpusError(f"{folder}: no such folder (corpus.alignments)")
    files = [path for kind in _READERS for path in sorted(folder.rglob(f"[!.]*{kind}"))]
    if not files:
        raise CorpusError(
            f"{folder}: no <utterance_id>.TextGrid or .wdseg in it (corpus.alignments); found "
            f"{inside(folder)}"
        )
    words: dict[str, tuple[Word, ...]] = {}
    taken: dict[str, Path] = {}
    strangers: list[str] = []
    for path in files:
        if path.stem not in known:
            strangers.append(path.stem)
        elif taken.setdefault(path.stem, path) != path:
            problems.append(f"{path.stem}: two alignments, {taken[path.stem]} and {path}")
        else:
            with collected(problems):
                words[path.stem] = _READERS[path.suffix](path)
    if strangers:
        notes.append(
            f"{folder}: {len(strangers)} alignments of utterances that are not in the corpus left "
            f"out: {listed(strangers)}"
        )
    return words
