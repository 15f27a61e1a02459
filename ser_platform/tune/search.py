"""One study on Ray Tune, from its first open trial to its last."""

from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory

import ray
from ray import tune

from ser_platform.errors import StoppedError, StudyError
from ser_platform.train.session import Session
from ser_platform.tune.board import Plan
from ser_platform.tune.credentials import withhold_credentials
from ser_platform.tune.history import trials_left
from ser_platform.tune.opened import OpenStudy
from ser_platform.tune.record import base_values, records
from ser_platform.tune.searcher import StudySearch
from ser_platform.tune.selection import score_by
from ser_platform.tune.table import TrialTable
from ser_platform.tune.trial import Bench, run_trial
from ser_platform.tune.watch import Watch


def search(session: Session, bench: Bench, opened: OpenStudy) -> None:
    """Run the trials that a study lacks.

    Raises:
        StoppedError: when somebody asked it to stop; it can go on.
        StudyError: when trials did not end.
        WorkersError: when the cluster gave up; the trials it interrupted are not lost.
    """
    withhold_credentials()
    name, left = opened.study.study_name, trials_left(opened.study, opened.wanted)
    with _watched(session, opened) as watch:
        algorithm = StudySearch(session, bench, opened, watch.at_once, watch)
        watch.on_stop = algorithm.stop
        trainable = tune.with_resources(tune.with_parameters(run_trial, bench=bench), _nothing())
        with TemporaryDirectory(prefix="ser-tune-") as folder:
            tuner = tune.Tuner(
                trainable,
                tune_config=tune.TuneConfig(
                    search_alg=algorithm, num_samples=left, reuse_actors=True
                ),
                run_config=tune.RunConfig(
                    name=name, storage_path=folder, verbose=0, callbacks=[watch]
                ),
            )
            try:
                tuner.fit()
            except tune.TuneError:
                if watch.fault is None:
                    raise
                raise watch.fault from None
            finally:
                algorithm.close()
    session.queue.want.remote(0)
    if watch.is_stopped:
        raise StoppedError(
            f"study {name}: stopped, as it was asked to; run the same command again to go on"
        )
    if left := trials_left(opened.study, opened.wanted):
        raise StudyError(
            f"study {name}: {left} of its trials did not end; run the same command again to go on"
        )


def _nothing() -> tune.PlacementGroupFactory:
    """What a trial takes, which only waits for its folds: next to nothing, where its caller is.

    By the node's id too: two nodes of one machine share the resource that is named by its address.
    A node has 1 of it, and Ray knows no smaller share than this one: so it holds 10,000 trials.
    """
    address, node = ray.util.get_node_ip_address(), ray.get_runtime_context().get_node_id()
    return tune.PlacementGroupFactory(
        [{f"node:{address}": 0.0001}], bundle_label_selector=[{"ray.io/node-id": node}]
    )


@contextmanager
def _watched(session: Session, opened: OpenStudy) -> Iterator[Watch]:
    already = records(opened.study, session.file)
    plan = Plan(
        study=opened.study.study_name,
        wanted=opened.wanted,
        num_folds=opened.num_folds,
        base=base_values(session.file),
        at_once=session.groups,
        score=score_by(on_test=session.file.selects_on_test).short,
        test_part=opened.fold,
        gpus=session.file.cluster.workers * session.file.cluster.gpus_per_worker,
    )
    with TrialTable(plan, already) as table, session.waiting.shown_by(table.waiting):
        watch = Watch(session, opened, table)
        # Groups start while the first trials are drawn.
        session.queue.expect.remote(watch.first_folds)
        yield watch
