"""RAVDESS (Livingstone and Russo 2018): ``03-01-05-02-01-01-12`` says all in seven numbers.

Modality (03: sound only), channel (01 speech, 02 song), emotion, intensity, statement,
repetition, actor.
"""

import re

from ser_platform.config.corpus import RavdessCorpusConfig
from ser_platform.corpora.base import Corpus
from ser_platform.corpora.named import (
    Findings,
    Recording,
    existing_root,
    find_recordings,
    finish_named,
    note_other_emotions,
)
from ser_platform.utterance import Utterance

STATEMENTS = {"01": "Kids are talking by the door.", "02": "Dogs are sitting by the door."}
EMOTIONS = {"01": "neu", "03": "hap", "04": "sad", "05": "ang"}
OTHERS = {"02": "calm", "06": "fearful", "07": "disgust", "08": "surprised"}
CALM = "02"

_NAME = re.compile(
    r"(?P<modality>0[1-3])-(?P<channel>0[12])-(?P<emotion>0[1-8])-0[12]-(?P<statement>0[12])-0[12]"
    r"-(?P<actor>0[1-9]|1\d|2[0-4])"
)
_FOLDERS = ("Actor_*", "*/Actor_*", ".")
_SHOULD = "Actor_01 to Actor_24 with recordings such as 03-01-01-01-01-01-01.wav"


def read_ravdess(config: RavdessCorpusConfig) -> Corpus:
    """Spoken utterances of four of its eight emotions; each actor is a session of that number.

    Raises:
        CorpusError: listing all problems at once.
    """
    found = Findings(existing_root(config.root, _SHOULD))
    recordings = find_recordings(found, _FOLDERS, _NAME, _SHOULD)
    spoken = [r for r in recordings if (r.name["modality"], r.name["channel"]) == ("03", "01")]
    if left_out := len(recordings) - len(spoken):
        found.notes.append(f"{left_out} recordings of song, or of a video's sound, left out")
    calm = {CALM: "neu"} if config.calm == "neutral" else {}
    emotions = {**EMOTIONS, **calm}
    utterances = [_utterance(r, emotions) for r in spoken if r.name["emotion"] in emotions]
    others = [r.name["emotion"] for r in spoken if r.name["emotion"] not in emotions]
    note_other_emotions(found, others, OTHERS)
    return finish_named("ravdess", utterances, config, found)


def _utterance(recording: Recording, emotions: dict[str, str]) -> Utterance:
    name, actor = recording.name, int(recording.name["actor"])
    return Utterance(
        id=recording.id,
        audio=str(recording.path),
        speaker=f"Actor_{actor:02}",
        session=actor,
        emotion=emotions[name["emotion"]],
        transcript=STATEMENTS[name["statement"]],
        scenario=f"statement {name['statement']}",
        style="scripted",
        sex="M" if actor % 2 else "F",
    )
