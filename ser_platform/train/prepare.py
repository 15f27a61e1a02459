"""From an experiment to resident data: corpus, folds, cached frames, word vectors, dataset."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from ser_platform.config.schema import ClusterConfig, Experiment, ExperimentFile
from ser_platform.config.transcript import OracleConfig
from ser_platform.corpora.base import Corpus
from ser_platform.corpora.folds import Fold, make_folds
from ser_platform.corpora.words import UNKNOWN_PHONEME
from ser_platform.dataset import Dataset
from ser_platform.errors import MuteCorpusError
from ser_platform.features.cache import (
    FrameTable,
    FunctionalsTable,
    load_frames_within,
    load_functionals,
)
from ser_platform.features.embeddings import WordVectors, load_vectors
from ser_platform.features.parts import StoredFrames
from ser_platform.features.rows import Progress
from ser_platform.joining import build_dataset
from ser_platform.runtime.tasks import gpus_for, spread
from ser_platform.train.given import Given
from ser_platform.train.identity import code_digest, folds_digest, utterances_digest
from ser_platform.train.prepared import Prepared
from ser_platform.train.progress import log_progress, showing
from ser_platform.train.resident import Resident, TestPart, put
from ser_platform.train.room import refuse_small_disks
from ser_platform.train.spoken import circumstances
from ser_platform.transcripts.stage import complete
from ser_platform.transcripts.wer import compare, in_words
from ser_platform.upkeep.uses import note_use

_log = logging.getLogger(__name__)


def with_words(experiment: Experiment, given: Given) -> Given:
    """What is given, once engines have heard and aligned what had no words or no times.

    Folds are cut again from the utterances that are left.

    Raises:
        SerError: whatever a user can mend there.
    """
    before = given.corpus
    corpus = complete(
        before, experiment.transcript, experiment.alignment, given.store, spread, log_listening
    )
    if corpus is before:
        return given
    for note in corpus.notes[len(before.notes) :]:
        _log.info("corpus: %s", note)
    left = {u.id for u in corpus.utterances}
    said = [u for u in (given.said or before).utterances if u.id in left]
    errors = None
    if not isinstance(experiment.transcript, OracleConfig):
        errors = compare(said, corpus.utterances)
        _log.info("corpus: %s", in_words(errors))
    folds = make_folds(said, experiment.split, validates=experiment.validates)
    return replace(given, corpus=corpus, folds=folds, errors=errors)


def prepare(
    experiments: dict[str, Experiment], given: Given, cluster: ClusterConfig
) -> dict[str, Prepared]:
    """Fill the feature cache where it is cold and put the data where all workers see them.

    Architectures that read the same features share one dataset, in memory too. What a fold is
    trained on is without its test part.

    Args:
        experiments: by architecture; alike in corpus, transcript and word vectors.
        given: what they name, with words in time (:func:`with_words`).
        cluster: how much of it memory holds, and where the rest goes.

    Raises:
        ScratchError: when the disk of a node has no room for frames that memory does not hold.
        SerError: whatever else a user can mend.
    """
    vectors = _vectors(next(iter(experiments.values())), given.corpus)
    of_inputs: dict[object, Prepared] = {}
    prepared: dict[str, Prepared] = {}
    for name, experiment in experiments.items():
        _refuse_mute(experiment, given.corpus)
        inputs = (experiment.features, experiment.functionals)
        if inputs not in of_inputs:
            of_inputs[inputs] = _prepare(experiment, given, vectors, cluster)
        prepared[name] = of_inputs[inputs]
    return prepared


def _refuse_mute(experiment: Experiment, corpus: Corpus) -> None:
    """Raise MuteCorpusError when a network reads phonemes and the corpus knows none."""
    symbols = {p.symbol for u in corpus.utterances for word in u.words for p in word.phonemes}
    if experiment.model.reads_phoneme_symbols and not symbols - {UNKNOWN_PHONEME}:
        raise MuteCorpusError(
            f"{corpus.name}: no phoneme is known in it, and {experiment.model.kind} reads them; "
            "give their times (corpus.alignments, or corpus.phonemes of a table), have them "
            "aligned (corpus.missing_alignment: align), or use modality: audio"
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


def _prepare(
    experiment: Experiment, given: Given, vectors: WordVectors, cluster: ClusterConfig
) -> Prepared:
    corpus = given.corpus
    table, functionals = _load(experiment, given, 1e9 * cluster.frames_in_memory_gb)
    dataset = build_dataset(corpus.utterances, table, vectors, functionals)
    data = {
        "digest": dataset.digest,
        "feature_manifest": table.manifest_key,
        "functionals_manifest": functionals.manifest_key if functionals else None,
        "utterances": len(corpus.utterances),
        "frames": int(table.offsets[-1]),
        "words": len(vectors.words),
        "words_without_vector": len(vectors.unknown),
        "words_from_letters": len(vectors.composed),
        "word_vectors": vectors.identity,
    }
    if given.errors is not None:
        data["transcript"] = given.errors.record
    whole, sealed = _put(dataset, table, given.folds, cluster)
    return Prepared(
        folds=given.folds,
        code=code_digest(),
        whole=whole,
        sealed=sealed,
        digest=folds_digest(dataset.digest, given.folds, experiment.split),
        data=data,
        phonemes=dataset.phonemes,
        corpus=corpus.name,
        utterances=utterances_digest(corpus.utterances, experiment.split),
        synthetic=corpus.synthetic,
        circumstances=circumstances(given, table),
    )


def _put(
    dataset: Dataset,
    table: FrameTable | StoredFrames,
    folds: Sequence[Fold],
    config: ClusterConfig,
) -> tuple[Resident, dict[TestPart, Resident]]:
    """:func:`put`, once it is certain that nodes have room for what memory does not hold."""
    if isinstance(table, FrameTable):
        return put(dataset, folds)
    # The same folder on every node, wherever its processes are started.
    scratch = str(Path(config.scratch).expanduser().absolute()) if config.scratch else ""
    whole, sealed = put(dataset, folds, table, scratch)
    _log.info(
        "features: %d frames, %.1f GB, are more than cluster.frames_in_memory_gb (%g): each node "
        "maps them from files in %s",
        table.offsets[-1],
        4e-9 * table.offsets[-1] * len(table.names),
        config.frames_in_memory_gb,
        scratch or "its temporary folder",
    )
    refuse_small_disks(whole, config)
    return whole, sealed


def fill(file: ExperimentFile, given: Given) -> None:
    """Compute and store what is heard, aligned and extracted, as far as it is not there.

    Alignment is of the corpus, so all architectures share it.
    """
    fill_features(file, with_words(file.experiment(next(iter(file.architectures))), given))


def fill_features(file: ExperimentFile, given: Given) -> None:
    """:func:`fill`, when words are heard and aligned already."""
    for experiment in map(file.experiment, file.architectures):
        table, functionals = _load(experiment, given, most_bytes=0)
        _log.info(
            "features: %s, %d frames of %d utterances in %s, manifest %s",
            experiment.features.kind,
            table.offsets[-1],
            len(table.ids),
            given.store.url,
            table.manifest_key,
        )
        if experiment.functionals and functionals:
            _log.info(
                "features: %s, manifest %s", experiment.functionals.kind, functionals.manifest_key
            )


def _load(
    experiment: Experiment, given: Given, most_bytes: float
) -> tuple[FrameTable | StoredFrames, FunctionalsTable | None]:
    """The features of all utterances, from the cache, which is filled where it is cold.

    Frames that come to more than ``most_bytes`` stay there.
    """
    utterances, store, digests = given.corpus.utterances, given.store, given.digests
    functionals = None
    on_gpus = partial(spread, gpus=gpus_for(experiment.features))
    with showing(experiment.features.kind) as progress:
        table = load_frames_within(
            most_bytes, store, utterances, experiment.features, on_gpus, progress, digests
        )
    if experiment.functionals is not None:
        with showing(experiment.functionals.kind) as progress:
            functionals = load_functionals(
                store, utterances, experiment.functionals, spread, progress, digests
            )
    read = [t.manifest_key for t in (table, functionals) if t is not None]
    note_use(store, experiment.name, given.corpus.name, read)
    return table, functionals


def log_listening(engine: str) -> Progress:
    """The progress lines of a speech engine."""
    return log_progress(engine, "transcripts")
