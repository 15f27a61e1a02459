"""What an answer over HTTP costs: ours beside ``mlflow models serve`` with the same model.

    python -m tests.benchmarks.serving models:/ser-demo@champion [--uri sqlite:///.ser/mlflow.db]

For each server: seconds until it is ready and until its first answer, memory before and after,
milliseconds of an answer by the length of the recording, answers a second to 1 to 32 clients at
once, and CPU time for an hour of sound. Ours gets the recording in the request, MLflow's the path
of a file; both get its words in time, so that neither listens. ``--ours`` leaves MLflow's out.
Ours says more: attention, stretches, doubts.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np
import psutil
import soundfile

from ser_platform.config.corpus import DemoCorpusConfig
from ser_platform.config.schema import TrackingConfig
from ser_platform.corpora import read_corpus
from ser_platform.features import audio
from ser_platform.features.base import SAMPLE_RATE_HZ
from ser_platform.inference.words_json import words_to_json
from ser_platform.utterance import Word
from tests.servers import free_port

LENGTHS_S = (1, 3, 10, 30, 120)
CLIENTS = (1, 2, 4, 8, 16, 32)
CLIP_S = 3
"""Of the recordings that many clients ask about."""
ASKED_S = 10.0
"""As long as each of these measurements takes."""
WORDS = ("well", "then", "not", "again", "you", "know")
WORD_S = 0.4


@dataclass(frozen=True)
class Sound:
    """A recording of so many seconds, with words in time."""

    path: Path
    data: bytes
    words: str


@dataclass(frozen=True)
class Server:
    """A command, how it is asked, and where it says that it is ready."""

    name: str
    command: Sequence[str]
    ready: str
    ask: Callable[[httpx.Client, Sound], httpx.Response]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", metavar="MODEL")
    parser.add_argument("--uri", default=TrackingConfig().uri)
    parser.add_argument("--ours", action="store_true")
    arguments = parser.parse_args()
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as folder:
        sounds = {length_s: sound(Path(folder), length_s) for length_s in LENGTHS_S}
        for server in servers(arguments.model, arguments.uri)[: 1 if arguments.ours else 2]:
            measure(server, sounds, arguments.uri)


def servers(model: str, uri: str) -> tuple[Server, Server]:
    port, other = free_port(), free_port()
    python = Path(sys.executable)
    own = [str(python), "-m", "ser_platform.serve", model, f"--uri={uri}", f"--port={port}"]
    theirs = [str(python.with_name("mlflow")), "models", "serve", "--model-uri", model, "--port"]
    return (
        Server(
            "ser_platform.serve",
            [*own, "--at-once=64", "--max-seconds=600"],
            f"http://127.0.0.1:{port}/readyz",
            lambda client, asked: client.post(
                f"http://127.0.0.1:{port}/v1/emotion",
                files={"recording": ("clip.wav", asked.data)},
                data={"words": asked.words},
            ),
        ),
        Server(
            "mlflow models serve",
            [*theirs, str(other), "--env-manager", "local"],
            f"http://127.0.0.1:{other}/ping",
            lambda client, asked: client.post(
                f"http://127.0.0.1:{other}/invocations",
                json={"dataframe_records": [{"file": str(asked.path), "words": asked.words}]},
            ),
        ),
    )


def sound(folder: Path, length_s: int) -> Sound:
    """So many seconds of the demo corpus, one utterance after the other, with words that fit."""
    corpus = read_corpus(DemoCorpusConfig(size="small", root=str(folder / "demo")))
    signal = np.concatenate([audio.load(u.audio) for u in corpus.utterances])
    signal = np.resize(signal, length_s * SAMPLE_RATE_HZ)
    path = folder / f"{length_s}.wav"
    soundfile.write(path, signal, SAMPLE_RATE_HZ)
    words = [
        Word(WORDS[i % len(WORDS)], i * WORD_S, (i + 1) * WORD_S)
        for i in range(int(length_s / WORD_S))
    ]
    return Sound(path, path.read_bytes(), words_to_json(words))


def measure(server: Server, sounds: dict[int, Sound], uri: str) -> None:
    print(f"\n{server.name}")
    with started(server, uri) as process, httpx.Client(timeout=300) as client:
        began = time.perf_counter()
        wait_until_ready(server, process, client)
        print(f"  ready after {time.perf_counter() - began:.1f} s", end="")
        answered(server, client, sounds[CLIP_S])
        print(f", first answer after {time.perf_counter() - began:.1f} s")
        print(f"  memory {memory_mb(process):.0f} MB", end="")
        for length_s, asked in sounds.items():
            taken_ms = sorted(latencies_ms(server, client, asked))
            p50, p95 = (taken_ms[int(q * len(taken_ms))] for q in (0.5, 0.95))
            print(
                f"\n  {length_s:4d} s of sound: p50 {p50:6.1f}, p95 {p95:6.1f} ms of "
                f"{len(taken_ms)} answers",
                end="",
            )
        print()
        for clients in CLIENTS:
            before_s, began = cpu_s(process), time.perf_counter()
            count = asked_at_once(server, sounds[CLIP_S], clients)
            took_s = time.perf_counter() - began
            used_s = (cpu_s(process) - before_s) / (count * CLIP_S) * 3600
            print(
                f"  {clients:2d} clients: {count / took_s:6.1f} answers a second, {used_s:5.1f} s "
                f"of CPU for an hour of sound in clips of {CLIP_S} s"
            )
        print(f"  memory {memory_mb(process):.0f} MB after that")


@contextmanager
def started(server: Server, uri: str) -> Iterator[psutil.Process]:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"  # noqa: TID251
    told = {**os.environ, "MLFLOW_TRACKING_URI": uri, "PATH": path}  # noqa: TID251
    with tempfile.TemporaryFile() as log:
        process = psutil.Popen(server.command, env=told, stdout=log, stderr=log)
        try:
            yield process
        finally:
            for one in [*process.children(recursive=True), process]:
                one.terminate()
            process.wait(30)


def wait_until_ready(server: Server, process: psutil.Process, client: httpx.Client) -> None:
    while True:
        if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
            raise SystemExit(f"{server.name} ended; run {' '.join(server.command)} to see why")
        try:
            if client.get(server.ready).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)


def answered(server: Server, client: httpx.Client, asked: Sound) -> None:
    found = server.ask(client, asked)
    if found.status_code != httpx.codes.OK:
        raise SystemExit(f"{server.name}: {found.status_code}: {found.text[:500]}")
    json.loads(found.content)


def latencies_ms(server: Server, client: httpx.Client, asked: Sound) -> Iterator[float]:
    end_s = time.perf_counter() + ASKED_S
    while (began_s := time.perf_counter()) < end_s:
        answered(server, client, asked)
        yield 1000 * (time.perf_counter() - began_s)


def asked_at_once(server: Server, asked: Sound, clients: int) -> int:
    """How many answers so many clients get, each asking again once it has one."""

    def ask(_: int) -> int:
        with httpx.Client(timeout=300) as client:
            return len(list(latencies_ms(server, client, asked)))

    with ThreadPoolExecutor(clients) as threads:
        return sum(threads.map(ask, range(clients)))


def memory_mb(process: psutil.Process) -> float:
    """Of a process and its children, what they share counted once."""
    each = [process, *process.children(recursive=True)]
    return sum(one.memory_full_info().pss for one in each) / 1e6


def cpu_s(process: psutil.Process) -> float:
    """Of a process and its children."""
    times = [one.cpu_times() for one in [process, *process.children(recursive=True)]]
    return sum(t.user + t.system for t in times)


if __name__ == "__main__":
    main()
