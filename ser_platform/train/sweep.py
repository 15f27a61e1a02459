"""The runs of a sweep: every architecture at every point, then one curve of them all."""

import logging
from collections.abc import Sequence
from dataclasses import replace

from rich.console import Console
from rich.text import Text

from ser_platform.config.schema import ExperimentFile
from ser_platform.config.sweep import Point
from ser_platform.results import RunResult
from ser_platform.tracking.layout import SYNTHETIC_NOTE
from ser_platform.train.curve import Scored, as_csv, figure, note, table
from ser_platform.train.finals import score_runs
from ser_platform.train.given import Given
from ser_platform.train.prepare import prepare
from ser_platform.train.runs import Run
from ser_platform.train.session import Session, open_session

_log = logging.getLogger(__name__)

FOLDER = "sweeps/"
"""In the store."""
_PIPED_WIDTH = 200
"""Wide enough that no cell is cut when no person watches."""


def sweep_file(file: ExperimentFile, along: Sequence[tuple[Point, Given]]) -> list[Scored]:
    """Train each architecture at each point, score, log, draw the curve.

    A point at a time, so that only one set of transcripts is in memory. Runs that are stored
    are not trained again: a sweep that was interrupted goes on.

    Raises:
        TrainingError: when a fold failed.
    """
    first, given = along[0]
    with open_session(first.file, given, "train", sweep=file.sweep) as session:
        curve: list[Scored] = []
        for number, (point, own) in enumerate(along, 1):
            wer = own.errors.corpus.wer if own.errors else 0.0
            assert wer is not None  # nothing can be heard wrong where nothing was said
            _log.info("sweep  %s (%d of %d), WER %.1f %%", point, number, len(along), 100 * wer)
            curve += [Scored(point, wer, r) for r in _score(session, point, own, number == 1)]
        _publish(session, file, curve)
    return curve


def _score(session: Session, point: Point, given: Given, is_first: bool) -> list[RunResult]:
    experiments = {name: point.file.experiment(name) for name in point.file.architectures}
    prepared = session.prepared if is_first else prepare(experiments, given, point.file.cluster)
    chosen = {point.setting: point.value}
    here = replace(session, prepared=prepared, utterances=given.corpus.utterances)
    workers = point.file.cluster.workers
    runs = [Run(n, e, chosen, prepared[n], workers) for n, e in experiments.items()]
    return score_runs(here, runs, of_model=())


def _publish(session: Session, file: ExperimentFile, curve: list[Scored]) -> None:
    """Store the curve, hand it to the log, say where it lies."""
    session.lease.confirm()
    files = {"curve.png": figure(curve), "curve.csv": as_csv(curve)}
    for name, content in files.items():
        session.store.write(f"{FOLDER}{session.key}/{name}", content)
    session.tracker.attach({f"sweep/{name}": content for name, content in files.items()})
    console = Console()
    if not console.is_terminal:
        console = Console(width=_PIPED_WIDTH)
    if curve[0].result.synthetic:
        console.print(Text(SYNTHETIC_NOTE, "bold yellow"))
    console.print(table(curve))
    console.print(Text(f"In %: {note(curve)}."))
    for name in files:
        where = f"{session.store.url}/{FOLDER}{session.key}/{name}"
        console.print(Text(f"  {where}"), soft_wrap=True)
