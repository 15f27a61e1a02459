"""What a network is given must be what it reads: refused here before anything is computed."""

from ser_platform.config.corpus import CorpusConfig
from ser_platform.config.inputs import EmbeddingConfig, FunctionalsConfig
from ser_platform.config.model import ModelConfig
from ser_platform.config.recognition import RecognitionConfig
from ser_platform.config.transcript import RecognisedConfig, TranscriptConfig


def refuse_unread(
    model: ModelConfig,
    functionals: FunctionalsConfig | None,
    embedding: EmbeddingConfig,
    transcript: TranscriptConfig,
    corpus: CorpusConfig,
) -> None:
    """Raise ValueError when a network ignores what it is given, or reads what nobody gives."""
    if corpus.missing_alignment == "align":
        if corpus.kind == "emodb":
            raise ValueError(
                "corpus.missing_alignment is align, but EmoDB is German and the aligner reads "
                "English; give corpus.alignments, or even"
            )
        if transcript.kind == "corrupted":
            raise ValueError(
                "corpus.missing_alignment is align, and transcript.kind corrupted needs word "
                "times before it errs; give the times with the corpus, or even"
            )
    if functionals and not model.reads_functionals:
        raise ValueError(
            f"functionals ({functionals.kind}) are given, but the network ({model.kind}) reads "
            "none; leave them out, or use dual_rnn with modality both or audio"
        )
    if embedding.trainable and not model.reads_words:
        raise ValueError(
            f"embedding.trainable is true, but the network ({model.kind}) reads no words: there "
            "is nothing to learn them from"
        )
    if isinstance(transcript, RecognitionConfig) and transcript.times == "engine":
        if model.reads_phoneme_symbols:
            raise ValueError(
                f"{model.kind} reads phonemes, and {transcript.kind} gives none; use "
                "transcript.times: align, or modality: audio"
            )
        return
    if not isinstance(transcript, RecognisedConfig) or transcript.times == "align":
        return
    if model.reads_phoneme_symbols:
        raise ValueError(
            f"{model.kind} reads phonemes, and recognised text has none; use "
            "transcript.times: align, or modality: audio"
        )
    if model.reads_word_times and not transcript.has_times:
        raise ValueError(
            f"transcript.words is empty, but the network ({model.kind}) reads the times of words; "
            "give them, have them found (transcript.times: align), or let it read none "
            "(alignment: learned, modality: text)"
        )
