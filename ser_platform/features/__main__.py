"""``python -m ser_platform.features fill experiments/wise.yaml``: the feature cache.

``fill`` may be left out. ``ls`` shows what is stored, ``verify`` reads it all to find damage,
``gc`` finds what nobody needs.
"""

import re
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ser_platform.config import load_experiment_file
from ser_platform.config.schema import ExperimentFile
from ser_platform.door import Action, door_of_actions
from ser_platform.errors import ConfigError, TrackingError

if TYPE_CHECKING:
    from ser_platform.upkeep.front_ends import FrontEnd

_DAYS = {"d": 1.0, "h": 1 / 24}


def main(argv: Sequence[str] | None = None) -> int:
    """Find out what to do, parse, load the experiment file, do it."""
    return door_of_actions("features", _ACTIONS, argv)


def _fill(file: ExperimentFile, _arguments: Namespace) -> None:
    from ser_platform.train.given import look

    given = look(file)
    # Only now what takes long to load: a mistake in the file is told first.
    from ser_platform.runtime.connection import cluster
    from ser_platform.storage import open_store
    from ser_platform.train.prepare import fill

    with cluster():
        # The store itself, without the copies of this machine: others are to find it full.
        fill(file, replace(given, store=open_store(file.store)))


def _ls(file: ExperimentFile, arguments: Namespace) -> None:
    from ser_platform.storage import open_store
    from ser_platform.upkeep.inventory import inventory
    from ser_platform.upkeep.terminal import show_inventory, write_json

    corpus, front_ends = _look(file)
    found = inventory(open_store(file.store), corpus, front_ends)
    (write_json if arguments.json else show_inventory)(found)


def _verify(file: ExperimentFile, arguments: Namespace) -> int:
    from ser_platform.storage import open_store
    from ser_platform.upkeep.terminal import show_verification, write_json
    from ser_platform.upkeep.verify import verify_all, verify_shards

    store = open_store(file.store)
    if arguments.all:
        found = verify_all(store, repair=arguments.repair)
    else:
        shards = [shard for front_end in _look(file)[1] for shard in front_end.shards]
        found = verify_shards(store, shards, repair=arguments.repair)
    if arguments.json:
        write_json(found)
    else:
        show_verification(found, arguments.experiment)
    return 1 if found.damaged else 0


def _gc(file: ExperimentFile, arguments: Namespace) -> None:
    from ser_platform.storage import open_store
    from ser_platform.upkeep.collect import Needed, collect
    from ser_platform.upkeep.terminal import show_collected, write_json

    files = [file, *(load_experiment_file(path) for path in arguments.keep)]
    front_ends = [front_end for each in files for front_end in _look(each)[1]]
    shards = frozenset(shard.key for front_end in front_ends for shard in front_end.shards)
    runs, unknown = _named_runs(files)
    found = collect(
        open_store(file.store),
        Needed(shards, runs, unknown),
        older_than_days=arguments.older_than,
        unused_for_days=arguments.unused_for,
        delete=arguments.delete,
    )
    (write_json if arguments.json else show_collected)(found)


def _named_runs(files: Sequence[ExperimentFile]) -> tuple[frozenset[str], str]:
    """The runs that any study or any run in MLflow names, or why that is not known."""
    from ser_platform.tracking.read import logged_run_keys
    from ser_platform.tune.stored import run_keys

    named: set[str] = set()
    try:
        for file in files:
            named |= logged_run_keys(file.tracking.uri)
            named |= run_keys(file.study.storage)
    except (ConfigError, TrackingError) as error:
        return frozenset(), str(error)
    return frozenset(named), ""


def _look(file: ExperimentFile) -> "tuple[str, list[FrontEnd]]":
    """The name of the corpus, and what each front end of the file stores of it."""
    from ser_platform.train.given import look
    from ser_platform.upkeep.front_ends import front_ends

    if file.experiment(next(iter(file.architectures))).may_align and (
        file.alignment.unaligned == "drop"
    ):
        raise ConfigError(
            f"{file.name}: alignment.unaligned is drop, and what is dropped is known only once "
            "the corpus is aligned: ls, verify and gc cannot tell its shards; use verify --all"
        )
    given = look(file)
    return given.corpus.name, front_ends(file, given.corpus, given.digests)


def _days(text: str) -> float:
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)([dh])", text)
    if not found:
        raise ArgumentTypeError(f"'{text}' is no time; write 7d or 12h")
    return float(found[1]) * _DAYS[found[2]]


def _add_json(parser: ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="for programs: all of it, as JSON")


def _add_verify(parser: ArgumentParser) -> None:
    parser.add_argument("--all", action="store_true", help="everything in the file's store")
    parser.add_argument(
        "--repair",
        action="store_true",
        help="put what is damaged into quarantine, so that it is computed again",
    )
    _add_json(parser)


def _add_gc(parser: ArgumentParser) -> None:
    parser.add_argument("--delete", action="store_true", help="delete it; without: only tell")
    parser.add_argument(
        "--keep",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="another experiment file whose features stay; may be given again",
    )
    parser.add_argument(
        "--older-than",
        type=_days,
        default=7.0,
        metavar="TIME",
        help="leave what was written since, such as 7d or 12h (default: 7d)",
    )
    parser.add_argument(
        "--unused-for",
        type=_days,
        metavar="TIME",
        help="also what only experiments need that did not run since (default: never)",
    )
    _add_json(parser)


_ACTIONS = {
    "fill": Action("compute and store what is missing of an experiment's features", _fill),
    "ls": Action("show what is stored", _ls, _add_json),
    "verify": Action(
        "read what is stored and report damage; exit code 1 for any", _verify, _add_verify
    ),
    "gc": Action("list what no experiment needs, or delete it", _gc, _add_gc),
}

if __name__ == "__main__":
    sys.exit(main())
