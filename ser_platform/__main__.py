"""``ser DOOR ...``: the same as ``python -m ser_platform.DOOR ...``."""

import importlib
import importlib.util
import sys
from collections.abc import Sequence

from ser_platform.config.problems import nearest

DOORS = {
    "doctor": "whether everything that a study needs is here and works",
    "features": "fill the feature cache of an experiment; list, verify, clean it",
    "transcripts": "count how wrong recognised or corrupted words are",
    "train": "train one setting over all folds, score it, log it",
    "tune": "search settings, score the best on test, log everything",
    "reproduce": "run every row of the papers' tables, and write the tables",
    "corpora": "check, count or sample the corpus of an experiment",
    "audit": "what leaks across its folds, and what scores without listening",
    "predict": "which emotion recordings carry, as a saved model hears it",
    "serve": "the same over HTTP, with a page to record and ask",
    "leaderboard": "rank what was logged, beside published figures",
    "tracking": "send what MLflow did not take while it was away",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Hand over to a door. Returns its exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if not arguments or arguments[0] in ("-h", "--help"):
        sys.stdout.write(_overview())
        return 0
    name, *rest = arguments
    if name not in DOORS:
        near = nearest(name, DOORS)
        hint = f"; did you mean '{near}'?" if near else ""
        sys.stderr.write(f"error: no door '{name}'{hint}\n{_overview()}")
        return 2
    return importlib.import_module(_module_of(name)).main(rest)


def _overview() -> str:
    doors = "".join(f"  ser {name:<12} {does}\n" for name, does in DOORS.items())
    return f"usage: ser DOOR ...\n\n{doors}\n'ser DOOR --help' tells what a door takes.\n"


def _module_of(name: str) -> str:
    """A door is a folder with a ``__main__.py``, or a single file."""
    module = f"ser_platform.{name}"
    spec = importlib.util.find_spec(module)
    is_folder = spec is not None and spec.submodule_search_locations is not None
    return f"{module}.__main__" if is_folder else module


if __name__ == "__main__":
    sys.exit(main())
