"""What each fold holds out, and what is left to learn from."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ser_platform.config.corpus import SplitConfig
from ser_platform.corpora.groups import groups_of_scenarios, groups_of_speakers
from ser_platform.corpora.texts import long_text
from ser_platform.errors import CorpusError
from ser_platform.utterance import Utterance


@dataclass(frozen=True, slots=True)
class Part:
    """The utterances that are held out together."""

    name: str
    utterances: tuple[Utterance, ...]


@dataclass(frozen=True, slots=True)
class Cut:
    """One part is tested, in one group of scenarios or in all of them.

    Attributes:
        parts: all of the corpus.
        part: index of the one that is tested.
        turn: counts on from cut to cut, so that each validates on another speaker.
        name: of the test side.
        test: what is scored.
        rest: what may be learned and selected from.
    """

    parts: Sequence[Part]
    part: int
    turn: int
    name: str
    test: tuple[Utterance, ...]
    rest: tuple[Utterance, ...]


def make_cuts(utterances: Sequence[Utterance], config: SplitConfig) -> list[Cut]:
    """One for each part, or with ``split.scenarios`` for each part and group of scenarios.

    Raises:
        CorpusError: when there is too little to split, or a scenario that is needed is unknown.
    """
    parts = _parts(utterances, config)
    if len(parts) < 2:
        raise CorpusError(
            f"split.by: {config.by} needs at least 2 of them in the corpus, "
            f"found {', '.join(part.name for part in parts) or 'none'}"
        )
    if config.scenarios is None:
        return list(_whole(parts, utterances))
    groups = groups_of_scenarios(utterances, config.scenarios, config.seed)
    return list(_across_scenarios(parts, utterances, groups))


def _whole(parts: Sequence[Part], utterances: Sequence[Utterance]) -> Iterator[Cut]:
    for index, part in enumerate(parts):
        held_out = {u.id for u in part.utterances}
        rest = tuple(u for u in utterances if u.id not in held_out)
        yield Cut(parts, index, index, part.name, part.utterances, rest)


def _across_scenarios(
    parts: Sequence[Part], utterances: Sequence[Utterance], groups: Mapping[str, int]
) -> Iterator[Cut]:
    """A cut for each part and each group of scenarios that it took part in.

    A text may be said in two scenarios: what the test side says is learned nowhere.
    """
    for whole in _whole(parts, utterances):
        for group in sorted({groups[u.scenario] for u in whole.test}):
            test = tuple(u for u in whole.test if groups[u.scenario] == group)
            texts = {long_text(u) for u in test} - {""}
            rest = tuple(
                u for u in whole.rest if groups[u.scenario] != group and long_text(u) not in texts
            )
            name = f"{whole.name}, scenarios {group}"
            yield Cut(parts, whole.part, whole.part + group - 1, name, test, rest)


def _parts(utterances: Sequence[Utterance], config: SplitConfig) -> list[Part]:
    by_part: dict[int | str, list[Utterance]] = defaultdict(list)
    groups: dict[str, int] = {}
    if config.by == "kfold":
        groups = groups_of_speakers(utterances, config.folds, config.seed)
    for utterance in utterances:
        match config.by:
            case "session":
                by_part[utterance.session].append(utterance)
            case "speaker":
                by_part[utterance.speaker].append(utterance)
            case "kfold":
                by_part[groups[utterance.speaker]].append(utterance)
    name = "group" if config.by == "kfold" else config.by
    return [Part(f"{name} {key}", tuple(by_part[key])) for key in sorted(by_part)]
