"""Everything that is wrong with a corpus, and what was left out of it."""

from collections.abc import Callable
from dataclasses import dataclass

from ser_platform.corpora.base import Corpus, too_late
from ser_platform.corpora.problems import collected
from ser_platform.errors import CorpusError


@dataclass(frozen=True)
class Checked:
    """What a check found.

    Attributes:
        corpus: None when it could not be read.
        problems: each stops every command.
        notes: what is left out or mended; stops nothing.
        folds: how many there are.
    """

    corpus: Corpus | None
    problems: tuple[str, ...]
    notes: tuple[str, ...]
    folds: int


def check(
    read: Callable[[], Corpus], max_bad_share: float, count_folds: Callable[[Corpus], int]
) -> Checked:
    """Look at a corpus as every command does, but go on after a problem.

    Args:
        read: gives the corpus however many recordings had to be put aside.
        max_bad_share: how many may be.
        count_folds: makes them; raises CorpusError when they cannot be made.
    """
    try:
        corpus = read()
    except CorpusError as error:
        return Checked(None, error.problems, (), 0)
    total = len(corpus.utterances) + len(corpus.bad)
    problems: list[str] = []
    if len(corpus.bad) > max_bad_share * total:
        problems += [f"{b.id}: {b.fault}" for b in corpus.bad]
        problems.append(
            f"{len(corpus.bad)} of {total} recordings cannot be used, more than "
            f"corpus.max_bad_share: {max_bad_share:g} lets be left out; mend them, or allow more"
        )
    problems += too_late(u for u in corpus.utterances if u.words)
    folds = 0
    if corpus.utterances:
        with collected(problems):
            folds = count_folds(corpus)
    return Checked(corpus, tuple(problems), corpus.notes, folds)
