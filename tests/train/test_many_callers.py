"""More trials and groups than Ray lets call an actor at once where nobody says how many."""

import pytest
import ray

from ser_platform.corpora.folds import Fold
from ser_platform.train.jobs import FoldJob
from ser_platform.train.pool import start_queue
from ser_platform.train.resident import Resident

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("local_ray")]

TRIALS = 1_100


def job(number: int, data: Resident) -> FoldJob:
    fold = Fold(1, "session 1", train=("a",), validation=("b",), test=())
    return FoldJob(f"run{number}", fold, "{}", data, "store", score_test=False)


def test_a_fold_is_handed_in_while_more_than_a_thousand_trials_wait() -> None:
    queue, anything = start_queue(TRIALS, max_failures=0), ray.put(0)
    jobs = [job(number, Resident(anything, anything, ())) for number in range(TRIALS)]
    ray.get([queue.submit.remote(one) for one in jobs])
    waiting = {one.name: queue.result.remote(one.name) for one in jobs}
    taken = str(ray.get(queue.take.remote(0), timeout=30))
    ray.get(queue.finish.remote(0, "a result"), timeout=30)
    assert ray.get(waiting[taken], timeout=30) == "a result"
    ray.kill(queue)
