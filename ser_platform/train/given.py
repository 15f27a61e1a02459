"""What an experiment file names: looked at before anything heavy is loaded."""

import logging
from dataclasses import dataclass

from ser_platform.config.schema import Experiment, ExperimentFile
from ser_platform.corpora import read_corpus
from ser_platform.corpora.base import Corpus
from ser_platform.corpora.folds import Fold, make_folds
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


def look(file: ExperimentFile) -> Given:
    """Open the store and read the corpus: in a second, where the rest takes ten to load.

    Raises:
        SerError: whatever a user can mend there.
    """
    store = open_store(file.store)
    # Refused now, and not after minutes of work.
    check_uri(file.tracking.uri)
    store.exists("features")
    corpus, folds = read(file.experiment(next(iter(file.architectures))))
    return Given(store, corpus, folds)


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
