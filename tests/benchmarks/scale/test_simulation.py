"""What no cluster can break: work is conserved, and never done sooner than it can be."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ser_platform.config.search_method import AshaConfig, WilcoxonConfig
from tests.benchmarks.scale.machinery import Head
from tests.benchmarks.scale.parameters import (
    FREE,
    IEMOCAP,
    THOUSAND,
    UNPRUNED,
    Cluster,
    Corpus,
    Costs,
    Design,
    Study,
)
from tests.benchmarks.scale.preparation import phases
from tests.benchmarks.scale.simulation import Outcome, simulate
from tests.benchmarks.scale.tables import bottleneck
from tests.benchmarks.scale.world import World

SMALL = Corpus("small", hours=20, utterance_s=5, epochs=4)
ALIKE = Study(trials=24, folds=4, pruner=UNPRUNED, speed_spread=0)
SPREAD = replace(ALIKE, speed_spread=0.4)


def fold_s(study: Study, corpus: Corpus = SMALL, costs: Costs = FREE) -> float:
    """Of a fold of a mean setting, training alone."""
    world = World(study, corpus, Cluster(), costs, Design(), seed=0)
    assert study.speed_spread == 0
    return corpus.epochs * world.epoch_s(0)


def searched_s(outcome: Outcome) -> float:
    return outcome.searched_s - outcome.prepared_s


# --- beside a formula


@pytest.mark.parametrize("gpus", [1, 2, 3, 6, 24])
def test_without_costs_equal_trials_take_the_time_of_the_formula(gpus: int) -> None:
    outcome = simulate(ALIKE, SMALL, Cluster(gpus=gpus), FREE)
    waves = ALIKE.trials / gpus
    assert searched_s(outcome) == pytest.approx(waves * ALIKE.folds * fold_s(ALIKE))


@pytest.mark.parametrize("gpus", [4, 8, 12, 96])
def test_so_they_do_with_the_folds_of_a_trial_side_by_side(gpus: int) -> None:
    outcome = simulate(ALIKE, SMALL, Cluster(gpus=gpus, apart=True), FREE)
    waves = ALIKE.trials * ALIKE.folds / gpus
    assert searched_s(outcome) == pytest.approx(waves * fold_s(ALIKE))


def test_with_what_a_fold_costs_beside_its_training_one_group_takes_the_formula_too() -> None:
    costs = replace(FREE, fold_start_s=2.0, request_s=0.5, stream_bytes_s=1e6, progress_bytes=3e6)
    outcome = simulate(ALIKE, SMALL, Cluster(), costs)
    saving_s = SMALL.epochs * (0.5 + 3) + (0.5 + 3 / 4)
    asking_s = (2 + 2) * 0.5
    around_trial_s = 2 * 2 * 0.5 + ALIKE.folds * 0.5  # two leases confirmed, its folds read
    expected_s = ALIKE.trials * (
        ALIKE.folds * (fold_s(ALIKE) + 2.0 + saving_s + asking_s) + around_trial_s
    )
    assert searched_s(outcome) == pytest.approx(expected_s)


def test_an_object_reaches_fifty_nodes_as_fast_as_ray_says() -> None:
    """1 GiB in 16.9 s: release/perf_metrics/scalability/object_store.json of Ray."""
    corpus = Corpus("1 GiB", hours=2**30 / (3600 / 0.015 * 39 * 4), utterance_s=5, epochs=1)
    costs = replace(FREE, step_s=0.0, link_bytes_s=Costs().link_bytes_s)
    cluster = Cluster(gpus=50, gpus_per_node=1)
    outcome = simulate(replace(ALIKE, trials=50), corpus, cluster, costs)
    assert searched_s(outcome) == pytest.approx(16.9, rel=0.02)


# --- what is conserved, and what bounds it


SIZES = {
    "gpus": st.integers(1, 40),
    "trials": st.integers(1, 12),
    "folds": st.integers(2, 5),
    "apart": st.booleans(),
    "grows": st.booleans(),
    "seed": st.integers(0, 99),
}


@settings(max_examples=40, deadline=None)
@given(**SIZES)
def test_work_is_conserved_and_nobody_is_faster_than_it_allows(
    gpus: int, trials: int, folds: int, apart: bool, grows: bool, seed: int
) -> None:
    study = replace(SPREAD, trials=trials, folds=folds)
    cluster = Cluster(gpus=gpus, apart=apart, grows=grows)
    world = World(study, SMALL, cluster, Costs(), Design(), seed)
    of_trials = [folds * SMALL.epochs * world.epoch_s(trial) for trial in range(trials)]
    outcome = simulate(study, SMALL, cluster, seed=seed)
    assert outcome.epochs == trials * folds * SMALL.epochs
    assert outcome.gpu_seconds["train"] == pytest.approx(sum(of_trials))
    # Nobody is faster than all GPUs together, nor than the longest of what is done in sequence.
    longest = max(of_trials) / (folds if apart else 1)
    most = -(-gpus // cluster.gpus_per_node) * cluster.gpus_per_node if grows else gpus
    assert searched_s(outcome) >= max(sum(of_trials) / most, longest) * (1 - 1e-9)
    if not grows:
        assert sum(outcome.gpu_seconds.values()) == pytest.approx(gpus * outcome.seconds)


@pytest.mark.parametrize("apart", [False, True])
def test_more_gpus_are_never_slower_where_nothing_costs_anything(apart: bool) -> None:
    times = [
        simulate(SPREAD, SMALL, Cluster(gpus=gpus, apart=apart), FREE).seconds
        for gpus in (1, 2, 4, 8, 16, 32, 64)
    ]
    assert times == sorted(times, reverse=True)


def test_what_costs_more_takes_longer_and_a_price_changes_nothing_but_dollars() -> None:
    cluster = Cluster(gpus=16)
    now = simulate(SPREAD, SMALL, cluster)
    slower = simulate(SPREAD, SMALL, cluster, replace(Costs(), request_s=0.5))
    dearer = simulate(SPREAD, SMALL, replace(cluster, gpu_price=2 * cluster.gpu_price))
    assert slower.seconds > now.seconds
    assert dearer.seconds == now.seconds
    assert dearer.cost > 1.5 * now.cost


def test_the_same_seed_gives_the_same_study() -> None:
    cluster = Cluster(gpus=16, preemptions_per_node_hour=2.0)
    one, other = (simulate(SPREAD, SMALL, cluster, seed=3) for _ in "12")
    assert one == other


# --- pruning


@pytest.mark.parametrize("pruner", [WilcoxonConfig(), AshaConfig()], ids=lambda p: p.kind)
def test_pruners_save_epochs_and_all_trials_come_to_an_end(
    pruner: WilcoxonConfig | AshaConfig,
) -> None:
    study = replace(SPREAD, trials=40, folds=5, pruner=pruner)
    outcome = simulate(study, SMALL, Cluster(gpus=4))
    most = study.trials * study.folds * SMALL.epochs
    assert 0.3 * most < outcome.epochs < 0.9 * most


def test_with_more_trials_at_once_a_pruner_saves_less() -> None:
    """It compares with trials that have ended."""
    study = replace(SPREAD, trials=60, folds=5, pruner=WilcoxonConfig())
    epochs = [simulate(study, SMALL, Cluster(gpus=gpus)).epochs for gpus in (1, 60)]
    assert epochs[0] < epochs[1]


def test_a_pruner_that_reads_epochs_keeps_the_driver_busier() -> None:
    studies = [replace(SPREAD, trials=40, folds=5, pruner=p) for p in (UNPRUNED, AshaConfig())]
    driver = [simulate(study, SMALL, Cluster(gpus=20)).busy["driver"] for study in studies]
    assert driver[1] > 1.4 * driver[0]


# --- nodes that come and go


@pytest.mark.parametrize("apart", [False, True])
def test_a_node_that_says_it_leaves_costs_no_epoch_where_epochs_are_shorter(apart: bool) -> None:
    cluster = Cluster(gpus=16, preemptions_per_node_hour=6.0, apart=apart)
    outcome = simulate(SPREAD, SMALL, cluster)
    assert outcome.gpu_seconds.get("lost", 0.0) == 0
    assert outcome.epochs == SPREAD.trials * SPREAD.folds * SMALL.epochs


def test_without_notice_parts_of_epochs_are_lost_and_all_are_trained_in_the_end() -> None:
    cluster = Cluster(gpus=16, preemptions_per_node_hour=6.0, notice_s=0.0)
    outcome = simulate(SPREAD, SMALL, cluster)
    undisturbed = simulate(SPREAD, SMALL, replace(cluster, preemptions_per_node_hour=0.0))
    assert outcome.gpu_seconds["lost"] > 0
    assert outcome.epochs == undisturbed.epochs
    assert outcome.gpu_seconds["train"] == pytest.approx(undisturbed.gpu_seconds["train"])
    assert outcome.seconds > undisturbed.seconds


def test_nodes_that_come_when_they_are_wanted_are_later_and_cheaper() -> None:
    study, fixed = replace(SPREAD, trials=12), Cluster(gpus=96)
    all_the_time = simulate(study, THOUSAND, fixed)
    when_wanted = simulate(study, THOUSAND, replace(fixed, grows=True))
    assert when_wanted.seconds > all_the_time.seconds
    assert when_wanted.cost < 0.5 * all_the_time.cost


# --- bottlenecks


def test_one_gpu_is_its_own_bottleneck() -> None:
    assert bottleneck(simulate(SPREAD, SMALL, Cluster())) == "GPUs"


def test_more_gpus_than_folds_wait_for_folds() -> None:
    study = replace(SPREAD, trials=2)
    assert bottleneck(simulate(study, SMALL, Cluster(gpus=64))).startswith("no fold left")


def test_many_short_folds_wait_for_the_driver_that_reads_all_running_trials() -> None:
    short = Corpus("short", hours=1, utterance_s=5, epochs=1)
    study = replace(SPREAD, trials=150)
    costs = replace(Costs(), group_idle=0.0, trial_start_s=0.1, controller_start_s=0.1)
    slow = simulate(study, short, Cluster(gpus=64), costs)
    fast = simulate(study, short, Cluster(gpus=64), costs, Design(running_are_read=False))
    assert bottleneck(slow).startswith("driver")
    assert searched_s(fast) < 0.8 * searched_s(slow)


def test_a_thousand_hours_are_extracted_no_faster_than_one_process_reads_them() -> None:
    cluster = Cluster(gpus=256)
    (now,) = (p for p in phases(THOUSAND, cluster, Costs(), Design()) if "extracted" in p.name)
    assert now.bound_by.startswith("the driver")
    spread = Design(recordings_by_driver=False)
    (then,) = (p for p in phases(THOUSAND, cluster, Costs(), spread) if "extracted" in p.name)
    assert then.seconds < now.seconds


def test_a_head_has_to_hold_two_processes_for_each_group() -> None:
    memory_gb = [
        simulate(SPREAD, IEMOCAP, Cluster(gpus=gpus, apart=True)).memory_gb for gpus in (16, 96)
    ]
    assert memory_gb[1] - memory_gb[0] == pytest.approx(80 * 0.404 + 20 * 0.282, rel=0.1)


def test_waiting_processes_slow_a_head_down() -> None:
    world = World(ALIKE, SMALL, Cluster(), FREE, Design(), seed=0)
    head = Head(world.env, cores=2)
    head.add_idle(1.0)
    world.env.run(world.env.process(head.work(1.0)))
    assert world.env.now == pytest.approx(2.0)
    assert head.used_s == pytest.approx(1.0 + 2.0)
