"""What all doors share: arguments, ``--check``, how errors end, where the log goes."""

import argparse
import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import inf

from ser_platform.config import ExperimentFile, load_experiment_file, signature
from ser_platform.config.problems import nearest
from ser_platform.errors import SerError
from ser_platform.interruption import ended_in_order, ending
from ser_platform.redaction import protect_logs, redacted

Act = Callable[[ExperimentFile, argparse.Namespace], int | None]
"""What a door does with a checked file; imports torch, Ray and the like inside."""
Refuse = Callable[[ExperimentFile, argparse.Namespace], None]
"""Raises ConfigError for a file, or arguments with it, that a door does not take."""


def door(
    name: str,
    doc: str,
    act: Act,
    add_arguments: Callable[[argparse.ArgumentParser], None] | None = None,
    argv: Sequence[str] | None = None,
    refuse: Refuse | None = None,
) -> int:
    """Parse, load the experiment file, act on it; with ``--check`` only say what it is.

    Args:
        name: of the door: ``tune``.
        doc: first paragraph of its help.
        act: what it does; its result is the exit code, None is 0.
        add_arguments: adds what only this door takes.
        argv: without the program's name; None: of this process.
        refuse: has its say before anything is checked or done.
    """
    parser = parser_of(name, doc)
    parser.add_argument("experiment", metavar="EXPERIMENT", help="file such as experiments/x.yaml")
    take_overrides(parser, "model.dropout=0.2")
    parser.add_argument("--check", action="store_true", help="check the file and stop")
    if add_arguments is not None:
        add_arguments(parser)
    arguments = parser.parse_args(argv)

    def load_and_act() -> int | None:
        file = load_experiment_file(arguments.experiment, arguments.overrides)
        if refuse is not None:
            refuse(file, arguments)
        if arguments.check:
            sys.stdout.write(_summary(arguments.experiment, file))
            return 0
        return act(file, arguments)

    return guarded(load_and_act)


@dataclass(frozen=True)
class Action:
    """One of several things that a door does with an experiment file."""

    does: str
    """In words, as the help has it."""
    act: Act
    add_arguments: Callable[[argparse.ArgumentParser], None] | None = None
    refuse: Refuse | None = None


def door_of_actions(
    name: str, actions: Mapping[str, Action], argv: Sequence[str] | None = None
) -> int:
    """Find out what to do, the first of ``actions`` when nothing is said, and do it.

    Raises:
        SystemExit: after the help.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    first = arguments[0] if arguments else "--help"
    if first in ("-h", "--help"):
        sys.stdout.write(_overview(name, actions))
        sys.exit(0)
    if first not in actions:
        # An experiment file, or an option: as other doors act without being told.
        if not (first.startswith("-") or first.endswith((".yaml", ".yml"))):
            near = nearest(first, actions)
            hint = f"; did you mean '{near}'?" if near else ""
            sys.stderr.write(
                f"error: {name}: no action '{first}'{hint}\n{_overview(name, actions)}"
            )
            return 2
        arguments.insert(0, next(iter(actions)))
    chosen, *rest = arguments
    action = actions[chosen]
    doc = f"{action.does}."
    return door(f"{name} {chosen}", doc, action.act, action.add_arguments, rest, action.refuse)


def _overview(name: str, actions: Mapping[str, Action]) -> str:
    wide = max(map(len, actions)) + 2
    lines = "".join(f"  ser {name} {key:<{wide}}{a.does}\n" for key, a in actions.items())
    return (
        f"usage: ser {name} [ACTION] EXPERIMENT ...\n\n{lines}\nWithout ACTION: "
        f"{next(iter(actions))}. 'ser {name} ACTION --help' tells what an action takes.\n"
    )


def at_least(least: float, kind: type[float] = float) -> Callable[[str], float]:
    """Of an argument: a number that is not smaller."""

    def number(text: str) -> float:
        found = kind(text)
        if not least <= found < inf:
            raise argparse.ArgumentTypeError(f"{text}: {least:g} or more is expected")
        return found

    number.__name__ = kind.__name__  # what argparse says of a text that is no number
    return number


def take_overrides(parser: argparse.ArgumentParser, example: str, of: str = "the file") -> None:
    """``--set KEY=VALUE``, as often as wanted; found as ``overrides``."""
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        dest="overrides",
        help=f"replace one setting of {of}: {example}; may be given again",
    )


def parser_of(name: str, doc: str) -> argparse.ArgumentParser:
    """The empty parser of a door, for those that take no experiment file."""
    plain = doc.replace("``", "")
    return argparse.ArgumentParser(prog=f"ser {name}", description=plain, allow_abbrev=False)


def guarded(act: Callable[[], int | None]) -> int:
    """Run a door's work and turn its end into an exit code.

    A :class:`SerError` is the user's to mend: its message goes to stderr, without a traceback.
    Ctrl-C ends with 130, SIGTERM with 143, both in order; a second of them at once.
    """
    start_logging()
    with ended_in_order():
        try:
            return act() or 0
        except SerError as e:
            sys.stderr.write(f"error: {redacted(str(e))}\n")
            return e.exit_code
        except KeyboardInterrupt:
            word, code = ending()
            sys.stderr.write(f"{word}\n")
            return code


def start_logging() -> None:
    """Our progress and everybody's warnings, as plain lines on stderr, without secrets."""
    protect_logs()
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    logging.getLogger("ser_platform").setLevel(logging.INFO)


def _summary(path: str, file: ExperimentFile) -> str:
    lines: list[str] = []
    for name in file.architectures:
        many = len(file.search_space(name))
        searches = f"{many} setting{'s' * (many > 1)}" if many else "nothing"
        identity = signature(file.experiment(name))
        lines.append(f"{path}: valid ({name}, signature {identity}, searches {searches})\n")
    if file.selects_on_test:
        lines.append(f"{path}: selection best_on_test: every score will be flagged as such\n")
    for setting, values in file.sweep.items():
        runs = len(values) * len(file.architectures)
        listed = ", ".join(f"{value:g}" for value in values)
        lines.append(f"{path}: train sweeps {setting} over {listed}: {runs} runs\n")
    return "".join(lines)
