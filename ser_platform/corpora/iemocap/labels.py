"""`dialog/EmoEvaluation/<dialogue>.txt`: which utterances there are, and how they were rated."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ser_platform.corpora.iemocap.names import Name, parse_name
from ser_platform.corpora.iemocap.ratings import parse_dimensions, parse_votes
from ser_platform.corpora.problems import collected, did_you_mean, inside, read_text
from ser_platform.errors import CorpusError
from ser_platform.utterance import Dimensions

CLASSES = {"ang": "ang", "hap": "hap", "exc": "hap", "neu": "neu", "sad": "sad"}
"""The release's codes for our four classes; excited is merged into happy, as both papers do."""
LEFT_OUT = ("fru", "sur", "fea", "dis", "oth", "xxx")
"""Codes of other emotions; ``xxx``: the raters found no majority."""

PUBLISHED = {
    1: {"ang": 229, "hap": 135, "exc": 143, "neu": 384, "sad": 194},
    2: {"ang": 137, "hap": 117, "exc": 210, "neu": 362, "sad": 197},
    3: {"ang": 240, "hap": 135, "exc": 151, "neu": 320, "sad": 305},
    4: {"ang": 327, "hap": 65, "exc": 238, "neu": 258, "sad": 143},
    5: {"ang": 170, "hap": 143, "exc": 299, "neu": 384, "sad": 245},
}
"""Utterances per session and code: 5,531 in all (EmoBox and s3prl agree in every cell)."""

_FIRST_LINE = "% [START_TIME"


@dataclass(frozen=True, slots=True)
class Label:
    """One utterance as its raters heard it.

    Attributes:
        utterance: its id.
        name: what the id says.
        code: the consensus, one of the release's codes.
        dimensions: the raters' means, 1 to 5.
        votes: their categories, in the release's own words.
    """

    utterance: str
    name: Name
    code: str
    dimensions: Dimensions
    votes: tuple[str, ...]


def read_labels(folder: Path, session: int, problems: list[str]) -> list[Label]:
    """Every label of one session's ``EmoEvaluation`` folder.

    Its sub-folders hold what single raters wrote, which the files themselves repeat, and names
    that start with a dot are what macOS leaves on foreign disks: neither is read.
    """
    if not folder.is_dir():
        problems.append(f"{folder}: no such folder; it should hold the labels, Ses*.txt")
        return []
    files = sorted(folder.glob("Ses*.txt"))
    if not files:
        problems.append(f"{folder}: no labels (Ses*.txt) in it; found {inside(folder)}")
    return [label for file in files for label in _read_file(file, session, problems)]


def _read_file(file: Path, session: int, problems: list[str]) -> list[Label]:
    labels: list[Label] = []
    with collected(problems):
        lines = read_text(file).splitlines()
        if not lines or not lines[0].startswith(_FIRST_LINE):
            found = f"'{lines[0]}'" if lines else "an empty file"
            raise CorpusError(f"{file}, line 1: expected '{_FIRST_LINE} ...', found {found}")
        for number, line in enumerate(lines, 1):
            if line.startswith("["):
                with collected(problems):
                    at = f"{file}, line {number}"
                    labels.append(_parse(line, lines[number:], at, file.stem, session))
    return labels


def _parse(line: str, below: Sequence[str], at: str, dialogue: str, session: int) -> Label:
    cells = line.split("\t")
    if len(cells) < 4:
        raise CorpusError(
            f"{at}: expected '[start - end]<tab>utterance<tab>emotion<tab>[V, A, D]', "
            f"found '{line}'"
        )
    utterance, code = cells[1].strip(), cells[2].strip()
    name = parse_name(utterance)
    if not name or (name.dialogue, name.session) != (dialogue, session):
        raise CorpusError(
            f"{at}: '{utterance}' is not an utterance of dialogue {dialogue} in session {session}"
        )
    if code not in CLASSES and code not in LEFT_OUT:
        known = [*CLASSES, *LEFT_OUT]
        raise CorpusError(
            f"{at}: {utterance}: unknown emotion '{code}'{did_you_mean(code, known)} "
            f"(known: {', '.join(known)})"
        )
    dimensions = parse_dimensions(cells[3])
    if dimensions is None:
        raise CorpusError(f"{at}: {utterance}: expected '[V, A, D]', found '{cells[3].strip()}'")
    return Label(utterance, name, code, dimensions, parse_votes(below))


def count_problems(labels: Iterable[Label]) -> list[str]:
    """The cells (session, code) that differ from the published counts; empty when none does."""
    found = Counter((label.name.session, label.code) for label in labels if label.code in CLASSES)
    differing = [
        f"session {session}, {code}: found {found[session, code]}, published {count}"
        for session, counts in PUBLISHED.items()
        for code, count in counts.items()
        if found[session, code] != count
    ]
    if not differing:
        return []
    published = sum(sum(counts.values()) for counts in PUBLISHED.values())
    summary = (
        f"{found.total():,} utterances found, {published:,} published: extract the release again, "
        "or set corpus.check_counts: false"
    )
    return [*differing, summary]
