"""Corpora: recordings with speaker, session, emotion and words, all read to `Utterance`."""

from ser_platform.config.corpus import (
    AudformatCorpusConfig,
    CorpusConfig,
    CremadCorpusConfig,
    DemoCorpusConfig,
    EmodbCorpusConfig,
    IemocapCorpusConfig,
    MeldCorpusConfig,
    RavdessCorpusConfig,
    TableCorpusConfig,
)
from ser_platform.corpora.base import Corpus, refuse_too_many_bad

__all__ = ["Corpus", "read_corpus", "read_whatever_share"]


def read_corpus(config: CorpusConfig) -> Corpus:
    """The corpus that an experiment names; the demo corpus is made first when it is not there.

    Raises:
        CorpusError: when it is not there, incomplete, or contradicts itself; all problems at
            once. Also when more recordings than ``max_bad_share`` cannot be used.
    """
    corpus = read_whatever_share(config)
    refuse_too_many_bad(corpus, config.max_bad_share)
    return corpus


def read_whatever_share(config: CorpusConfig) -> Corpus:
    """:func:`read_corpus`, however many recordings had to be put aside."""
    match config:
        case IemocapCorpusConfig():
            from pathlib import Path

            from ser_platform.corpora.iemocap import read_iemocap

            return read_iemocap(
                Path(config.root),
                check_counts=config.check_counts,
                missing_alignment=config.missing_alignment,
                style=config.style,
            )
        case EmodbCorpusConfig():
            from ser_platform.corpora.emodb import read_emodb

            return read_emodb(config)
        case RavdessCorpusConfig():
            from ser_platform.corpora.ravdess import read_ravdess

            return read_ravdess(config)
        case CremadCorpusConfig():
            from ser_platform.corpora.cremad import read_cremad

            return read_cremad(config)
        case MeldCorpusConfig():
            from ser_platform.corpora.meld import read_meld

            return read_meld(config)
        case AudformatCorpusConfig():
            from ser_platform.corpora.audformat import read_audformat

            return read_audformat(config)
        case TableCorpusConfig():
            from ser_platform.corpora.table import read_table_corpus

            return read_table_corpus(config)
        case DemoCorpusConfig():
            from ser_platform.corpora.demo import read_demo

            return read_demo(config)
