"""Corpora that others have aligned: words in time, put to utterances."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ser_platform.config.corpus import MissingAlignment
from ser_platform.corpora.base import Corpus, finish, too_late
from ser_platform.corpora.problems import refuse_if_any
from ser_platform.utterance import Utterance, Word

Words = Mapping[str, tuple[Word, ...]]
"""Utterance id -> its words in time."""


def finish_timed(
    name: str,
    utterances: Iterable[Utterance],
    words: Words,
    *,
    root: Path,
    missing_alignment: MissingAlignment,
    notes: Sequence[str],
) -> Corpus:
    """What :func:`base.finish` does, with times that someone else made: they must be possible.

    Args:
        name: of the corpus.
        utterances: without words.
        words: in time, of those that have them.
        root: what an error names first.
        missing_alignment: as in :func:`base.finish`.
        notes: what the reader mended or left out.

    Raises:
        CorpusError: listing all problems at once.
    """
    corpus = finish(
        name,
        (replace(u, words=words.get(u.id, ())) for u in utterances),
        root=root,
        missing_alignment=missing_alignment,
        notes=notes,
    )
    refuse_if_any(too_late(u for u in corpus.utterances if words.get(u.id)), root)
    return corpus
