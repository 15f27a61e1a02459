"""A connection to Ray: to a cluster that there is, or to one started on this machine."""

import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from tempfile import NamedTemporaryFile
from typing import Any
from urllib.parse import urlsplit

import psutil
import ray
from ray.exceptions import AuthenticationError

from ser_platform.errors import WorkersError
from ser_platform.interruption import end_with_children, sigterm_given_back

_log = logging.getLogger(__name__)

_ATTEMPTS = 5
"""To start Ray, half a minute each."""
_LISTENS_S = 10.0
"""What a head has to take a connection."""

RAY_SETTINGS = {
    # Many small workers on few cores: the default of 60 s is too short to import torch in.
    "RAY_TRAIN_WORKER_GROUP_START_TIMEOUT_S": "300",
    # Seconds; how soon a dead worker or the end of a group is seen.
    "RAY_TRAIN_HEALTH_CHECK_INTERVAL_S": "0.5",
    # A process per group that warns workers of a node's end: one look at all is enough (pool.py).
    "RAY_TRAIN_ENABLE_PREEMPTION_WATCHER": "0",
    # Tune's CSV, JSON and TensorBoard files: results lie in the store and in MLflow.
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    # Tune turns Ctrl-C into the regular end of a search: half a study would be scored.
    "TUNE_DISABLE_SIGINT_HANDLER": "1",
    # Tune's old output can be silenced, its new one cannot; we print a line per trial.
    "RAY_AIR_NEW_OUTPUT": "0",
    # Trials are drawn by a searcher, and then Tune starts one process at a time, which takes
    # seconds; how many trials run is our searcher's to say.
    "TUNE_MAX_PENDING_TRIALS_PG": "16",
    # A study starts some ten small processes at once; Ray prints a warning from 8 on 2 cores.
    "RAY_worker_maximum_startup_concurrency": "16",
    # No word home about what is run.
    "RAY_USAGE_STATS_ENABLED": "0",
    # MLflow's, for workers: nothing is unpickled from storage.
    "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
}
"""What a Ray that we start or join is told by the environment, unless the user's says else."""

_OTHER_TOKENS = ("RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH")


@contextmanager
def cluster() -> Iterator[bool]:
    """A connection to Ray for as long as the block runs; yields whether the cluster may grow.

    Inside a submitted job, or with ``RAY_ADDRESS`` set, it joins that cluster, which an
    autoscaler may enlarge; otherwise it starts Ray on this machine and stops it at the end.
    A connection that is open already is used and left open. A signal that ends the block ends
    the process: it is the outermost of what has to be cleaned up.
    """
    if ray.is_initialized():
        yield False
        return
    address = os.environ.get("RAY_ADDRESS")  # noqa: TID251  # Ray's own way to name a cluster
    for name, value in RAY_SETTINGS.items():
        os.environ.setdefault(name, value)  # noqa: TID251  # Ray takes these no other way
    try:
        with sigterm_given_back(), _token_in_words():
            if address:
                _join(address)
                _log.info("ray: joined the cluster at %s", address)
            else:
                start_here()
                cpus = ray.cluster_resources()["CPU"]
                _log.info("ray: started on this machine, %g CPUs", cpus)
        try:
            yield bool(address)
        except KeyboardInterrupt:
            # Threads still wait for worker groups (train/pool.py). Once a shutdown has freed what
            # they wait in, Ray's core ends the process, silently, with code 1.
            end_with_children()
    finally:
        ray.shutdown()


@contextmanager
def _token_in_words() -> Iterator[None]:
    try:
        yield
    except AuthenticationError as e:
        raise WorkersError(
            f"Ray has no token ({str(e).partition('. ')[0]}); name the file of the cluster's "
            "token with RAY_AUTH_TOKEN_PATH"
        ) from e


def _join(address: str) -> None:
    try:
        # Where nobody listens, Ray tries for more than ten minutes.
        place = urlsplit(address if "://" in address else f"//{address}")
        if place.hostname and place.port:
            socket.create_connection((place.hostname, place.port), _LISTENS_S).close()
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except (OSError, RuntimeError) as e:
        raise WorkersError(
            f"no Ray cluster answers at RAY_ADDRESS={address}: {e}; start it, give the token "
            "of its RAY_AUTH_MODE, or unset RAY_ADDRESS to run on this machine"
        ) from e


def start_here(**options: Any) -> None:
    """Start Ray on this machine; again when it does not come up, which on a busy one takes luck.

    Its parts wait 15 and 30 s for each other, constants of Ray, and then its raylet is gone. What
    one attempt has read from disk is in memory for the next.

    Args:
        options: more of ``ray.init``.

    Raises:
        WorkersError: when the machine is too busy for that.
    """
    _keep_token_private()
    for attempt in range(1, _ATTEMPTS + 1):
        # Said, because it would join whatever `ray start` last left on this machine.
        if _came_up(address="local", include_dashboard=False, log_to_driver=False, **options):
            return
        _log.info("ray: did not come up, attempt %d of %d", attempt, _ATTEMPTS)
    raise WorkersError(
        f"Ray did not come up in {_ATTEMPTS} attempts: this machine is too busy (load average "
        f"{os.getloadavg()[0]:.0f} on {os.cpu_count()} cores); run the same command again when it "
        "has less to do: what is stored is not repeated"
    )


def _came_up(**options: Any) -> bool:
    """Start Ray; False when it took too long, with nothing left of it."""
    before = set(psutil.Process().children(recursive=True))
    try:
        ray.init(logging_level=logging.ERROR, **options)
    except Exception as e:
        # Ray has no type for it (its node.py).
        if "timed out during startup" not in str(e):
            raise
        for process in set(psutil.Process().children(recursive=True)) - before:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        return False
    return True


def _keep_token_private() -> None:
    """Let only this user read the token that opens a Ray started here.

    Ray makes one where there is none, and lets everybody on the machine read it (2.60): so ours
    is there first.

    Raises:
        WorkersError: when the file cannot be written.
    """
    said = os.environ  # noqa: TID251  # Ray's own way to name a token
    if said.get("RAY_AUTH_MODE", "token").lower() != "token" or any(map(said.get, _OTHER_TOKENS)):
        return
    path = Path.home() / ".ray" / "auth_token"
    try:
        path.parent.mkdir(exist_ok=True)
        with NamedTemporaryFile("w", dir=path.parent) as file:
            file.write(token_hex(32))
            file.flush()
            # Whole or not there, and never in the place of one that is in use.
            with suppress(FileExistsError):
                os.link(file.name, path)
        path.chmod(0o600)
    except OSError as e:
        raise WorkersError(
            f"{path}: {e.strerror}; Ray's token lies there: make the folder yours, or name a "
            "file of your own with RAY_AUTH_TOKEN_PATH"
        ) from e
