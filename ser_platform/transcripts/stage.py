"""What takes a cluster: hearing the words of a corpus, and finding when they were said."""

from collections.abc import Callable

from ser_platform.config.alignment import AlignmentConfig
from ser_platform.config.recognition import RecognitionConfig
from ser_platform.config.transcript import TranscriptConfig
from ser_platform.corpora.base import Corpus
from ser_platform.features.rows import Progress
from ser_platform.storage.base import ObjectStore
from ser_platform.transcripts.alignment.fill import align
from ser_platform.transcripts.recognition import recognise
from ser_platform.transcripts.results import Run


def complete(
    corpus: Corpus,
    transcript: TranscriptConfig,
    alignment: AlignmentConfig,
    store: ObjectStore,
    run: Run,
    progress: Callable[[str], Progress],
) -> Corpus:
    """The corpus with the words that an experiment names, each in time; itself when it has them.

    Args:
        corpus: as :func:`ser_platform.transcripts.with_transcripts` gives it.
        transcript: recognised here where it names an engine.
        alignment: of utterances whose words have no times.
        store: where results are kept.
        run: spreads the work.
        progress: makes the progress line of an engine.

    Raises:
        CorpusError: for utterances that are not aligned, unless the settings allow them.
        EngineError: when an engine cannot be used.
        FeatureError: for recordings that cannot be used.
        StoreError: when the store cannot be reached or refuses.
    """
    if isinstance(transcript, RecognitionConfig):
        corpus = recognise(corpus, transcript, store, run, progress(transcript.kind))
    return align(corpus, alignment, store, run, progress(f"alignment by {alignment.kind}"))
