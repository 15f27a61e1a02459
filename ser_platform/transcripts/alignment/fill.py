"""Times for the utterances of a corpus that have none, and what becomes of those not aligned."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from statistics import median

from ser_platform.config.alignment import AlignmentConfig
from ser_platform.corpora.base import Corpus, duration_s
from ser_platform.corpora.problems import listed, refuse_if_any
from ser_platform.corpora.words import clean_words, spread_words
from ser_platform.features.rows import Progress
from ser_platform.storage.base import ObjectStore
from ser_platform.transcripts.alignment.aligned import aligned_words, failure
from ser_platform.transcripts.engines.base import Result
from ser_platform.transcripts.results import Run, load_results
from ser_platform.utterance import Utterance

_ENDS = {"even": "their words are spread evenly over the recording", "drop": "left out"}


def align(
    corpus: Corpus, config: AlignmentConfig, store: ObjectStore, run: Run, progress: Progress
) -> Corpus:
    """The corpus with words in time wherever a transcript has words.

    Raises:
        CorpusError: listing the utterances that are not aligned, where ``unaligned`` is refuse.
        EngineError: when the aligner cannot be used.
        FeatureError: for recordings that cannot be used.
        StoreError: when the store cannot be reached or refuses.
    """
    words = {u.id: tuple(clean_words(u.transcript)) for u in corpus.utterances if not u.words}
    untimed = [u for u in corpus.utterances if words.get(u.id)]
    if not untimed:
        return corpus
    results = load_results(store, untimed, words, config, run, progress)
    reasons = _reasons(results, config.lowest_score)
    if config.unaligned == "refuse":
        _refuse(corpus.name, reasons, len(untimed))
    aligned = {u.id: replace(u, words=aligned_words(results[u.id])) for u in untimed}
    if config.unaligned == "even":
        aligned |= {u.id: _spread(u) for u in untimed if u.id in reasons}
    left_out = reasons if config.unaligned == "drop" else {}
    return replace(
        corpus,
        utterances=tuple(aligned.get(u.id, u) for u in corpus.utterances if u.id not in left_out),
        notes=(*corpus.notes, *_notes(results, reasons, config)),
    )


def _reasons(results: Mapping[str, Result], lowest_score: float) -> dict[str, str]:
    """Why utterances count as not aligned, by id."""
    found = {id_: failure(result, lowest_score) for id_, result in sorted(results.items())}
    return {id_: reason for id_, reason in found.items() if reason}


def _refuse(name: str, reasons: Mapping[str, str], asked: int) -> None:
    problems = [f"{id_}: {reason}" for id_, reason in reasons.items()]
    refuse_if_any(
        problems,
        f"{name}: {len(reasons)} of {asked} utterances are not aligned; mend their transcripts, "
        "give word times, or set alignment.unaligned to even or drop",
    )


def _notes(
    results: Mapping[str, Result], reasons: Mapping[str, str], config: AlignmentConfig
) -> Iterable[str]:
    scores = [result["score"] for id_, result in results.items() if id_ not in reasons]
    quality = f", median score {median(scores):.2f}" if scores else ""
    yield f"forced alignment: {len(scores)} of {len(results)} utterances aligned{quality}"
    if reasons:
        said = listed((f"{id_} ({reason})" for id_, reason in reasons.items()), most=5)
        yield f"not aligned, {_ENDS[config.unaligned]}: {len(reasons)} utterances: {said}"


def _spread(utterance: Utterance) -> Utterance:
    return replace(utterance, words=spread_words(utterance.transcript, duration_s(utterance)))
