"""The simulation beside what was measured, and how far off it may be."""

import pytest

from ser_platform.config.search_method import RandomConfig
from tests.benchmarks.scale.parameters import Design
from tests.benchmarks.scale.settings import recorded
from tests.benchmarks.scale.staleness import searched
from tests.benchmarks.scale.validation import (
    FIRST_FOLD_S,
    THROUGHPUT,
    THROUGHPUT_NOW,
    realistic,
    sleeping,
    throughput,
)
from tests.benchmarks.sleeping import SLEEP_S


@pytest.mark.parametrize("nodes", [1, 2, 4])
def test_trials_a_minute_are_within_a_tenth(nodes: int) -> None:
    assert throughput(sleeping(nodes), nodes) == pytest.approx(THROUGHPUT[nodes], rel=0.1)


@pytest.mark.parametrize("nodes", [1, 8])
def test_the_first_fold_begins_when_it_did_where_nothing_else_ran(nodes: int) -> None:
    first_s = min(sleeping(nodes).fold_ends_s) - SLEEP_S
    assert first_s == pytest.approx(FIRST_FOLD_S[nodes], rel=0.1)


def test_eight_nodes_do_what_was_foretold_once_trials_start_side_by_side() -> None:
    """On a machine that others used, so it may be a fifth above."""
    found = throughput(sleeping(8, Design()), 8)
    assert THROUGHPUT_NOW[8] <= found < 1.2 * THROUGHPUT_NOW[8]


def test_a_realistic_trial_costs_seconds_and_no_more_than_was_measured() -> None:
    assert 1.0 < realistic() < 3.69


def test_settings_vary_as_recorded_ones_do() -> None:
    """Of EmoDB's 40: folds differ more than settings, and a fold alone says little."""
    spread = recorded("emodb")
    assert spread.folds > spread.settings
    assert spread.rest > spread.settings
    assert 0.1 < spread.log_seconds < 0.3


def test_all_trials_at_once_are_a_random_search() -> None:
    """TPE that has seen nothing draws as chance does, to the point."""
    assert searched(60, 60, seed=1) == searched(60, 1, seed=1, sampler=RandomConfig())
    assert searched(60, 1, seed=1) != searched(60, 60, seed=1)
