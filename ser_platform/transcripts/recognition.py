"""The words that a recognition engine hears, in the place of a corpus's own."""

from dataclasses import replace

from ser_platform.config.recognition import RecognitionConfig
from ser_platform.corpora.base import Corpus
from ser_platform.corpora.problems import listed
from ser_platform.corpora.words import Segment, timed_words
from ser_platform.features.rows import Progress
from ser_platform.storage.base import ObjectStore
from ser_platform.transcripts.engines.base import Result
from ser_platform.transcripts.results import Run, load_results
from ser_platform.utterance import Utterance


def recognise(
    corpus: Corpus, config: RecognitionConfig, store: ObjectStore, run: Run, progress: Progress
) -> Corpus:
    """The corpus with what an engine hears; words are empty where they are to be aligned.

    Raises:
        EngineError: when the engine cannot be used.
        FeatureError: for recordings that cannot be used.
        StoreError: when the store cannot be reached or refuses.
    """
    results = load_results(store, corpus.utterances, {}, config, run, progress)
    utterances = tuple(
        _with_heard(u, results[u.id], own_times=config.times == "engine")
        for u in corpus.utterances
    )
    notes = [f"words as {config.kind} heard them"]
    if silent := [u.id for u in utterances if not u.transcript]:
        notes.append(f"nothing was recognised in {len(silent)} utterances: {listed(silent)}")
    return replace(corpus, utterances=utterances, notes=(*corpus.notes, *notes))


def _with_heard(utterance: Utterance, result: Result, *, own_times: bool) -> Utterance:
    segments = [Segment(*word) for word in result["words"] or ()] if own_times else []
    return replace(utterance, transcript=result["text"], words=timed_words(segments, ()))
