"""Whether commands and variables in manifests are ones that their programs know."""

import contextlib
import importlib.util
import io
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import click
from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES
from mlflow import environment_variables
from mlflow.cli import cli as mlflow
from psycopg import pq
from ray.scripts.scripts import cli as ray
from ray.serve.scripts import cli as serve

from ser_platform.__main__ import main

_PROGRAMS: dict[str, click.Command] = {"ray": ray, "mlflow": mlflow, "serve": serve}


def command_fault(words: Sequence[str]) -> str:
    """Why a command would not run; empty when it would. Nothing is run.

    Its files are looked for in the working directory.
    """
    program, *arguments = words
    if program in _PROGRAMS:
        return _click_fault(_PROGRAMS[program], program, arguments)
    if program == "ser":
        return _own_fault(arguments)
    if words[:2] == ["python", "-m"] and words[2].startswith("ser_platform."):
        return _own_fault([words[2].removeprefix("ser_platform."), *arguments[2:]])
    return f"{program}: not a program that is known here"


def _click_fault(command: click.Command, name: str, arguments: list[str]) -> str:
    """As the program itself reads its arguments, down to the last subcommand."""
    while isinstance(command, click.Group):
        first, *arguments = arguments or [""]
        if first not in command.commands:
            return f"{name}: no command '{first}'"
        command, name = command.commands[first], first
    try:
        command.make_context(name, list(arguments))
    except click.ClickException as e:
        return e.format_message()
    return ""


def _own_fault(arguments: list[str]) -> str:
    """What one of our commands says when it only checks what it was given."""
    said = io.StringIO()
    if arguments[0] == "doctor":  # it has no --check, and reads its file as all others do
        arguments = ["tune", *(a for a in arguments[1:] if a not in ("--quick", "--json"))]
    takes_a_file = any(a.endswith((".yaml", ".yml")) for a in arguments)
    asked = [*arguments, "--check"] if takes_a_file else arguments
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
        try:
            code = main(asked)
        except SystemExit as e:
            code = e.code
    return "" if code == 0 else said.getvalue()


def unknown_variables(variables: Sequence[str]) -> list[str]:
    """Those that nobody reads, of Ray's, MLflow's, AWS's and PostgreSQL's own."""
    return [name for name in variables if not _is_read(name)]


def _is_read(name: str) -> bool:
    prefix = name.partition("_")[0]
    match prefix:
        case "RAY":
            return name.encode() in _of_ray()
        case "MLFLOW":
            return hasattr(environment_variables, name)
        case "AWS":
            return name in _AWS
        case _ if prefix.startswith("PG"):
            known = pq.Conninfo.get_defaults()
            return name.encode() in {found.envvar for found in known}
        case "HOME" | "PATH" | "PYTHONPATH" | "PYTHONUNBUFFERED":
            return True
        case _:
            return False


_AWS = {
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_ENDPOINT_URL_S3",
    *(
        found[1]
        for found in BOTOCORE_DEFAUT_SESSION_VARIABLES.values()
        if isinstance(found[1], str)
    ),
}


@cache
def _of_ray() -> frozenset[bytes]:
    """Whatever begins so in Ray's own Python and in its core: variables are read in either."""
    found = importlib.util.find_spec("ray")
    assert found is not None
    assert found.origin is not None
    folder = Path(found.origin).parent
    own = [path for part in ("_private", "_common") for path in (folder / part).rglob("*.py")]
    text = b"".join(path.read_bytes() for path in [folder / "_raylet.so", *own])
    return frozenset(re.findall(rb"RAY_\w+", text))
