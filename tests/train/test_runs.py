"""Runs as jobs and results: who may read the test part, and folds of several settings."""

import pytest
import ray

from ser_platform.config import with_settings
from ser_platform.config.corpus import SplitConfig
from ser_platform.corpora.folds import make_folds
from ser_platform.results import RunResult
from ser_platform.storage import open_store
from ser_platform.train.fold import score_fold
from ser_platform.train.identity import nested_key, protocol
from ser_platform.train.prepared import Prepared
from ser_platform.train.ranks import Ranks
from ser_platform.train.resident import Resident
from ser_platform.train.runs import NestedRun, Run
from tests.runs import NOBODY

NOWHERE = Resident(ray.ObjectRef.nil(), ray.ObjectRef.nil(), ())


@pytest.fixture
def prepared(corpus) -> Prepared:
    folds = make_folds(corpus, SplitConfig())
    return Prepared(
        folds=folds,
        code="c0de",
        whole=NOWHERE,
        sealed={fold.test: NOWHERE for fold in folds},
        digest="d1ge57",
        data={"digest": "d1ge57"},
        phonemes=(),
        corpus="made up",
        utterances="0" * 8,
        synthetic=False,
        circumstances=NOBODY,
    )


@pytest.fixture
def run(experiment, prepared):
    def make(protocol: str = "shared", selection: str = "validation", **settings) -> Run:
        changes = {"protocol": protocol, "selection": selection}
        setting = with_settings(experiment().model_copy(update=changes), settings)
        return Run("alignment", setting, settings, prepared, workers=1)

    return make


@pytest.mark.parametrize(
    ("selection", "score_test", "reads"),
    [
        ("validation", False, False),
        ("validation", True, True),
        ("best_on_test", False, True),
        ("best_on_test", True, True),
    ],
)
def test_a_job_knows_the_test_part_only_when_it_may_read_it(
    run, selection: str, score_test: bool, reads: bool
) -> None:
    one = run(selection=selection)
    assert one.reads_test(score_test=score_test) == reads
    jobs = one.jobs("store", score_test=score_test)
    assert [bool(job.fold.test) for job in jobs] == [reads] * 3
    assert all(job.fold.train and job.fold.validation for job in jobs)


def test_protocols_of_honest_results_are_as_they_were_and_others_tell_what_they_are(run) -> None:
    honest = protocol(run().experiment, "demo", "0" * 8)
    assert honest == {
        "corpus": "demo",
        "utterances": "0" * 8,
        "subset": "all",
        "classes": ["ang", "hap", "neu", "sad"],
        "split": {"by": "session", "validation": {"by": "speaker"}},
        "selection": "shared",
        "transcript": "oracle",
        "aggregation": "pooled",
    }
    looked = protocol(run(selection="best_on_test").experiment, "demo", "0" * 8)
    assert looked == {**honest, "selected_on": "test"}
    paper = protocol(run("paper").experiment, "demo", "0" * 8)
    assert paper == {**honest, "selection": "paper", "split": {"by": "session"}}


def test_a_nested_result_has_a_setting_for_each_fold(
    run, experiment, dataset, tmp_path, prepared
) -> None:
    store = open_store(str(tmp_path))
    chosen = {n: run("nested", **{"model.dropout": d}) for n, d in ((1, 0.1), (2, 0.3), (3, 0.1))}
    nested = NestedRun(run("nested").experiment, chosen)
    jobs = nested.jobs("store", score_test=True)
    assert [(j.fold.number, j.run_key) for j in jobs] == [(n, r.key) for n, r in chosen.items()]
    assert nested.of_fold(2) is chosen[2]

    for fold, one in zip(prepared.folds[:2], list(chosen.values())[:2], strict=True):
        score_fold(one.experiment, one.key, fold, dataset, store, Ranks())
    half = nested.result(store, "x", "5" * 16, "final")
    assert half.shortfall == "2 of 3 folds are finished"
    last = chosen[3]
    score_fold(last.experiment, last.key, prepared.folds[2], dataset, store, Ranks())
    result = nested.result(store, "x", "5" * 16, "final", scoring=2)
    assert result.complete
    assert [fold.fold for fold in result.folds] == [1, 2, 3]
    assert result.fold_settings == {n: r.settings for n, r in chosen.items()}
    assert (result.settings, result.number, result.scoring) == ({}, None, 2)
    assert result.run_key == nested.key == nested_key({n: r.key for n, r in chosen.items()})
    assert result.protocol["selection"] == "nested"
    assert RunResult.model_validate_json(result.model_dump_json()) == result


def test_a_nested_result_is_another_when_one_fold_has_another_setting(run) -> None:
    one, other = run("nested", **{"model.dropout": 0.1}), run("nested", **{"model.dropout": 0.3})
    keys = [
        NestedRun(one.experiment, dict(enumerate(runs, start=1))).key
        for runs in ((one, one), (one, other), (other, one))
    ]
    assert len(set(keys)) == 3


def test_other_seeds_of_a_setting_are_other_results_of_the_same_system(run, tmp_path) -> None:
    store = open_store(str(tmp_path))
    first = run(**{"train.seed": 7})
    results = [
        each.result(store, "x", "5" * 16, "final")
        for each in (first, first.reseeded(1), first.reseeded(2))
    ]
    assert [result.seed for result in results] == [7, 8, 9]
    assert [result.settings["train.seed"] for result in results] == [7, 8, 9]
    assert len({result.run_key for result in results}) == 3
    assert len({result.signature for result in results}) == 3
    assert len({result.system for result in results}) == 1
    assert len({result.protocol_id for result in results}) == 1
