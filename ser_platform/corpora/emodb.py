"""EmoDB (Burkhardt et al. 2005): ``03a01Fa`` is actor 03, sentence a01, happy, the first take."""

import re

from ser_platform.config.corpus import EmodbCorpusConfig
from ser_platform.corpora.base import Corpus
from ser_platform.corpora.named import (
    Findings,
    existing_root,
    find_recordings,
    finish_named,
    note_other_emotions,
)
from ser_platform.utterance import Utterance

SEXES = {
    **dict.fromkeys(("03", "10", "11", "12", "15"), "M"),
    **dict.fromkeys(("08", "09", "13", "14", "16"), "F"),
}
"""Of the ten actors."""
SENTENCES = {
    "a01": "Der Lappen liegt auf dem Eisschrank.",
    "a02": "Das will sie am Mittwoch abgeben.",
    "a04": "Heute abend könnte ich es ihm sagen.",
    # Published as "Das schwarze Stück Papier ..."; what the actors say is "Blatt".
    "a05": "Das schwarze Blatt Papier befindet sich da oben neben dem Holzstück.",
    "a07": "In sieben Stunden wird es soweit sein.",
    "b01": "Was sind denn das für Tüten, die da unter dem Tisch stehen?",
    "b02": "Sie haben es gerade hochgetragen und jetzt gehen sie wieder runter.",
    "b03": "An den Wochenenden bin ich jetzt immer nach Hause gefahren und habe Agnes besucht.",
    "b09": "Ich will das eben wegbringen und dann mit Karl was trinken gehen.",
    "b10": "Die wird auf dem Platz sein, wo wir sie immer hinlegen.",
}
"""As they are spoken."""
EMOTIONS = {"W": "ang", "F": "hap", "N": "neu", "T": "sad"}
OTHERS = {"L": "boredom", "E": "disgust", "A": "fear"}

_NAME = re.compile(
    rf"(?P<actor>{'|'.join(SEXES)})(?P<sentence>{'|'.join(SENTENCES)})(?P<emotion>[WFNTLEA])[a-z]"
)
_SHOULD = "EmoDB's recordings, such as 03a01Fa.wav, or wav/ with them"


def read_emodb(config: EmodbCorpusConfig) -> Corpus:
    """The utterances of four of its seven emotions; each actor is a session of the same number.

    Raises:
        CorpusError: listing all problems at once.
    """
    found = Findings(existing_root(config.root, _SHOULD))
    recordings = find_recordings(found, ("wav", "."), _NAME, _SHOULD)
    utterances = [
        Utterance(
            id=recording.id,
            audio=str(recording.path),
            speaker=recording.name["actor"],
            session=int(recording.name["actor"]),
            emotion=EMOTIONS[recording.name["emotion"]],
            transcript=SENTENCES[recording.name["sentence"]],
            scenario=recording.name["sentence"],
            style="scripted",
            sex="M" if SEXES[recording.name["actor"]] == "M" else "F",
        )
        for recording in recordings
        if recording.name["emotion"] in EMOTIONS
    ]
    others = [r.name["emotion"] for r in recordings if r.name["emotion"] in OTHERS]
    note_other_emotions(found, others, OTHERS)
    return finish_named("emodb", utterances, config, found)
