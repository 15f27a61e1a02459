"""Scenario-disjoint folds: neither a speaker nor a scenario nor its text is on two sides."""

from dataclasses import replace
from itertools import combinations, product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ser_platform.config import load_experiment_file
from ser_platform.config.corpus import SplitConfig
from ser_platform.corpora.folds import Fold, make_folds
from ser_platform.corpora.groups import groups_of_scenarios
from ser_platform.emotions import EMOTIONS
from ser_platform.errors import CorpusError
from ser_platform.train.identity import folds_digest, protocol, utterances_digest
from ser_platform.utterance import Utterance

SCENARIOS = tuple(f"impro0{i}" for i in range(1, 7))


def split(**choices: Any) -> SplitConfig:
    return SplitConfig.model_validate({"scenarios": 2, **choices})


def corpus(sessions: int = 4, scenarios: tuple[str, ...] = SCENARIOS) -> list[Utterance]:
    """Two speakers a session; each says one sentence of each class in each scenario."""
    rows = product(range(1, sessions + 1), "FM", scenarios, EMOTIONS)
    return [
        Utterance(
            id=f"{s}{x}_{scenario}_{emotion}",
            audio="",
            speaker=f"{s}{x}",
            session=s,
            emotion=emotion,
            transcript=f"I say {emotion} words of {scenario}",
            scenario=scenario,
        )
        for s, x, scenario, emotion in rows
    ]


def of(ids: tuple[str, ...], utterances: list[Utterance], name: str) -> set[Any]:
    return {getattr(u, name) for u in utterances if u.id in set(ids)}


def test_every_session_is_tested_once_per_group_of_scenarios_by_a_readable_name() -> None:
    folds = make_folds(corpus(), split())
    assert [f.held_out for f in folds[:3]] == [
        "session 1, scenarios 1",
        "session 1, scenarios 2",
        "session 2, scenarios 1",
    ]
    assert [f.number for f in folds] == list(range(1, 9))
    # 8 utterances a scenario and session; 3 scenarios tested, 3 others learned in 3 sessions.
    assert {len(f.test) for f in folds} == {24}
    assert {len(f.train) + len(f.validation) for f in folds} == {72}


def test_a_part_that_took_no_part_in_a_group_of_scenarios_has_no_fold_for_it() -> None:
    everything = corpus()
    group = groups_of_scenarios(everything, 2, 0)
    some = [u for u in everything if u.session != 1 or group[u.scenario] == 2]
    names = [f.held_out for f in make_folds(some, split())]
    assert names[:2] == ["session 1, scenarios 2", "session 2, scenarios 1"]


def test_groups_hold_all_classes_are_about_equal_and_are_drawn_by_the_seed() -> None:
    # One class each, as scripts have it: three scenarios a class.
    own = [
        replace(u, emotion=EMOTIONS[int(u.scenario[-2:]) % 4])
        for u in corpus(scenarios=tuple(f"s{i:02}" for i in range(12)))
    ]
    groups = groups_of_scenarios(own, 3, 0)
    for group in (1, 2, 3):
        members = [u for u in own if groups[u.scenario] == group]
        assert {u.emotion for u in members} == set(EMOTIONS)
        assert len(members) == len(own) / 3
    assert groups_of_scenarios(own, 3, 0) == groups
    assert any(groups_of_scenarios(own, 3, seed) != groups for seed in range(1, 4))


def test_a_text_that_two_scenarios_share_is_not_learned_where_it_is_tested() -> None:
    shared = "I do not know."
    texts = {("1F", "impro01"): shared, ("2F", "impro04"): shared.lower()}
    own = [
        replace(u, transcript=texts.get((u.speaker, u.scenario), u.transcript)) for u in corpus()
    ]
    for fold in make_folds(own, split()):
        tested = of(fold.test, own, "transcript")
        learned = of(fold.train + fold.validation, own, "transcript")
        assert not {t.lower() for t in tested} & {t.lower() for t in learned}


def test_a_short_text_may_recur() -> None:
    own = [replace(u, transcript="Yeah, I know.") for u in corpus()]
    assert len(make_folds(own, split())) == 8


