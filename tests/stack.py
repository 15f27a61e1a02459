"""The whole stack on one machine, from packages only: ``python -m tests.stack EXPERIMENT``.

PostgreSQL, an S3 server, an MLflow server on both, a Ray cluster of two nodes that asks for a
token; a study is submitted to it as from a laptop, and all of it is taken down again. What
cluster/ describes for many machines, without a cloud: nothing is installed beside the test
packages.
"""

import subprocess
import sys
import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from boto3.session import Session

from tests.mlflow_server import MlflowServer, mlflow_server
from tests.postgres import PASSWORD, USER, PostgresServer, postgres_server
from tests.ray_head import RAY, ROOT, RayHead, ray_head, ray_node
from tests.servers import S3Server, seaweedfs


@dataclass(frozen=True)
class Stack:
    """All servers, up."""

    postgres: PostgresServer
    s3: S3Server
    mlflow: MlflowServer
    head: RayHead

    @property
    def settings(self) -> list[str]:
        """What an experiment is told of them; passwords and keys come by the environment."""
        database = f"postgresql://{USER}@127.0.0.1:{self.postgres.port}/optuna"
        places = {
            "store": f"s3://{self.s3.bucket}/ser",
            "tracking.uri": self.mlflow.uri,
            "study.storage": database,
        }
        return [f"--set={name}={value}" for name, value in places.items()]

    def submit(self, experiment: str, more: Sequence[str]) -> int:
        """``ray job submit`` in the project's folder, its log on standard output."""
        study = ("python", "-m", "ser_platform.tune", experiment, *self.settings, *more)
        job = (RAY, "job", "submit", "--address", self.head.jobs_url, "--working-dir", ".", "--")
        done = subprocess.run([*job, *study], cwd=ROOT, env=self.head.environment, check=False)
        return done.returncode

    def found(self) -> Iterator[str]:
        """What lies where, a line for each server."""
        with self.postgres.connect("optuna") as database:
            trials = database.execute("SELECT state FROM trials").fetchall()
        states = Counter(state for (state,) in trials)
        yield f"PostgreSQL, Optuna: {in_words(states)} trials"
        with self.postgres.connect("mlflow") as database:
            runs = database.execute("SELECT status FROM runs").fetchall()
        yield f"PostgreSQL, MLflow: {in_words(Counter(status for (status,) in runs))} runs"
        sizes = Counter[str]()
        for prefix, size in self._objects():
            sizes[prefix] += size
        yield "S3: " + ", ".join(f"{p} {size / 1e6:.2f} MB" for p, size in sorted(sizes.items()))
        cpus = [f"{node['resources_total'].get('CPU', 0):g}" for node in self.head.nodes()]
        yield f"Ray: {len(cpus)} nodes of {' and '.join(sorted(cpus))} CPUs"

    def _objects(self) -> Iterator[tuple[str, int]]:
        client = Session().client(
            "s3",
            endpoint_url=self.s3.endpoint,
            aws_access_key_id=self.s3.access_key,
            aws_secret_access_key=self.s3.secret_key,
            region_name="us-east-1",
        )
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=self.s3.bucket):
            for one in page.get("Contents", []):
                yield "/".join(one["Key"].split("/")[:2]), one["Size"]


def in_words(counts: Counter[str]) -> str:
    """``4 COMPLETE and 1 FAIL``."""
    return " and ".join(f"{count} {what}" for what, count in sorted(counts.items())) or "no"


@contextmanager
def stack() -> Iterator[Stack]:
    """Start all of it, say so, and end it behind the block."""
    with ExitStack() as opened:
        folder = Path(opened.enter_context(TemporaryDirectory(prefix="ser-stack-")))
        postgres = opened.enter_context(postgres_server())
        say(f"PostgreSQL    127.0.0.1:{postgres.port}")
        postgres.url("optuna")  # made
        s3 = opened.enter_context(seaweedfs(folder / "s3"))
        say(f"S3            {s3.endpoint}, bucket {s3.bucket}")
        place = f"s3://{s3.bucket}/mlflow"
        mlflow = opened.enter_context(
            mlflow_server(folder / "mlflow", None, postgres.url("mlflow"), place, s3.environment)
        )
        say(f"MLflow        {mlflow.uri}, its runs in PostgreSQL, its artifacts in {place}")
        variables = {**s3.environment, "PGPASSWORD": PASSWORD}
        head = opened.enter_context(ray_head(variables, ("--num-cpus=1",)))
        opened.enter_context(ray_node(head))
        say(f"Ray           {head.jobs_url}, a head and a node of one CPU each, with a token")
        yield Stack(postgres, s3, mlflow, head)
    say("all of it is gone")


def say(line: str) -> None:
    """At once, before what a job prints."""
    sys.stdout.write(f"stack: {line}\n")
    sys.stdout.flush()


def main(argv: Sequence[str] | None = None) -> int:
    """Start, submit, look, take down; the exit code of the study."""
    parser = ArgumentParser(prog="python -m tests.stack", description=__doc__)
    parser.add_argument("experiment", help="an experiment file of this folder")
    parser.add_argument("--keep", action="store_true", help="leave it up until Ctrl-C, to look at")
    arguments, more = parser.parse_known_args(argv)
    with stack() as running:
        code = running.submit(arguments.experiment, more)
        for line in running.found():
            say(line)
        if arguments.keep:
            say(f"up until Ctrl-C: {running.mlflow.uri} and {running.head.jobs_url}")
            wait_for_ctrl_c()
    return code


def wait_for_ctrl_c() -> None:
    """Return at the first one."""
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        sys.stdout.write("\n")


if __name__ == "__main__":
    sys.exit(main())
