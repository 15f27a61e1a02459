"""Baselines whose scores are known by construction."""

from dataclasses import replace

import pytest

from ser_platform.audit.baselines import Score, baselines
from ser_platform.audit.findings import findings
from ser_platform.audit.given import Given
from ser_platform.corpora.sound import Sound
from ser_platform.emotions import EMOTIONS
from tests.audit.conftest import given_of, utterances


def scores(given: Given) -> dict[str, dict[str, Score]]:
    return {baseline.kind: baseline.scores for baseline in baselines(given, seed=0)}


def test_a_scenario_that_tells_the_class_scores_one_and_is_a_warning(scenario_tells) -> None:
    given = given_of(scenario_tells)
    assert scores(given)["scenario"]["all"] == Score(128, 1.0, 1.0)
    assert [f.kind for f in findings(given, [], baselines(given, 0))].count("scenario") == 1


def test_where_nothing_tells_the_class_everything_is_at_chance() -> None:
    found = scores(given_of(utterances()))
    for kind in ("majority", "speaker", "scenario", "duration", "loudness"):
        assert found[kind]["all"].ua == pytest.approx(0.25)


def test_held_out_scenarios_teach_nothing(scenario_tells) -> None:
    own = [
        replace(u, scenario=f"{u.scenario}{u.speaker[1]}", emotion=u.emotion)
        for u in scenario_tells
    ]
    found = scores(given_of(own, scenarios=2, validation={"by": "session"}))
    assert found["scenario"]["all"].ua == found["majority"]["all"].ua


def test_words_of_a_class_are_learned_and_not_when_labels_are_shuffled() -> None:
    own = utterances(lambda u: replace(u, transcript=f"this is a {u.emotion} sentence"))
    found = scores(given_of(own))
    assert found["text"]["all"].ua == 1
    assert found["shuffled"]["all"].ua < 0.6


@pytest.mark.parametrize("kind", ["duration", "loudness"])
def test_one_number_that_differs_by_class_is_found_by_its_own_baseline_alone(kind: str) -> None:
    own = utterances()
    at = {u.id: EMOTIONS.index(u.emotion) for u in own}
    sounds = {
        i: Sound(1.0 + n, -20, i) if kind == "duration" else Sound(1.0, -40.0 + 5 * n, i)
        for i, n in at.items()
    }
    found = scores(given_of(own, sounds))
    other = {"duration": "loudness", "loudness": "duration"}[kind]
    assert found[kind]["all"].ua == 1
    assert found[other]["all"].ua == pytest.approx(0.25)


def test_scripted_and_improvised_are_scored_apart(scenario_tells) -> None:
    own = [
        replace(u, transcript=f"a {u.emotion} line here" if u.style == "scripted" else "a b c d")
        for u in scenario_tells
    ]
    found = scores(given_of(own))["text"]
    assert found["scripted"] == Score(64, 1.0, 1.0)
    assert found["improvised"].ua == 0.5  # two classes there, one of them guessed for all


def test_a_corpus_without_texts_and_scenarios_has_no_baseline_of_them() -> None:
    own = utterances(lambda u: replace(u, transcript="", scenario="", style=""))
    assert set(scores(given_of(own))) == {"majority", "speaker", "duration", "loudness"}
