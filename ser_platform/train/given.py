"""What an experiment file names: looked at before anything heavy is loaded."""

import logging
from dataclasses import dataclass, replace
from pathlib import Path

from ser_platform.config.cache import CacheConfig
from ser_platform.config.schema import Experiment, ExperimentFile
from ser_platform.config.sweep import Point, points
from ser_platform.corpora import read_corpus
from ser_platform.corpora.base import Corpus
from ser_platform.corpora.folds import Fold, make_folds
from ser_platform.features.recordings import RecordingDigests
from ser_platform.storage import open_store
from ser_platform.storage.base import ObjectStore
from ser_platform.tracking.uri import check_uri
from ser_platform.transcripts import with_transcripts
from ser_platform.transcripts.wer import Comparison, compare, in_words

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Given:
    """A store that answers, a corpus that can be read, and its folds."""

    store: ObjectStore
    corpus: Corpus
    folds: tuple[Fold, ...]
    digests: RecordingDigests | None = None
    """Of recordings hashed before; None: every one is read again."""
    errors: Comparison | None = None
    """Of its transcripts, counted against the corpus's own words; None for those themselves."""
    said: Corpus | None = None
    """With the corpus's own words, by which folds are cut; None: ``corpus`` has them."""


def look(file: ExperimentFile) -> Given:
    """Open the store and read the corpus: in a second, where the rest takes ten to load.

    Raises:
        SerError: whatever a user can mend there.
    """
    store = open_store(file.store, file.cache)
    # Refused now, and not after minutes of work.
    check_uri(file.tracking.uri)
    store.exists("features")
    experiment = file.experiment(next(iter(file.architectures)))
    said = read_corpus(experiment.corpus)
    corpus, folds = _cut(said, experiment)
    errors = _errors(said, corpus)
    if errors is not None:
        _log.info("corpus: %s", in_words(errors))
    digests = recording_digests(file.cache, corpus)
    return Given(store, corpus, folds, digests, errors, said)


def look_along(file: ExperimentFile) -> list[tuple[Point, Given]]:
    """:func:`look` at every point of a file that sweeps; the corpus is read once.

    Raises:
        SerError: whatever a user can mend there, at any point.
    """
    given = look(file)
    said = given.said or given.corpus
    along: list[tuple[Point, Given]] = []
    for point in points(file):
        heard = with_transcripts(said, point.file.transcript)
        errors = _errors(said, heard)
        along.append((point, replace(given, corpus=heard, errors=errors)))
    return along


def recording_digests(config: CacheConfig, corpus: Corpus) -> RecordingDigests | None:
    """What is remembered of the recordings of a corpus, unless all are to be hashed again."""
    if config.hash_recordings == "all":
        return None
    return RecordingDigests(Path(config.folder).expanduser(), corpus.name)


def read(experiment: Experiment) -> tuple[Corpus, tuple[Fold, ...]]:
    """The corpus and its folds; what was mended or left out is logged."""
    return _cut(read_corpus(experiment.corpus), experiment)


def _errors(said: Corpus, heard: Corpus) -> Comparison | None:
    """None for the words themselves, which nobody needs to count."""
    if heard is said:
        return None
    return compare(said.utterances, heard.utterances)


def _cut(said: Corpus, experiment: Experiment) -> tuple[Corpus, tuple[Fold, ...]]:
    """The corpus as a network reads it, and folds by what was said in it.

    A text that was heard wrong is still the text that was said: with ``split.scenarios`` it must
    not be on two sides.
    """
    corpus = with_transcripts(said, experiment.transcript)
    for note in corpus.notes:
        _log.info("corpus: %s", note)
    folds = make_folds(said.utterances, experiment.split, validates=experiment.validates)
    speakers = {u.speaker for u in corpus.utterances}
    _log.info(
        "corpus: %s, %d utterances of %d speakers in %d folds%s",
        corpus.name,
        len(corpus.utterances),
        len(speakers),
        len(folds),
        " (synthetic: scores mean nothing about people)" if corpus.synthetic else "",
    )
    return corpus, folds
