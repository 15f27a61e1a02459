"""Cuts a corpus into folds: train, validation and test, no speaker on two sides."""

import logging
import warnings
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from ser_platform.config.corpus import SplitConfig, ValidationConfig
from ser_platform.errors import CorpusError
from ser_platform.utterance import Utterance

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Fold:
    """Ids of the utterances on each side, sorted.

    Attributes:
        number: from 1.
        held_out: what the test side is, e.g. ``session 3``.
        train: what weights, normalisation and vocabularies are made from.
        validation: what selects epochs and settings.
        test: scored once, after selection.
    """

    number: int
    held_out: str
    train: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Part:
    """The utterances that are held out together."""

    name: str
    utterances: tuple[Utterance, ...]


def make_folds(utterances: Sequence[Utterance], config: SplitConfig) -> tuple[Fold, ...]:
    """One fold per session, speaker or group of speakers; the order of ``utterances`` is ignored.

    Raises:
        CorpusError: when there is too little to split, a speaker would be on two sides, or a
            training side lacks a class.
    """
    ordered = sorted(utterances, key=lambda u: u.id)
    parts = _parts(ordered, config)
    if len(parts) < 2:
        raise CorpusError(
            f"split.by: {config.by} needs at least 2 of them in the corpus, "
            f"found {', '.join(part.name for part in parts) or 'none'}"
        )
    return tuple(_fold(index, parts, ordered, config) for index in range(len(parts)))


def _parts(utterances: Sequence[Utterance], config: SplitConfig) -> list[_Part]:
    by_part: dict[int | str, list[Utterance]] = defaultdict(list)
    groups = _groups_of_speakers(utterances, config) if config.by == "kfold" else {}
    for utterance in utterances:
        match config.by:
            case "session":
                by_part[utterance.session].append(utterance)
            case "speaker":
                by_part[utterance.speaker].append(utterance)
            case "kfold":
                by_part[groups[utterance.speaker]].append(utterance)
    name = "group" if config.by == "kfold" else config.by
    return [_Part(f"{name} {key}", tuple(by_part[key])) for key in sorted(by_part)]


def _groups_of_speakers(utterances: Sequence[Utterance], config: SplitConfig) -> dict[str, int]:
    """Speaker -> group from 1, the classes spread about evenly over the groups."""
    from sklearn.model_selection import StratifiedGroupKFold

    speakers = [u.speaker for u in utterances]
    emotions = [u.emotion for u in utterances]
    most = max(Counter(emotions).values(), default=0)
    if min(len(set(speakers)), most) < config.folds:
        raise CorpusError(
            f"split.folds: {config.folds} groups need as many speakers, and as many utterances of "
            f"some emotion; the corpus has {len(set(speakers))} speakers, and {most} utterances "
            "of its most frequent emotion"
        )
    splitter = StratifiedGroupKFold(config.folds, shuffle=True, random_state=config.seed)
    with warnings.catch_warnings():
        # A class rarer than the folds: a side that lacks it is reported by _check.
        warnings.filterwarnings("ignore", "The least populated class", UserWarning)
        drawn = splitter.split(speakers, emotions, speakers)
        return {speakers[i]: group for group, (_, test) in enumerate(drawn, 1) for i in test}


def _fold(
    index: int, parts: Sequence[_Part], utterances: Sequence[Utterance], config: SplitConfig
) -> Fold:
    test = parts[index].utterances
    held_out = {u.id for u in test}
    rest = [u for u in utterances if u.id not in held_out]
    chosen = {u.id for u in _validation(index, parts, rest, config.validation)}
    fold = Fold(
        number=index + 1,
        held_out=parts[index].name,
        train=tuple(u.id for u in rest if u.id not in chosen),
        validation=tuple(u.id for u in rest if u.id in chosen),
        test=tuple(u.id for u in test),
    )
    _check(fold, utterances)
    return fold


def _validation(
    index: int, parts: Sequence[_Part], rest: Sequence[Utterance], config: ValidationConfig
) -> list[Utterance]:
    """The part of ``rest``, a fold's training utterances, that is used for validation.

    By speaker, fold after fold: one of the part that is held out next, first its first speaker,
    then its second, and so on round, so that each fold has another one. By session: the next
    one that is not held out.
    """
    match config.by:
        case "speaker":
            following = parts[(index + 1) % len(parts)]
            speakers = sorted({u.speaker for u in following.utterances})
            drawn = {speakers[index % len(speakers)]}
        case "share":
            speakers = sorted({u.speaker for u in rest})
            count = max(1, min(round(config.share * len(speakers)), len(speakers) - 1))
            generator = np.random.default_rng([config.seed, index])
            drawn = set(generator.choice(speakers, size=count, replace=False).tolist())
        case "session":
            held_out = {u.session for u in parts[index].utterances}
            sessions = sorted({u.session for u in rest} - held_out)
            if not sessions:
                raise CorpusError(
                    f"fold {index + 1} ({parts[index].name}): every session has utterances in "
                    "the test part, none is left for validation; use split.validation.by: speaker"
                )
            session = sessions[index % len(sessions)]
            return [u for u in rest if u.session == session]
    return [u for u in rest if u.speaker in drawn]


def _check(fold: Fold, utterances: Sequence[Utterance]) -> None:
    """Refuse an empty side, a speaker on two sides, and a class that cannot be learned."""
    by_id = {u.id: u for u in utterances}
    sides = {
        "training": [by_id[i] for i in fold.train],
        "validation": [by_id[i] for i in fold.validation],
        "test": [by_id[i] for i in fold.test],
    }
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
                "split.validation"
            )
        missing = ", ".join(sorted({u.emotion for u in utterances} - {u.emotion for u in own}))
        if missing and side == "training":
            raise CorpusError(f"{name}: no utterance of {missing} in training; hold out less")
        if missing:
            _log.warning("%s: no utterance of %s in %s", name, missing, side)
