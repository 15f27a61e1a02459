"""Which utterances are shown."""

from ser_platform.evidence.telling import picture_name, telling
from ser_platform.results import Predictions


def predictions(*answers: tuple[int, tuple[float, float, float, float]]) -> Predictions:
    return Predictions(
        ids=tuple(f"u{i}" for i in range(len(answers))),
        speakers=("s",) * len(answers),
        true=tuple(true for true, _ in answers),
        probabilities=tuple(probabilities for _, probabilities in answers),
    )


def test_the_most_certain_right_and_wrong_answer_of_each_class_are_shown() -> None:
    answers = predictions(
        (0, (0.7, 0.1, 0.1, 0.1)),
        (0, (0.9, 0.0, 0.0, 0.1)),
        (0, (0.2, 0.5, 0.2, 0.1)),
        (0, (0.2, 0.6, 0.1, 0.1)),
        (2, (0.1, 0.1, 0.6, 0.2)),
        (3, (0.4, 0.2, 0.2, 0.2)),
    )
    assert {picture_name(answers, row): row for row in telling(answers)} == {
        "ang-right.png": 1,
        "ang-wrong.png": 3,
        "neu-right.png": 4,
        "sad-wrong.png": 5,
    }
