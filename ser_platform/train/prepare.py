"""From an experiment to resident data: corpus, folds, cached frames, word vectors, dataset."""

import logging
from functools import partial

import ray

from ser_platform.config.schema import Experiment, ExperimentFile
from ser_platform.corpora.base import Corpus
from ser_platform.corpora.words import UNKNOWN_PHONEME
from ser_platform.dataset import build_dataset
from ser_platform.errors import CorpusError
from ser_platform.features.cache import (
    FrameTable,
    FunctionalsTable,
    load_frames,
    load_functionals,
)
from ser_platform.features.embeddings import WordVectors, load_vectors
from ser_platform.features.rows import Progress
from ser_platform.runtime import gpus_for, spread
from ser_platform.storage.base import ObjectStore
from ser_platform.train.given import Given
from ser_platform.train.identity import code_digest, utterances_digest
from ser_platform.train.prepared import Prepared

_log = logging.getLogger(__name__)


def prepare(experiments: dict[str, Experiment], given: Given) -> dict[str, Prepared]:
    """Fill the feature cache where it is cold and put the data where all workers see them.

    Architectures that read the same features share one dataset, in memory too.

    Args:
        experiments: by architecture; alike in corpus, transcript and word vectors.
        given: what they name.
    """
    vectors = _vectors(next(iter(experiments.values())), given.corpus)
    of_inputs: dict[object, Prepared] = {}
    prepared: dict[str, Prepared] = {}
    for name, experiment in experiments.items():
        _refuse_mute(experiment, given.corpus)
        inputs = (experiment.features, experiment.functionals)
        if inputs not in of_inputs:
            of_inputs[inputs] = _prepare(experiment, given, vectors)
        prepared[name] = of_inputs[inputs]
    return prepared


def _refuse_mute(experiment: Experiment, corpus: Corpus) -> None:
    """Raise CorpusError when a network reads phonemes and the corpus knows none."""
    symbols = {p.symbol for u in corpus.utterances for word in u.words for p in word.phonemes}
    if experiment.model.reads_phoneme_symbols and not symbols - {UNKNOWN_PHONEME}:
        raise CorpusError(
            f"{corpus.name}: no phoneme is known in it, and {experiment.model.kind} reads them; "
            "give their times (corpus.phonemes of a table), or use modality: audio"
        )


def _vectors(experiment: Experiment, corpus: Corpus) -> WordVectors:
    vocabulary = {word.text for u in corpus.utterances for word in u.words}
    vectors = load_vectors(experiment.embedding, vocabulary)
    if vectors.unknown:
        _log.info(
            "words: %d of %d have no vector and are read as zeros: %s",
            len(vectors.unknown),
            len(vocabulary),
            ", ".join(vectors.unknown[:8]),
        )
    if vectors.composed:
        _log.info("words: %d of %d by their letters only", len(vectors.composed), len(vocabulary))
    return vectors


def _prepare(experiment: Experiment, given: Given, vectors: WordVectors) -> Prepared:
    corpus = given.corpus
    table, functionals = _load(experiment, corpus, given.store)
    dataset = build_dataset(corpus.utterances, table, vectors, functionals)
    data = {
        "digest": dataset.digest,
        "feature_manifest": table.manifest_key,
        "functionals_manifest": functionals.manifest_key if functionals else None,
        "utterances": len(corpus.utterances),
        "frames": len(table.values),
        "words": len(vectors.words),
        "words_without_vector": len(vectors.unknown),
        "words_from_letters": len(vectors.composed),
        "word_vectors": vectors.identity,
    }
    return Prepared(
        folds=given.folds,
        code=code_digest(),
        dataset=(ray.put(dataset),),
        digest=dataset.digest,
        data=data,
        phonemes=dataset.phonemes,
        corpus=corpus.name,
        utterances=utterances_digest(corpus.utterances),
        synthetic=corpus.synthetic,
    )


def fill(file: ExperimentFile, given: Given) -> None:
    """Compute and store the features of every architecture; nothing to do where they are there."""
    store = given.store
    for experiment in map(file.experiment, file.architectures):
        table, functionals = _load(experiment, given.corpus, store)
        _log.info(
            "features: %s, %d frames of %d utterances in %s, manifest %s",
            experiment.features.kind,
            len(table.values),
            len(table.ids),
            store.url,
            table.manifest_key,
        )
        if experiment.functionals and functionals:
            _log.info(
                "features: %s, manifest %s", experiment.functionals.kind, functionals.manifest_key
            )


def _load(
    experiment: Experiment, corpus: Corpus, store: ObjectStore
) -> tuple[FrameTable, FunctionalsTable | None]:
    """The features of all utterances, from the cache, which is filled where it is cold."""
    utterances, frames, functionals = (
        corpus.utterances,
        experiment.features,
        experiment.functionals,
    )
    on_gpus = partial(spread, gpus=gpus_for(frames))
    table = load_frames(store, utterances, frames, on_gpus, log_progress(frames.kind))
    if functionals is None:
        return table, None
    progress = log_progress(functionals.kind)
    return table, load_functionals(store, utterances, functionals, spread, progress)


def log_progress(features: str) -> Progress:
    """A progress line per tenth of the work; silent while everything comes from the cache."""
    shown = 0

    def show(done: int, total: int, cached: int) -> None:
        nonlocal shown
        computed = done - cached
        if computed and (10 * done // total > shown or done == total):
            shown = 10 * done // total
            _log.info("features: %s %d/%d utterances, %d cached", features, done, total, cached)

    return show
