"""One soak: the undisturbed study, the disturbed one, and what is true of both in the end."""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from ser_platform.config.corpus import DemoCorpusConfig
from ser_platform.corpora import read_corpus
from ser_platform.storage import ObjectStore, open_store
from tests.chaos.found import Traces
from tests.chaos.gather import gather, optuna_of
from tests.chaos.injector import Injected, Injector
from tests.chaos.plan import Fault, Unit
from tests.chaos.report import injected_lines, verdict_lines, violations
from tests.chaos.stored import files_with, objects_with, unfinished_uploads
from tests.chaos.study import settings
from tests.chaos.undisturbed import undisturbed
from tests.chaos.world import (
    TOO_BUSY,
    Ended,
    broken_world,
    environment,
    processes_left,
    run_until_done,
)
from tests.servers import S3Server
from tests.slow.platform import Platform

_PREFIX = "chaos"
_WORK = "disturbed"
_TEMPORARY = "t"
"""Short: a socket's path has at most 107 letters."""


@dataclass(frozen=True)
class Soak:
    """What came of it."""

    met: Sequence[Injected]
    ended: Sequence[Ended]
    progress: dict[Unit, int]
    """How far all runs together came."""
    judged: dict[str, list[str]]

    @property
    def holds(self) -> bool:
        """Whether nothing is violated."""
        return not any(self.judged.values())


def soak(folder: Path, seed: int, schedule: Sequence[Fault], trials: int) -> Soak:
    """Run all of it in a folder, which keeps the logs.

    Raises:
        AssertionError: when the undisturbed study fails, or a server does not start.
    """
    root = folder / "demo"
    read_corpus(DemoCorpusConfig(size="small", root=str(root)))
    study = settings(seed, root, trials)
    theirs = undisturbed(folder / "undisturbed", study)
    print("the undisturbed study has ended", flush=True)
    mark = uuid.uuid4().hex
    with broken_world(folder, mark, schedule) as injector:
        server = injector.world.store.server
        study["store"] = f"s3://{server.bucket}/{_PREFIX}"
        platform = _platform(folder, mark, injector)
        file = platform.write(study, "chaos.yaml")
        uri = injector.world.tracking.uri
        ended = run_until_done(platform, [file, "--set", f"tracking.uri={uri}"], injector)
        left = processes_left(mark)
        with _store(server, study["store"]) as store:
            ours = gather(store, optuna_of(platform.folder), uri)
            ours = replace(ours, keys=ours.keys + unfinished_uploads(server))
            secrets = tuple(_secrets(server, store, folder))
    traces = Traces(
        written=_written(injector, f"/{server.bucket}/{_PREFIX}/"),
        ends=tuple(_unexplained(ended, injector.met)),
        not_met=tuple(str(each.fault) for each in injector.met if not each.outcome),
        processes=tuple(left),
        secrets=secrets,
    )
    progress = dict(injector.world.proxy.counts)
    return Soak(injector.met, ended, progress, violations(ours, theirs, traces))


def _platform(folder: Path, mark: str, injector: Injector) -> Platform:
    """Where the command runs."""
    work, temporary = folder / _WORK, folder / _TEMPORARY
    work.mkdir()
    temporary.mkdir()
    return Platform(work, dict(environment(mark, injector, temporary)))


def _secrets(server: S3Server, store: ObjectStore, folder: Path) -> Iterator[str]:
    """Where a key of the store stands that the study, Ray or MLflow has written."""
    keys = (server.secret_key, server.reader_secret_key, server.access_key)
    for name in (_WORK, _TEMPORARY, "mlflow"):
        yield from files_with(keys, folder / name)
    yield from objects_with(keys, store)


def lines(found: Soak) -> Iterator[str]:
    """The whole report."""
    yield from injected_lines(found.met, found.ended)
    yield "progress: " + ", ".join(f"{n} {unit}s" for unit, n in found.progress.items())
    yield from verdict_lines(found.judged)


def _written(injector: Injector, prefix: str) -> dict[str, int]:
    return {k.removeprefix(prefix): n for k, n in injector.world.proxy.stored.items()}


def _unexplained(ended: Sequence[Ended], met: Sequence[Injected]) -> Iterator[str]:
    """Runs that broke in a way that no fault asks for."""
    for number, run in enumerate(ended, start=1):
        faults = [each.fault.kind for each in met if each.run == number]
        if run.code < 0 and "kill-driver" in faults:
            continue
        if "Traceback (most recent call last)" in run.output:
            yield f"run {number} ended {run.code} with a traceback: {run.output[-300:]!r}"
        elif run.code and TOO_BUSY not in run.output and not faults:
            yield f"run {number} ended {run.code} though nothing was broken: {run.output[-300:]!r}"
    if ended[-1].code:
        yield f"the study did not end well after {len(ended)} runs"


@contextmanager
def _store(server: S3Server, url: str) -> Iterator[ObjectStore]:
    """The store without the proxy before it."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in server.environment.items():
            patch.setenv(name, value)
        yield open_store(url)
