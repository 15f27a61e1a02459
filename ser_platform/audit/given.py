"""What an audit looks at: folds of utterances, their texts and sounds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from ser_platform.corpora.base import Corpus
from ser_platform.corpora.folds import Fold
from ser_platform.corpora.sound import Sound
from ser_platform.corpora.words import clean_words
from ser_platform.utterance import Utterance

STYLES = ("scripted", "improvised")


@dataclass(frozen=True)
class Sides:
    """The utterances of one fold."""

    name: str
    train: tuple[Utterance, ...]
    validation: tuple[Utterance, ...]
    test: tuple[Utterance, ...]

    @property
    def known(self) -> tuple[Utterance, ...]:
        """All that a model was learned or chosen by."""
        return self.train + self.validation


@dataclass(frozen=True)
class Given:
    """A corpus as an experiment cuts it."""

    corpus: Corpus
    folds: Sequence[Fold]
    sounds: Mapping[str, Sound]
    crossed: bool
    """Whether ``split.scenarios`` forbids a scenario on two sides."""

    @cached_property
    def sides(self) -> tuple[Sides, ...]:
        """One for each fold."""
        by_id = {u.id: u for u in self.corpus.utterances}
        return tuple(
            Sides(
                fold.held_out,
                *(
                    tuple(by_id[i] for i in side)
                    for side in (fold.train, fold.validation, fold.test)
                ),
            )
            for fold in self.folds
        )

    @cached_property
    def texts(self) -> dict[str, str]:
        """Utterance id -> what is said, lower case and without punctuation."""
        return {u.id: " ".join(clean_words(u.transcript)) for u in self.corpus.utterances}

    @cached_property
    def styles(self) -> tuple[str, ...]:
        """``all``, and the styles that the corpus has."""
        found = {u.style for u in self.corpus.utterances}
        return ("all", *(style for style in STYLES if style in found))


def of_style(utterance: Utterance, style: str) -> bool:
    """Whether it belongs into a column of that name."""
    return style in ("all", utterance.style)
