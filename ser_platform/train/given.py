"""What an experiment file names: looked at before anything heavy is loaded."""

import logging
from dataclasses import dataclass
from pathlib import Path

from ser_platform.config.cache import CacheConfig
from ser_platform.config.schema import Experiment, ExperimentFile
from ser_platform.corpora import read_corpus
from ser_platform.corpora.base import Corpus
from ser_platform.corpora.folds import Fold, make_folds
from ser_platform.features.recordings import RecordingDigests
from ser_platform.storage import open_store
from ser_platform.storage.base import ObjectStore
from ser_platform.tracking.uri import check_uri
from ser_platform.transcripts import with_transcripts

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Given:
    """A store that answers, a corpus that can be read, and its folds."""

    store: ObjectStore
    corpus: Corpus
    folds: tuple[Fold, ...]
    digests: RecordingDigests | None
    """Of recordings hashed before; None: every one is read again."""


def look(file: ExperimentFile) -> Given:
    """Open the store and read the corpus: in a second, where the rest takes ten to load.

    Raises:
        SerError: whatever a user can mend there.
    """
    store = open_store(file.store, file.cache)
    # Refused now, and not after minutes of work.
    check_uri(file.tracking.uri)
    store.exists("features")
    corpus, folds = read(file.experiment(next(iter(file.architectures))))
    return Given(store, corpus, folds, recording_digests(file.cache, corpus))


def recording_digests(config: CacheConfig, corpus: Corpus) -> RecordingDigests | None:
    """What is remembered of the recordings of a corpus, unless all are to be hashed again."""
    if config.hash_recordings == "all":
        return None
    return RecordingDigests(Path(config.folder).expanduser(), corpus.name)


def read(experiment: Experiment) -> tuple[Corpus, tuple[Fold, ...]]:
    """The corpus and its folds; what was mended or left out is logged."""
    corpus = with_transcripts(read_corpus(experiment.corpus), experiment.transcript)
    for note in corpus.notes:
        _log.info("corpus: %s", note)
    folds = make_folds(corpus.utterances, experiment.split)
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
