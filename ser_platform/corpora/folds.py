"""Cuts a corpus into folds: train, validation and test, no speaker on two sides.

With ``split.scenarios`` no scenario is on the test side and on another one either. A fold then
tests what one part (a session, say) says in one group of scenarios, and learns from what the
other parts say in the other groups.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from ser_platform.config.corpus import SplitConfig, ValidationConfig
from ser_platform.corpora.cuts import Cut, make_cuts
from ser_platform.errors import CorpusError
from ser_platform.utterance import Utterance

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Fold:
    """Ids of the utterances on each side, sorted.

    With ``split.scenarios`` there are utterances on no side.

    Attributes:
        number: from 1.
        held_out: what the test side is, e.g. ``session 3`` or ``session 3, scenarios 1``.
        train: what weights, normalisation and vocabularies are made from.
        validation: what selects epochs and settings; empty where nothing is selected.
        test: scored once, after selection.
    """

    number: int
    held_out: str
    train: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]


def make_folds(
    utterances: Sequence[Utterance], config: SplitConfig, *, validates: bool = True
) -> tuple[Fold, ...]:
    """One fold per session, speaker or group of speakers, times groups of scenarios if asked.

    Every utterance is tested once; the order of ``utterances`` is ignored.

    Args:
        utterances: of the corpus.
        config: how it is cut.
        validates: whether a part of each training side is set apart; without it all of that side
            is learned from.

    Raises:
        CorpusError: when there is too little to split, a speaker would be on two sides, a
            training side lacks a class, or a scenario that is needed is unknown.
    """
    ordered = sorted(utterances, key=lambda u: u.id)
    cuts = make_cuts(ordered, config)
    return tuple(
        _fold(number, cut, ordered, config, validates) for number, cut in enumerate(cuts, 1)
    )


def _fold(
    number: int, cut: Cut, utterances: Sequence[Utterance], config: SplitConfig, validates: bool
) -> Fold:
    chosen = {u.id for u in _validation(number, cut, config.validation)} if validates else set()
    fold = Fold(
        number=number,
        held_out=cut.name,
        train=tuple(u.id for u in cut.rest if u.id not in chosen),
        validation=tuple(u.id for u in cut.rest if u.id in chosen),
        test=tuple(u.id for u in cut.test),
    )
    _check(fold, utterances, validates=validates, crossed=config.scenarios is not None)
    return fold


def _validation(number: int, cut: Cut, config: ValidationConfig) -> list[Utterance]:
    """The part of ``cut.rest``, a fold's training utterances, that is used for validation.

    By speaker, fold after fold: one of the part that is held out next, first its first speaker,
    then its second, and so on round, so that each fold has another one. By session: the next
    one that is not held out.
    """
    rest, turn = cut.rest, cut.turn
    match config.by:
        case "speaker":
            speakers = _next_speakers(cut)
            drawn = {speakers[turn % len(speakers)]} if speakers else set()
        case "share":
            speakers = sorted({u.speaker for u in rest})
            count = max(1, min(round(config.share * len(speakers)), len(speakers) - 1))
            generator = np.random.default_rng([config.seed, number - 1])
            drawn = set(generator.choice(speakers, size=count, replace=False).tolist())
        case "session":
            held_out = {u.session for u in cut.parts[cut.part].utterances}
            sessions = sorted({u.session for u in rest} - held_out)
            if not sessions:
                raise CorpusError(
                    f"fold {number} ({cut.name}): every session has utterances in "
                    "the test part, none is left for validation; use split.validation.by: speaker"
                )
            session = sessions[turn % len(sessions)]
            return [u for u in rest if u.session == session]
    return [u for u in rest if u.speaker in drawn]


def _next_speakers(cut: Cut) -> list[str]:
    """Those of the part after the one that is tested who have something left to validate on."""
    left = {u.speaker for u in cut.rest}
    for step in range(1, len(cut.parts)):
        following = cut.parts[(cut.part + step) % len(cut.parts)]
        if speakers := sorted({u.speaker for u in following.utterances} & left):
            return speakers
    return []


def _check(fold: Fold, utterances: Sequence[Utterance], *, validates: bool, crossed: bool) -> None:
    """Refuse an empty side, a speaker on two sides, and a class that cannot be learned."""
    by_id = {u.id: u for u in utterances}
    sides = {
        "training": [by_id[i] for i in fold.train],
        "validation": [by_id[i] for i in fold.validation],
        "test": [by_id[i] for i in fold.test],
    }
    if not validates:
        del sides["validation"]
    name = f"fold {fold.number} ({fold.held_out})"
    for (one, left), (other, right) in combinations(sides.items(), 2):
        if shared := {u.speaker for u in left} & {u.speaker for u in right}:
            raise CorpusError(
                f"{name}: speakers {', '.join(sorted(shared))} are in {one} and in {other}; "
                "a speaker's name must be unique over the corpus, and a person in several "
                "sessions needs split.by: speaker or kfold"
            )
    for side, own in sides.items():
        if not own:
            raise CorpusError(
                f"{name}: nothing is left for {side}; the corpus has "
                f"{len({u.speaker for u in utterances})} speakers, too few for split.by and "
                "split.validation" + ", or scenarios that only they play" * crossed
            )
        missing = ", ".join(sorted({u.emotion for u in utterances} - {u.emotion for u in own}))
        if missing and side == "training":
            raise CorpusError(f"{name}: no utterance of {missing} in training; hold out less")
        if missing:
            _log.warning("%s: no utterance of %s in %s", name, missing, side)
