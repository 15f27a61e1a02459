"""What may be ranked together."""

from typing import Any

from ser_platform.config import Experiment
from ser_platform.train.identity import protocol


def transcript(**settings: Any) -> Any:
    experiment = Experiment.model_validate(
        {
            "name": "x",
            "corpus": {"kind": "demo"},
            "features": {"kind": "mfcc39"},
            "model": {"kind": "alignment"},
            "transcript": settings,
        }
    )
    return protocol(experiment, "demo", "0" * 8)["transcript"]


def test_the_corpus_s_own_words_are_one_word() -> None:
    assert transcript(kind="oracle") == "oracle"


def test_where_recognised_text_lies_does_not_count() -> None:
    assert transcript(kind="recognised", path="a.csv", words="b.csv") == "recognised"


def test_two_levels_of_errors_are_never_ranked_as_one() -> None:
    low = transcript(kind="corrupted", wer=0.1)
    assert low == {
        "kind": "corrupted",
        "wer": 0.1,
        "seed": 0,
        "substitutions": 0.6,
        "deletions": 0.25,
        "insertions": 0.15,
    }
    assert low != transcript(kind="corrupted", wer=0.2)
    assert low != transcript(kind="corrupted", wer=0.1, seed=1)
