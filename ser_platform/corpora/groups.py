"""Draws speakers, or scenarios, into groups of about equal size with all classes in each."""

import warnings
from collections import Counter
from collections.abc import Sequence

from ser_platform.corpora.problems import listed
from ser_platform.errors import CorpusError
from ser_platform.utterance import Utterance


def groups_of_speakers(utterances: Sequence[Utterance], count: int, seed: int) -> dict[str, int]:
    """Speaker -> group from 1.

    Raises:
        CorpusError: when there are too few speakers or utterances.
    """
    return _drawn(utterances, [u.speaker for u in utterances], count, seed, "folds", "speakers")


def groups_of_scenarios(utterances: Sequence[Utterance], count: int, seed: int) -> dict[str, int]:
    """Scenario -> group from 1.

    Raises:
        CorpusError: when there are too few, or utterances whose scenario is unknown.
    """
    if unknown := [u.id for u in utterances if not u.scenario]:
        raise CorpusError(
            f"split.scenarios needs the scenario of every utterance; {len(unknown)} of "
            f"{len(utterances)} have none: {listed(unknown)}; give it in the corpus, or set "
            "split.scenarios: null"
        )
    names = [u.scenario for u in utterances]
    return _drawn(utterances, names, count, seed, "scenarios", "scenarios")


def _drawn(
    utterances: Sequence[Utterance],
    names: list[str],
    count: int,
    seed: int,
    setting: str,
    what: str,
) -> dict[str, int]:
    from sklearn.model_selection import StratifiedGroupKFold

    emotions = [u.emotion for u in utterances]
    most = max(Counter(emotions).values(), default=0)
    if min(len(set(names)), most) < count:
        raise CorpusError(
            f"split.{setting}: {count} groups need as many {what}, and as many utterances of "
            f"some emotion; the corpus has {len(set(names))} {what}, and {most} utterances "
            "of its most frequent emotion"
        )
    splitter = StratifiedGroupKFold(count, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        # A class rarer than the folds: a side that lacks it is reported when folds are checked.
        warnings.filterwarnings("ignore", "The least populated class", UserWarning)
        drawn = splitter.split(names, emotions, names)
        return {names[i]: group for group, (_, test) in enumerate(drawn, 1) for i in test}
