"""Who says what, how it is meant, and how it is labelled: the whole corpus before it sounds."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ser_platform.corpora.demo.actors import SESSIONS
from ser_platform.corpora.demo.dialogues import Dialogue, Turn
from ser_platform.corpora.demo.labels import another, code_of, disagreement, mislabelled
from ser_platform.corpora.demo.lines import Lines, ScriptLine
from ser_platform.emotions import EMOTIONS


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is in a session.

    Attributes:
        scenes: improvised dialogues.
        turns: of a scene that the raters agree on; both actors have the same number.
        disputed: turns of a dialogue that they do not agree on, or call something else.
        scripts: scripted dialogues.
        script_lines: how far a script is played.
    """

    scenes: int
    turns: int
    disputed: int
    scripts: int
    script_lines: int


SIZES = {
    "full": Size(scenes=4, turns=14, disputed=2, scripts=2, script_lines=14),
    "small": Size(scenes=1, turns=8, disputed=1, scripts=1, script_lines=5),
}
WRITTEN_FOR = (0.74, 0.22, 0.04)
"""Share of improvised turns whose words are written for the emotion, for any, for another."""
AS_SCRIPTED = 0.85
"""Share of scripted lines that are played as they are meant."""
OFF_THE_LETTER = 0.4
"""Share of scripted lines that an actor begins with a word of her own."""
OPENERS = ("Well,", "Oh,", "Listen,", "You know,", "I mean,")


def plan(size: Size, lines: Lines, rng: np.random.Generator) -> list[Dialogue]:
    """All dialogues of all sessions; 5 % of the labels are of another emotion than is acted."""
    scenes = _Scenes(lines, rng)
    topics, scripts = list(lines.topics), list(lines.scripts)
    dialogues = []
    for session in SESSIONS:
        first = (session - 1) * size.scenes
        for i in range(first, first + size.scenes):
            topic = i % len(topics)
            name = f"Ses{session:02}{'FM'[i % 2]}_impro{topic + 1:02}"
            dialogues.append(_numbered(name, session, scenes.improvised(topics[topic], size)))
        first = (session - 1) * size.scripts
        for i in range(first, first + size.scripts):
            script = i % len(scripts)
            name = f"Ses{session:02}{'FM'[i % 2]}_script{script // 2 + 1:02}_{script % 2 + 1}"
            played = lines.scripts[scripts[script]][: size.script_lines]
            dialogues.append(_numbered(name, session, scenes.scripted(played, size)))
    return mislabelled(dialogues, rng)


@dataclass(frozen=True, slots=True)
class _Said:
    """A turn before it has a number."""

    sex: str
    emotion: str
    code: str
    text: str


class _Scenes:
    """Makes dialogues, and never says an improvised line twice while there are others left."""

    def __init__(self, lines: Lines, rng: np.random.Generator) -> None:
        self._rng = rng
        self._shared = _Deck(lines.shared, rng)
        self._written = {
            (topic, emotion): _Deck(written, rng)
            for topic, by_emotion in lines.topics.items()
            for emotion, written in by_emotion.items()
        }

    def improvised(self, topic: str, size: Size) -> list[_Said]:
        """Both actors in turn, each through all four emotions again and again."""
        emotions = {sex: self._mixed(size.turns // 2) for sex in "FM"}
        said = []
        for i in range(size.turns):
            sex = "FM"[i % 2]
            emotion = emotions[sex][i // 2]
            code = code_of(emotion, self._rng)
            said.append(_Said(sex, emotion, code, self._words(topic, emotion)))
        for _ in range(size.disputed):
            emotion, code = disagreement(self._rng)
            sex = "FM"[self._rng.integers(2)]
            turn = _Said(sex, emotion, code, self._words(topic, emotion))
            said.insert(int(self._rng.integers(len(said) + 1)), turn)
        return said

    def scripted(self, script: Sequence[ScriptLine], size: Size) -> list[_Said]:
        """A script as two actors play it: mostly as meant, mostly to the letter."""
        disputed = self._rng.choice(len(script), size.disputed, replace=False)
        said = []
        for i, line in enumerate(script):
            emotion = line.emotion
            if self._rng.uniform() >= AS_SCRIPTED:
                emotion = another(line.emotion, self._rng)
            code = code_of(emotion, self._rng)
            if i in disputed:
                code = disagreement(self._rng)[1]
            text = line.text
            if self._rng.uniform() < OFF_THE_LETTER:
                text = f"{self._rng.choice(OPENERS)} {_uncapitalised(text)}"
            said.append(_Said(line.sex, emotion, code, text))
        return said

    def _mixed(self, count: int) -> list[str]:
        rounds = [self._rng.permutation(EMOTIONS) for _ in range(-(-count // len(EMOTIONS)))]
        return [str(emotion) for emotion in np.concatenate(rounds)[:count]]

    def _words(self, topic: str, emotion: str) -> str:
        match self._rng.choice(3, p=WRITTEN_FOR):
            case 0:
                return self._written[topic, emotion].draw()
            case 1:
                return self._shared.draw()
            case _:
                return self._written[topic, another(emotion, self._rng)].draw()


class _Deck:
    """Lines in random order; when all are drawn they are shuffled again."""

    def __init__(self, lines: Sequence[str], rng: np.random.Generator) -> None:
        self._lines, self._rng, self._left = lines, rng, []

    def draw(self) -> str:
        if not self._left:
            self._left = [str(line) for line in self._rng.permutation(self._lines)]
        return self._left.pop()


def _numbered(name: str, session: int, said: Sequence[_Said]) -> Dialogue:
    """Turns with ids as IEMOCAP gives them: each speaker's turns are counted from 000."""
    counts = Counter[str]()
    turns = []
    for turn in said:
        utterance = f"{name}_{turn.sex}{counts[turn.sex]:03}"
        counts[turn.sex] += 1
        turns.append(Turn(utterance, session, turn.sex, turn.emotion, turn.code, turn.text))
    return Dialogue(name, session, tuple(turns))


def _uncapitalised(text: str) -> str:
    """As it is written in the middle of a sentence."""
    first = text.split(" ")[0].strip(",")
    return text if first == "I" or first.startswith("I'") else text[0].lower() + text[1:]
