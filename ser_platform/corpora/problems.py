"""Reading text, and saying all that is wrong at once."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path

from ser_platform.errors import CorpusError

MAX_PROBLEMS = 20
MAX_NAMES = 10


def refuse_if_any(problems: Sequence[str], where: object) -> None:
    """Raise one error that lists what is wrong, a line each, if anything is.

    Raises:
        CorpusError: with the first 20 problems and the count of the rest.
    """
    if not problems:
        return
    lines = list(problems[:MAX_PROBLEMS])
    if rest := len(problems) - len(lines):
        lines.append(f"... and {rest} more")
    plural = "problem" if len(problems) == 1 else "problems"
    raise CorpusError("\n  ".join([f"{where}: {len(problems)} {plural}", *lines]), problems)


@contextmanager
def collected(problems: list[str]) -> Iterator[None]:
    """What is raised inside becomes one more problem, so that the next thing is looked at."""
    try:
        yield
    except CorpusError as error:
        problems.append(str(error))


def listed(names: Iterable[object], most: int = MAX_NAMES) -> str:
    """``a, b, c and 5 more``; ``nothing`` for none."""
    every = [str(name) for name in names]
    if not every:
        return "nothing"
    shown = ", ".join(every[:most])
    return shown + (f" and {len(every) - most} more" if len(every) > most else "")


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """``; did you mean 'x'?`` when a known name looks like it, else nothing."""
    by_lower = {k.lower(): k for k in known}
    near = get_close_matches(name.lower(), by_lower, n=1)
    return f"; did you mean '{by_lower[near[0]]}'?" if near else ""


def inside(folder: Path) -> str:
    """What a folder holds, for a message about what it should hold."""
    return listed(sorted(p.name for p in folder.iterdir() if not p.name.startswith(".")))


def read_text(path: Path) -> str:
    """A UTF-8 text file, with or without a byte order mark.

    Raises:
        CorpusError: naming file and line when it is not UTF-8, or cannot be read.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CorpusError(f"{path}: cannot be read ({error.strerror})") from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        found = error.object[error.start : error.start + 1]
        raise CorpusError(
            f"{path}, line {line}: not UTF-8 text (byte 0x{found.hex()}); save it as UTF-8"
        ) from None
