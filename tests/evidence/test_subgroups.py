"""For whom a system works."""

import numpy as np
import pytest
from numpy.typing import NDArray

from ser_platform.circumstances import Circumstances
from ser_platform.evidence.answers import Answers
from ser_platform.evidence.entries import Subgroup, Trait
from ser_platform.evidence.intervals import clustered
from ser_platform.evidence.scores import ua
from ser_platform.evidence.subgroups import subgroups
from ser_platform.metrics import confusion, unweighted_accuracy, weighted_accuracy
from tests.evidence.worlds import CLASSES, answered, noisy

UTTERANCES = 240


@pytest.fixture
def true(rng: np.random.Generator) -> NDArray[np.int64]:
    return rng.integers(0, CLASSES, UTTERANCES)


def spoken(true: NDArray[np.int64], rng: np.random.Generator, **known: object) -> Answers:
    """Two speakers in each of twelve dialogues of twenty utterances; she speaks first."""
    numbers = np.arange(len(true))
    columns: dict[str, object] = {
        "ids": tuple(f"u{n}" for n in numbers),
        "dialogues": tuple(f"d{n // 20}" for n in numbers),
        "sexes": tuple("FM"[n % 2] for n in numbers),
        "styles": ("",) * len(true),
        "seconds": tuple(float(1 + n % 40) for n in numbers),
        "words": (4,) * len(true),
    }
    return answered(
        true,
        noisy(rng, true, np.where(numbers % 2, 0.5, 0.8)),
        numbers // 20,
        speakers=tuple(f"speaker{n // 40}{'FM'[n % 2]}" for n in numbers),
        clustered_by="dialogue",
        circumstances=Circumstances.model_validate(columns | known),
    )


def of(found: tuple[Subgroup, ...], trait: Trait) -> list[Subgroup]:
    return [group for group in found if group.trait == trait]


def test_a_subgroup_is_scored_on_its_own_utterances_by_its_own_clusters(
    true: NDArray[np.int64], rng: np.random.Generator
) -> None:
    answers = spoken(true, rng)
    women, men = of(subgroups(answers), "sex")
    assert (women.name, men.name, women.utterances, men.utterances) == ("F", "M", 120, 120)
    matrix = confusion(true[::2], answers.predicted[0, ::2], CLASSES)
    assert women.wa == weighted_accuracy(matrix)
    assert women.ua == pytest.approx(unweighted_accuracy(matrix))
    alone = answered(true[::2], answers.predicted[0, ::2], answers.clusters[::2])
    assert women.ua_interval == clustered(alone.counts(), ua)[1:]
    assert women.ua > men.ua


def test_every_utterance_is_in_one_group_of_each_trait(
    true: NDArray[np.int64], rng: np.random.Generator
) -> None:
    found = subgroups(spoken(true, rng))
    for trait in ("speaker", "sex", "length"):
        assert sum(group.utterances for group in of(found, trait)) == UTTERANCES


def test_lengths_are_cut_in_quarters_and_say_where(
    true: NDArray[np.int64], rng: np.random.Generator
) -> None:
    quarters = of(subgroups(spoken(true, rng)), "length")
    assert [(q.name, q.utterances) for q in quarters] == [
        ("up to 10.8 s", 60),
        ("10.8 to 20.5 s", 60),
        ("20.5 to 30.2 s", 60),
        ("above 30.2 s", 60),
    ]


def test_utterances_of_equal_length_are_not_torn_apart(
    true: NDArray[np.int64], rng: np.random.Generator
) -> None:
    seconds = (2.0,) * 150 + (3.0,) * 90
    quarters = of(subgroups(spoken(true, rng, seconds=seconds)), "length")
    assert [q.utterances for q in quarters] == [150, 90]


def test_what_a_recogniser_got_wrong_is_cut_by_share(
    true: NDArray[np.int64], rng: np.random.Generator
) -> None:
    errors = tuple(n % 4 for n in range(UTTERANCES))  # of four words
    found = of(subgroups(spoken(true, rng, word_errors=errors)), "wer")
    assert [(group.name, group.utterances) for group in found] == [
        ("up to 0 %", 60),
        ("0 to 25 %", 60),
        ("25 to 50 %", 60),
        ("above 50 %", 60),
    ]


def test_a_trait_that_is_not_known_of_all_or_tells_nobody_apart_is_not_shown(
    true: NDArray[np.int64], rng: np.random.Generator
) -> None:
    sexes = ("",) + ("F",) * (UTTERANCES - 1)
    styles = ("scripted",) * UTTERANCES
    found = subgroups(spoken(true, rng, sexes=sexes, styles=styles))
    assert {group.trait for group in found} == {"speaker", "length"}


def test_somebody_who_is_one_cluster_has_no_interval(rng: np.random.Generator) -> None:
    true = rng.integers(0, CLASSES, 40)
    by_speaker = answered(true, noisy(rng, true, 0.6), np.repeat([0, 1], 20))
    assert [group.ua_interval for group in subgroups(by_speaker)] == [None, None]


def test_classes_that_a_subgroup_lacks_are_left_out_of_its_ua(rng: np.random.Generator) -> None:
    true = np.repeat([0, 0, 1, 2], 10)  # the first person is never anything but angry
    answers = answered(true, np.where(np.arange(40) % 2, true, 3), np.repeat([0, 1], 20))
    assert [group.ua for group in subgroups(answers)] == [0.5, 0.5]
