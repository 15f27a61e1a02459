"""CREMA-D (Cao et al. 2014): ``1001_DFA_ANG_XX`` is actor 1001, a sentence, angry, no level."""

import re
from collections.abc import Mapping
from typing import Literal

from ser_platform.config.corpus import CremadCorpusConfig
from ser_platform.corpora.base import Corpus
from ser_platform.corpora.csvfile import read_csv
from ser_platform.corpora.named import (
    Findings,
    Recording,
    existing_root,
    find_recordings,
    finish_named,
    note_other_emotions,
)
from ser_platform.corpora.problems import listed
from ser_platform.utterance import Utterance

SENTENCES = {
    "IEO": "It's eleven o'clock.",
    "TIE": "That is exactly what happened.",
    "IOM": "I'm on my way to the meeting.",
    "IWW": "I wonder what this is about.",
    "TAI": "The airplane is almost full.",
    "MTI": "Maybe tomorrow it will be cold.",
    "IWL": "I would like a new alarm clock.",
    "ITH": "I think I have a doctor's appointment.",
    "DFA": "Don't forget a jacket.",
    "ITS": "I think I've seen this before.",
    "TSI": "The surface is slick.",
    "WSI": "We'll stop in a couple of minutes.",
}
EMOTIONS = {"ANG": "ang", "HAP": "hap", "NEU": "neu", "SAD": "sad"}
"""What the actor was asked for, as the file name has it; the raters often heard another."""
OTHERS = {"DIS": "disgust", "FEA": "fear"}
DEMOGRAPHICS = "VideoDemographics.csv"

_NAME = re.compile(
    rf"(?P<actor>10\d\d)_(?P<sentence>{'|'.join(SENTENCES)})"
    rf"_(?P<emotion>{'|'.join([*EMOTIONS, *OTHERS])})_(?:LO|MD|HI|XX?)"  # X: 1040_ITH_SAD_X
)
_SHOULD = "AudioWAV with recordings such as 1001_DFA_ANG_XX.wav"

Sexes = Mapping[str, Literal["F", "M"]]


def read_cremad(config: CremadCorpusConfig) -> Corpus:
    """The utterances of four of its six emotions; each actor is a session of the same number.

    Raises:
        CorpusError: listing all problems at once.
    """
    found = Findings(existing_root(config.root, _SHOULD))
    recordings = find_recordings(found, ("AudioWAV", "."), _NAME, _SHOULD)
    sexes = _sexes(found, {recording.name["actor"] for recording in recordings})
    utterances = [_utterance(r, sexes) for r in recordings if r.name["emotion"] in EMOTIONS]
    others = [r.name["emotion"] for r in recordings if r.name["emotion"] in OTHERS]
    note_other_emotions(found, others, OTHERS)
    return finish_named("cremad", utterances, config, found)


def _utterance(recording: Recording, sexes: Sexes) -> Utterance:
    name = recording.name
    return Utterance(
        id=recording.id,
        audio=str(recording.path),
        speaker=name["actor"],
        session=int(name["actor"]),
        emotion=EMOTIONS[name["emotion"]],
        transcript=SENTENCES[name["sentence"]],
        scenario=name["sentence"],
        style="scripted",
        sex=sexes.get(name["actor"], ""),
    )


def _sexes(found: Findings, actors: set[str]) -> Sexes:
    """By actor, from ``ActorID,Age,Sex,Race,Ethnicity``; nothing when the file is not there."""
    path = found.root / DEMOGRAPHICS
    if not path.is_file():
        return {}
    file = read_csv(path, found.problems)
    actor, sex = file.column("ActorID"), file.column("Sex")
    sexes: dict[str, Literal["F", "M"]] = {}
    for row in file.rows:
        match row[sex]:
            case "Female":
                sexes[row[actor]] = "F"
            case "Male":
                sexes[row[actor]] = "M"
            case other:
                found.problems.append(
                    f"{path}, line {row.line}: Sex is '{other}', not Female or Male"
                )
    if missing := sorted(actors - set(sexes)):
        found.problems.append(f"{path}: no row for actor {listed(missing)}")
    return sexes
