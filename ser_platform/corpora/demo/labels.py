"""What the raters wrote: labels, votes, and valence, activation and dominance."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from ser_platform.corpora.demo.dialogues import Dialogue, Turn
from ser_platform.emotions import EMOTIONS

WRONG = 0.05
"""Share of labels, among those of the four emotions, that are not what was acted."""
EXCITED = 0.6
"""Share of happy turns that are called excited, which IEMOCAP's reader merges."""
DISPUTED = {"fru": 0.4, "xxx": 0.4, "sur": 0.1, "oth": 0.1}
"""Labels outside the four emotions (``xxx``: no majority), and how often each is given."""
ACTED_AS = {"fru": "ang", "sur": "hap", "oth": "neu"}
"""What sounds like these; ``xxx`` is any emotion."""
CATEGORIES = {
    "ang": "Anger",
    "hap": "Happiness",
    "exc": "Excited",
    "neu": "Neutral",
    "sad": "Sadness",
    "fru": "Frustration",
    "sur": "Surprise",
    "oth": "Other",
}
ATTRIBUTES = {
    "ang": (1.9, 3.9, 4.0),
    "hap": (4.1, 3.3, 3.2),
    "exc": (4.2, 3.9, 3.4),
    "neu": (3.0, 2.5, 2.7),
    "sad": (2.1, 2.1, 2.2),
    "fru": (2.2, 3.1, 3.2),
    "sur": (3.2, 3.6, 2.9),
    "oth": (3.0, 3.0, 3.0),
    "xxx": (2.7, 3.0, 3.0),
}
"""Valence, activation and dominance, 1 to 5, that raters mean by a label."""
RATERS = ("E2", "E3", "E4")


def code_of(emotion: str, rng: np.random.Generator) -> str:
    """IEMOCAP's label of an emotion; happy is split into happy and excited."""
    return "exc" if emotion == "hap" and rng.uniform() < EXCITED else emotion


def disagreement(rng: np.random.Generator) -> tuple[str, str]:
    """An emotion to act and a label outside the four that it is given."""
    code = str(rng.choice(list(DISPUTED), p=list(DISPUTED.values())))
    return ACTED_AS.get(code) or str(rng.choice(EMOTIONS)), code


def another(emotion: str, rng: np.random.Generator) -> str:
    """One of the three other emotions."""
    return str(rng.choice([other for other in EMOTIONS if other != emotion]))


def mislabelled(dialogues: Sequence[Dialogue], rng: np.random.Generator) -> list[Dialogue]:
    """The same dialogues with some labels wrong.

    Every speaker keeps at least one utterance of each emotion that she has acted.
    """
    labelled = [turn for d in dialogues for turn in d.turns if turn.code not in DISPUTED]
    left = Counter((turn.session, turn.sex, turn.emotion) for turn in labelled)
    wanted = round(WRONG * len(labelled))
    wrong: dict[str, Turn] = {}
    for i in rng.permutation(len(labelled)):
        turn = labelled[i]
        key = (turn.session, turn.sex, turn.emotion)
        if len(wrong) < wanted and left[key] > 1:
            left[key] -= 1
            code = code_of(another(turn.emotion, rng), rng)
            wrong[turn.utterance] = replace(turn, code=code)
    return [
        replace(d, turns=tuple(wrong.get(turn.utterance, turn) for turn in d.turns))
        for d in dialogues
    ]


def evaluation(turn: Turn, start_s: float, end_s: float, rng: np.random.Generator) -> str:
    """One turn's block in ``EmoEvaluation``: the consensus, then each rater's votes."""
    ratings = {rater: _rating(turn.code, rng) for rater in (*RATERS, f"{turn.sex}1")}
    mean = np.mean([ratings[rater] for rater in RATERS], axis=0)
    lines = [
        f"[{start_s:.4f} - {end_s:.4f}]\t{turn.utterance}\t{turn.code}\t"
        f"[{mean[0]:.4f}, {mean[1]:.4f}, {mean[2]:.4f}]"
    ]
    votes = zip(ratings, _votes(turn.code, rng), strict=True)
    lines += [f"C-{rater}:\t{CATEGORIES[vote]};\t()" for rater, vote in votes]
    lines += [
        f"A-{rater}:\tval {valence}; act {activation}; dom  {dominance};\t()"
        for rater, (valence, activation, dominance) in ratings.items()
    ]
    return "\n".join(lines) + "\n"


def _rating(code: str, rng: np.random.Generator) -> tuple[int, int, int]:
    valence, activation, dominance = (
        int(value) for value in np.rint(rng.normal(ATTRIBUTES[code], 0.6)).clip(1, 5)
    )
    return valence, activation, dominance


def _votes(code: str, rng: np.random.Generator) -> Iterator[str]:
    """Of the three raters, most of whom gave the label, and of the actor."""
    if code == "xxx":
        yield from (str(vote) for vote in rng.choice(list(CATEGORIES), 4, replace=False))
        return
    dissenter = int(rng.integers(2 * len(RATERS)))  # half of the time all three agree
    for i in range(len(RATERS) + 1):
        yield str(rng.choice(list(CATEGORIES))) if i == dissenter else code
