"""Ray kills a worker before the kernel would: a fold that takes the memory is told so."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from ray._common.utils import get_system_memory
from ray._private.utils import get_used_memory

from ser_platform.config.schema import ClusterConfig
from ser_platform.errors import TrainingError
from ser_platform.runtime.tasks import fetch
from ser_platform.train import group as group_module
from ser_platform.train.pool import fold_workers
from tests.injection import injected
from tests.local_ray import two_cpus
from tests.train.test_workers import job, read, submit

pytestmark = [pytest.mark.slow, pytest.mark.faults, pytest.mark.timeout(400)]


@pytest.fixture
def short_of_memory(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A Ray that takes its machine for full once a third of what is free now is used.

    So much, because others run here too.
    """
    used = get_used_memory() / get_system_memory()
    full = used + (1 - used) / 3
    own = {"RAY_memory_usage_threshold": str(full), "RAY_memory_monitor_refresh_ms": "100"}
    with two_cpus(monkeypatch, **own):
        yield


@pytest.mark.usefixtures("short_of_memory")
def test_a_fold_whose_worker_ray_killed_for_memory_is_not_tried_again(
    experiment, fold, dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_module, "serve_folds", group_module.serve_folds)  # put back after
    faults = injected(["hoard@epoch2:train.batch_size=4*9"], tmp_path / "marks")
    setting, large = experiment(epochs=2), experiment(epochs=2, batch_size=4)
    with fold_workers(ClusterConfig(max_failures=5), groups=1) as queue:
        starved, other = submit(
            queue,
            job(large, fold, dataset, tmp_path / "starved", "starved"),
            job(setting, fold, dataset, tmp_path / "other", "other"),
        )
        with pytest.raises(TrainingError) as failed:
            fetch(starved)
        assert len(read(other).epochs) == 2
    assert str(failed.value).startswith(
        "out of memory: fold 1 of run starved: Ray killed its process"
    )
    assert len(faults.struck("hoard")) == 1
