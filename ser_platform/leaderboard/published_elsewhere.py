"""What others print of the four classes of IEMOCAP, each figure read in the source it names."""

from typing import NamedTuple

from ser_platform.leaderboard.published import Published, Transcript


class _Source(NamedTuple):
    """Where figures stand, and how they came about."""

    name: str
    place: str
    note: str


_SUPERB = _Source(
    "SUPERB",
    "table 3 in WavLM's README (github.com/microsoft/unilm)",
    "IEMOCAP, one session tests; a random fifth of the training utterances selects, of speakers "
    "that train too (s3prl, downstream/emotion); frozen encoder. Only accuracy is printed, "
    "here as WA; not stated whether it is pooled",
)
_EMOTION2VEC = _Source(
    "Ma 2023",
    "table 2 in emotion2vec's README (github.com/ddlBoJack/emotion2vec)",
    "IEMOCAP, 5,531 utterances, one session tests; a random fifth of the training utterances "
    "selects; frozen encoder, linear layers; WA is the mean over folds",
)
_EMOTION2VEC_ON_TEST = _Source(
    "Ma 2023 (on test)",
    _EMOTION2VEC.place,
    "the same, but the fold that tests also selects the epoch",
)
_EMOTION2VEC_SPEAKERS = _Source(
    "Ma 2023 (by speaker)",
    _EMOTION2VEC.place,
    "the same, ten folds: one speaker tests, one selects, eight train; the other speaker of the "
    "session that is tested trains or selects",
)
_EMOBOX = _Source(
    "EmoBox 2024",
    "intra-corpus track, IEMOCAP (emo-box.github.io)",
    "IEMOCAP, 5,531 utterances, excited merged into happy, one session tests; what selects is not "
    "said there; frozen encoder",
)
_SPEECHBRAIN = _Source(
    "SpeechBrain",
    "recipes/IEMOCAP/README.md (github.com/speechbrain/speechbrain)",
    "IEMOCAP, random splits, speakers on both sides; accuracy, here as WA; fine-tuned where a "
    "pretrained encoder is named, the mean of runs, of which the best is two points higher",
)
_WANG = _Source(
    "Wang 2021",
    "abstract (arXiv 2111.02735)",
    "IEMOCAP, wav2vec 2.0 or HuBERT fine-tuned, the best of several; how it is split and selected "
    "beyond the words of the row is not in the abstract",
)
_YOON = _Source(
    "Yoon 2018 (own words)",
    "abstract (arXiv 1810.04635)",
    "IEMOCAP, the upper end of what it gives as accuracies; protocol as for its rows in Xu 2019",
)


def _row(
    source: _Source,
    model: str,
    wa: float,
    ua: float | None = None,
    transcript: Transcript = "none",
) -> Published:
    return Published(
        name="",
        model=model,
        wa=round(wa / 100, 4),
        ua=None if ua is None else round(ua / 100, 4),
        transcript=transcript,
        source=f"{source.name}, {source.place}",
        note=source.note,
    )


_SOURCES = {
    _SUPERB: (
        ("wav2vec 2.0 Base", 63.43),
        ("HuBERT Base", 64.92),
        ("WavLM Base", 65.94),
        ("WavLM Base+", 67.98),
        ("wav2vec 2.0 Large", 65.64),
        ("HuBERT Large", 67.62),
        ("WavLM Large", 70.03),
    ),
    _EMOTION2VEC: (("emotion2vec", 71.79),),
    _EMOTION2VEC_ON_TEST: (("emotion2vec, selected on test", 74.48),),
    _EMOTION2VEC_SPEAKERS: (("emotion2vec, by speaker", 72.94),),
    _EMOBOX: (
        ("Whisper large v3", 72.86, 73.54),
        ("WavLM Large", 69.07, 69.47),
        ("HuBERT Large", 66.69, 67.42),
        ("WavLM Base", 63.94, 62.92),
        ("HuBERT Base", 63.10, 63.87),
        ("wav2vec 2.0 Base", 57.73, 58.27),
    ),
    _SPEECHBRAIN: (
        ("ECAPA-TDNN", 65.7),
        ("wav2vec 2.0 Base, fine-tuned", 77.0),
        ("HuBERT Base, fine-tuned", 76.6),
    ),
    _WANG: (("fine-tuned, other speakers", 73.01), ("fine-tuned, same speakers", 79.58)),
    _YOON: (("MDRE", 71.8, None, "not stated"),),
}

ELSEWHERE = tuple(_row(source, *row) for source, rows in _SOURCES.items() for row in rows)
