"""What the two papers print, for reference: other protocols, so never ranked with ours.

WA and UA are percentages there and fractions here.
"""

from dataclasses import dataclass
from typing import Literal

Transcript = Literal["none", "ASR", "oracle", "not stated"]


NAMES = ("UA", "WA", "model", "transcript", "printed in")
"""Columns of a table of them; scores in %."""


@dataclass(frozen=True)
class Published:
    """One printed row."""

    name: str
    """Of its experiment file, ``experiments/papers/<name>.yaml``; empty where there is none."""
    model: str
    wa: float
    ua: float | None
    """None where the paper leaves it open."""
    transcript: Transcript
    """Where the model's text came from."""
    source: str
    note: str
    """What is known of its protocol."""

    @property
    def cells(self) -> tuple[str, ...]:
        """What tables show under :data:`NAMES`."""
        ua = "" if self.ua is None else f"{100 * self.ua:.1f}"
        return (ua, f"{100 * self.wa:.1f}", self.model, self.transcript, self.source)


XU = "Xu 2019"
SHEN = "Shen 2020"

NOTES = {
    XU: (
        "IEMOCAP, four sessions train and one tests. Not stated: whether excited counts as happy, "
        "and on what the epoch is selected; the group's public recipe tests on session 5 only, "
        "does not merge, and selects on the test set"
    ),
    SHEN: (
        'IEMOCAP, "5-fold, similar to Yoon": probably random folds, with speakers on both sides. '
        "Not stated: on what the epoch is selected"
    ),
    "Yoon 2018": (
        "IEMOCAP, random folds over utterances, speakers on both sides; what Xu prints as WA is, "
        "by its authors' later word, weighted precision"
    ),
}


def _row(
    name: str,
    source: str,
    model: str,
    wa: float,
    ua: float | None,
    transcript: Transcript,
    protocol: str = "",
) -> Published:
    paper = source.partition(",")[0]
    ua = None if ua is None else round(ua / 100, 4)
    note = NOTES[protocol or paper]
    return Published(name, model, round(wa / 100, 4), ua, transcript, source, note)


_XU_1 = f"{XU}, table 1"
_XU_2 = f"{XU}, table 2"
_SHEN_1 = f"{SHEN}, table 1"
_SHEN_2 = f"{SHEN}, table 2"

PUBLISHED = (
    _row("xu-t1-speech", _XU_1, "speech LSTM + attention (own)", 63.4, 57.4, "none"),
    _row("xu-t1-mirsamadi", _XU_1, "speech LSTM + attention (Mirsamadi)", 63.5, 58.8, "none"),
    _row("xu-t1-cnn-lstm", _XU_1, "CNN + LSTM", 68.0, 59.4, "none"),
    _row("xu-t1-tdnn-lstm", _XU_1, "TDNN + LSTM", 70.1, 60.7, "none"),
    _row("xu-t1-text-asr", _XU_1, "text", 60.3, 54.8, "ASR"),
    _row("xu-t1-concat-asr", _XU_1, "Concat", 68.1, 66.0, "ASR"),
    _row("xu-t1-dual-rnn-asr", _XU_1, "dual RNN (Yoon)", 69.1, None, "ASR", "Yoon 2018"),
    _row("xu-t1-alignment-asr", _XU_1, "alignment (proposed)", 70.4, 69.5, "ASR"),
    _row("xu-t2-text", _XU_2, "text", 63.3, 57.8, "oracle"),
    _row("xu-t2-concat", _XU_2, "Concat", 71.0, 67.7, "oracle"),
    _row("xu-t2-dual-rnn", _XU_2, "dual RNN (Yoon)", 71.8, None, "oracle", "Yoon 2018"),
    _row("xu-t2-hard-alignment", _XU_2, "hard alignment", 71.5, 68.6, "oracle"),
    _row("xu-t2-alignment", _XU_2, "alignment (proposed)", 72.5, 70.9, "oracle"),
    _row("shen-t1-audio", _SHEN_1, "audio only", 66.5, 65.7, "none"),
    _row("shen-t1-text", _SHEN_1, "text only", 69.2, 70.1, "not stated"),
    _row("shen-t1-alignment", _SHEN_1, "LSTM + attention (Xu)", 72.5, 70.9, "oracle", XU),
    _row("shen-t1-cnn-phoneme", _SHEN_1, "CNN + phoneme", 73.9, 68.5, "not stated"),
    _row("shen-t1-dual-rnn", _SHEN_1, "dual RNNs", 73.7, 75.3, "not stated"),
    _row("shen-t1-wise", _SHEN_1, "WISE (proposed)", 75.9, 76.4, "not stated"),
    _row("shen-t2-im-dmf", _SHEN_2, "IM + DMF: no hierarchy", 72.9, 74.2, "not stated"),
    _row("shen-t2-hr-dmf", _SHEN_2, "HR + DMF: no interaction", 73.4, 74.1, "not stated"),
    _row("shen-t2-im-hr", _SHEN_2, "IM + HR: no attention", 75.2, 73.6, "not stated"),
    _row(
        "shen-t2-im-dmf-hr-minus", _SHEN_2, "IM + DMF + HR-: no phonemes", 74.3, 75.4, "not stated"
    ),
)

PROPOSED = {
    _XU_1: "xu-t1-alignment-asr",
    _XU_2: "xu-t2-alignment",
    _SHEN_1: "shen-t1-wise",
    _SHEN_2: "shen-t1-wise",
}
"""By table, the row that its paper proposes; Shen's table 2 takes parts of it away."""
