"""The study's world: an S3 server behind the proxy, an MLflow server, and its command."""

import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.chaos.injector import Injector, World
from tests.chaos.plan import Fault
from tests.chaos.processes import MARK, left_after
from tests.chaos.proxy import chaos_proxy
from tests.mlflow_server import MlflowServer, new_database
from tests.servers import SeaweedServer
from tests.slow.platform import Platform

AGAIN = "run the same command again"
"""What the platform says when something is missing though the command ended well."""
TOO_BUSY = "this machine is too busy"
"""What it says when Ray does not start, which is no fault of the schedule."""
PATIENCE = {"RAY_worker_niceness": "0"}
"""On a busy machine workers that give way to everybody, as Ray has them do, never get on."""
GIVES_UP_S = 900.0
"""So long a run may take."""
_LINGER_S = 60.0


@dataclass(frozen=True)
class Ended:
    """One run of the command."""

    code: int
    seconds: float
    output: str


@contextmanager
def broken_world(folder: Path, mark: str, schedule: Sequence[Fault]) -> Iterator[Injector]:
    """Servers in folders of their own, and whoever breaks them; gone when the block ends."""
    store = SeaweedServer(folder / "s3")
    tracking = MlflowServer(folder / "mlflow", _database(folder))
    with chaos_proxy(store.server.endpoint) as proxy:
        injector = Injector(World(mark, proxy, store, tracking), schedule)
        proxy.watch = injector.watch
        try:
            store.start()
            tracking.start()
            yield injector
        finally:
            left_after(mark, 0)
            injector.settle()
            tracking.kill()
            store.stop()


def run_until_done(
    platform: Platform, arguments: Sequence[str], injector: Injector
) -> list[Ended]:
    """Run the command again and again, until nothing is left to break or to do.

    At once, as a person would who has seen it die: what it left behind may still be alive.
    """
    world, ended = injector.world, list[Ended]()
    most = 3 + 2 * len(injector.schedule)
    while not _is_done(ended) and _counted(ended) < most and len(ended) < 3 * most:
        world.run += 1
        path = platform.folder / f"run{world.run}.log"
        started = time.monotonic()
        with path.open("wb") as output:
            world.driver = subprocess.Popen(
                [sys.executable, "-m", "ser_platform.tune", *arguments],
                cwd=platform.folder,
                env=platform.variables,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
            code = _wait(world.driver)
        seconds = time.monotonic() - started
        ended.append(Ended(code, seconds, path.read_text(errors="replace")))
        print(f"run {world.run}: exit {code} after {seconds:.0f} s", flush=True)
        injector.settle()
    return ended


def environment(mark: str, injector: Injector, folder: Path) -> Mapping[str, str]:
    """What the command inherits: credentials, the proxy for an endpoint, a mark."""
    world = injector.world
    return {
        **PATIENCE,
        **world.store.server.environment,
        "AWS_ENDPOINT_URL_S3": world.proxy.endpoint,
        MARK: mark,
        "TMPDIR": str(folder),
    }


def processes_left(mark: str) -> list[str]:
    """Who is still there a minute after the last run."""
    return left_after(mark, _LINGER_S)


def _is_done(ended: Sequence[Ended]) -> bool:
    return bool(ended) and ended[-1].code == 0 and AGAIN not in ended[-1].output


def _counted(ended: Sequence[Ended]) -> int:
    """Runs that began to work."""
    return sum(TOO_BUSY not in run.output for run in ended)


def _wait(driver: subprocess.Popen[bytes]) -> int:
    try:
        return driver.wait(GIVES_UP_S)
    except subprocess.TimeoutExpired:
        driver.kill()
        return driver.wait()


def _database(folder: Path) -> Path:
    made = folder / "empty"
    made.mkdir(parents=True, exist_ok=True)
    return new_database(made)