def test_an_utterance_without_a_scenario_is_named_with_the_remedy() -> None:
    own = [replace(u, scenario="") if u.speaker == "1F" else u for u in corpus()]
    with pytest.raises(CorpusError) as error:
        make_folds(own, split())
    assert str(error.value) == (
        "split.scenarios needs the scenario of every utterance; 24 of 192 have none: "
        "1F_impro01_ang, 1F_impro01_hap, 1F_impro01_neu, 1F_impro01_sad, 1F_impro02_ang, "
        "1F_impro02_hap, 1F_impro02_neu, 1F_impro02_sad, 1F_impro03_ang, 1F_impro03_hap and 14 "
        "more; give it in the corpus, or set split.scenarios: null"
    )


def test_more_groups_than_scenarios_are_refused() -> None:
    with pytest.raises(CorpusError, match=r"7 groups need as many scenarios.* has 6 scenarios"):
        make_folds(corpus(), split(scenarios=7))


def test_validation_is_by_the_next_session_that_plays_something_else() -> None:
    own = [
        u
        for u in corpus(scenarios=("impro01", "impro02"))
        if (u.session < 3) == (u.scenario == "impro01")
    ]
    folds = make_folds(own, split())
    assert [of(f.validation, own, "session") for f in folds] == [{3}, {3}, {1}, {1}]
    assert [of(f.train, own, "session") for f in folds] == [{3, 4}, {3, 4}, {1, 2}, {1, 2}]


@st.composite
def corpora(draw: st.DrawFn) -> list[Utterance]:
    """Every speaker plays every scenario in every class, and some say more."""
    own = corpus(draw(st.integers(3, 5)), SCENARIOS[: draw(st.integers(3, 6))])
    more = draw(st.lists(st.sampled_from(own), max_size=10))
    return own + [replace(u, id=f"{u.id}_{i}") for i, u in enumerate(more)]


SPLITS = [
    split(by=by, folds=3, scenarios=groups, validation={"by": validation})
    for by, validation, groups in product(
        ("session", "speaker", "kfold"), ("speaker", "session", "share"), (2, 3)
    )
    if (by, validation) != ("kfold", "session")
]


@settings(deadline=None, max_examples=40)
@given(corpora(), st.sampled_from(SPLITS), st.randoms(use_true_random=False))
def test_everything_is_tested_once_and_sides_share_neither_speaker_nor_scenario_nor_text(
    own, config, random
) -> None:
    folds = make_folds(own, config)
    assert sorted(i for fold in folds for i in fold.test) == sorted(u.id for u in own)
    for fold in folds:
        sides = (fold.train, fold.validation, fold.test)
        assert all(sides)
        for one, other in combinations(sides, 2):
            assert not of(one, own, "speaker") & of(other, own, "speaker")
        known = fold.train + fold.validation
        for name in ("scenario", "transcript"):
            assert not of(fold.test, own, name) & of(known, own, name)
        assert of(fold.train, own, "emotion") == set(EMOTIONS)
    assert make_folds(random.sample(own, len(own)), config) == folds


def test_the_protocol_tells_it_apart_and_is_unchanged_without_it(wise_file) -> None:
    def of_split(**choices: Any) -> dict[str, Any]:
        file = wise_file.model_copy(update={"split": SplitConfig.model_validate(choices)})
        return protocol(file.experiment("wise"), "demo", "0")["split"]

    assert of_split() == {"by": "session", "validation": {"by": "speaker"}}
    assert of_split(scenarios=3, seed=1) == {
        "by": "session",
        "scenarios": 3,
        "seed": 1,
        "validation": {"by": "speaker"},
    }


def test_scenarios_count_in_identity_only_where_they_cut_folds() -> None:
    own = corpus()
    other = [replace(u, scenario="x") if u.session == 1 else u for u in own]
    assert utterances_digest(own, SplitConfig()) == utterances_digest(other, SplitConfig())
    assert utterances_digest(own, split()) != utterances_digest(other, split())
    one, two = Fold(1, "", ("a",), ("b",), ("c",)), Fold(1, "", ("b",), ("a",), ("c",))
    assert folds_digest("data", [one], SplitConfig()) == "data"
    assert folds_digest("data", [one], split()) != folds_digest("data", [two], split())


@pytest.fixture
def wise_file(tmp_path):
    path = tmp_path / "wise.yaml"
    path.write_text(
        "name: wise\ncorpus: {kind: demo}\nfeatures: {kind: mfcc39}\nmodel: {kind: wise}\n"
    )
    return load_experiment_file(str(path))
