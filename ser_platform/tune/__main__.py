"""``python -m ser_platform.tune experiments/wise.yaml``: search, select, score, rank.

``status`` tells what a study is at, ``export`` gives its trials and its best setting to other
programs, ``stop`` ends the process that runs it.
"""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path

from ser_platform.config.protocol import refuse_to_search
from ser_platform.config.schema import ExperimentFile
from ser_platform.door import Action, door_of_actions
from ser_platform.errors import ConfigError, StudyError


def main(argv: Sequence[str] | None = None) -> int:
    """Find out what to do, parse, load the experiment file, do it."""
    return door_of_actions("tune", _ACTIONS, argv)


def _search(file: ExperimentFile, arguments: Namespace) -> None:
    from ser_platform.train.given import look

    given = look(file)
    # Only now what takes long to load: a mistake in the file is told first.
    from ser_platform.leaderboard.show import show_if_possible
    from ser_platform.tune.study import run_study

    run_study(file, given, resume=arguments.resume, search_only=arguments.search_only)
    if not arguments.search_only:
        show_if_possible(file.tracking.uri, file.tracking.experiment)


def _refuse(file: ExperimentFile, arguments: Namespace) -> None:
    refuse_to_search(file)
    if file.study.warm_start is not None:
        from ser_platform.tune.warm import refuse_missing

        refuse_missing(file, arguments.resume)


def _status(file: ExperimentFile, arguments: Namespace) -> None:
    from ser_platform.tune.show_status import show_status, write_status
    from ser_platform.tune.status import status
    from ser_platform.tune.stored import stored_studies

    found = [status(study, file) for study in stored_studies(file, arguments.experiment)]
    if arguments.json:
        write_status(found)
    else:
        show_status(found, arguments.experiment)


def _export(file: ExperimentFile, arguments: Namespace) -> None:
    from rich.console import Console

    from ser_platform.pages.terminal import console, say
    from ser_platform.tune.export import STDOUT, as_json, rows, write_best, write_csv
    from ser_platform.tune.record import counted
    from ser_platform.tune.stored import stored_studies

    if not (arguments.csv or arguments.best or arguments.json):
        raise ConfigError("tune export: give --csv FILE, --best FILE.yaml or --json")
    if arguments.json and arguments.csv == STDOUT:
        raise ConfigError("--csv and --json: only one of them can go to standard output")
    is_piped = arguments.json or arguments.csv == STDOUT
    # What is read by a program has no words in it.
    to = Console(stderr=True) if is_piped else console()
    studies = stored_studies(file, arguments.experiment)
    if arguments.study:
        studies = [s for s in studies if s.study_name == arguments.study]
        if not studies:
            raise StudyError(
                f"{file.name}: no study '{arguments.study}'; `python -m ser_platform.tune status "
                f"{arguments.experiment}` lists them"
            )
    if arguments.csv:
        table = rows(studies, file)
        write_csv(table, arguments.csv)
        if arguments.csv != STDOUT:
            say(to, f"{arguments.csv}: {counted(len(table), 'row')}, one for each trial")
    if arguments.best:
        top = write_best(studies[0], file, arguments.architecture, arguments.best)
        say(
            to,
            f"{arguments.best}: {top.architecture}, trial {top.number} of "
            f"{studies[0].study_name}; `python -m ser_platform.train {arguments.best}` trains it",
        )
    if arguments.json:
        sys.stdout.write(as_json(rows(studies, file)))


def _stop(file: ExperimentFile, arguments: Namespace) -> None:
    from ser_platform.pages.terminal import console, say
    from ser_platform.tune.stop import stop
    from ser_platform.tune.stored import stored_studies

    ended = stop(stored_studies(file, arguments.experiment), file, arguments.timeout)
    for each in ended:
        say(
            console(),
            f"study {each.study} has stopped at {each.ended} of {each.wanted} trials; "
            f"`python -m ser_platform.tune {arguments.experiment}` goes on with it",
        )
    if not ended:
        say(console(), f"{file.name}: no study is running, nothing to stop")


def _add_search(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--resume",
        choices=["auto", "never", "must"],
        default="auto",
        help="a study of the file's name: go on with it, or refuse when it was made of something "
        "else (auto, the default); begin another beside it (never); refuse to begin one (must)",
    )
    parser.add_argument(
        "--search-only",
        action="store_true",
        help="leave the test part alone; the same command without it scores what was selected",
    )


def _add_status(parser: ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="for programs: all of it, as JSON")


def _add_export(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--csv",
        type=Path,
        metavar="FILE",
        help="write a line for each trial; '-' for standard output",
    )
    parser.add_argument(
        "--best",
        type=Path,
        metavar="FILE.yaml",
        help="write an experiment file for train with the best setting of the newest study",
    )
    parser.add_argument("--json", action="store_true", help="all trials on standard output")
    parser.add_argument(
        "--architecture", metavar="NAME", help="whose best setting (default: the best of all)"
    )
    parser.add_argument(
        "--study", metavar="STUDY", help="only this one (default: all of the file's name)"
    )


def _add_stop(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--timeout",
        type=float,
        default=120.0,
        metavar="SECONDS",
        help="how long to wait until it has ended (default: 120)",
    )


_ACTIONS = {
    "search": Action(
        "search, score the selected settings on test, rank them",
        _search,
        _add_search,
        _refuse,
    ),
    "status": Action("tell what the studies of the file are at", _status, _add_status),
    "export": Action("write trials or the best setting for other programs", _export, _add_export),
    "stop": Action("ask the process that runs the study to stop, and wait", _stop, _add_stop),
}

if __name__ == "__main__":
    sys.exit(main())
