"""Which recordings are asked about, and what is known of their words."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ser_platform.corpora.csvfile import read_csv
from ser_platform.corpora.problems import listed, refuse_if_any
from ser_platform.corpora.words import clean_words, timed_words
from ser_platform.errors import ConfigError, CorpusError
from ser_platform.transcripts.recognised import said_in
from ser_platform.utterance import Word

_ENDINGS = (
    *(".wav", ".flac", ".mp3", ".ogg", ".oga", ".opus", ".aif", ".aiff", ".au", ".caf"),
    *(".sph", ".w64", ".rf64"),
)
"""Of what libsndfile reads, and people call sound."""
_FILE, _TEXT = ("file", "recording", "audio", "path"), ("transcript", "text")


@dataclass(frozen=True)
class Asked:
    """A recording on disk."""

    path: Path
    text: str | None = None
    """What was said; None where nobody says."""
    words: tuple[Word, ...] | None = None
    """The same in time; None where nobody says."""


def asked(inputs: Sequence[str], text: str | None, transcripts: str | None) -> list[Asked]:
    """The recordings that are named, in order.

    Args:
        inputs: recordings, folders of them, or manifests: CSV with a column ``file`` (from the
            folder of the manifest) and perhaps ``transcript``.
        text: what is said in the only recording.
        transcripts: file with what is said in each: CSV ``utterance_id, transcript``, CTM or
            Google's JSON; an id is the name of a recording without its ending.

    Raises:
        ConfigError: for words given twice, or for several recordings at once.
        CorpusError: for files that are not there, or say what cannot be.
    """
    found = [one for name in inputs for one in _one(Path(name).expanduser())]
    if text is not None:
        if len(found) != 1 or transcripts is not None:
            raise ConfigError(
                f"--text says what is in one recording, and {len(found)} are asked about; give "
                "--transcripts FILE, or a manifest with a column 'transcript'"
            )
        return [Asked(found[0].path, text)]
    if transcripts is not None:
        return _with_transcripts(found, Path(transcripts).expanduser())
    return found


def _one(path: Path) -> Iterator[Asked]:
    if path.is_dir():
        inside = [p for p in sorted(path.rglob("*")) if p.suffix.lower() in _ENDINGS]
        if not inside:
            raise CorpusError(f"{path}: no file in this folder ends in {listed(_ENDINGS, 20)}")
        yield from map(Asked, inside)
    elif path.suffix.lower() == ".csv":
        yield from _in_manifest(path)
    else:
        yield Asked(path)  # whether it is there is told with its answer


def _in_manifest(path: Path) -> Iterator[Asked]:
    problems: list[str] = []
    file = read_csv(path, problems)
    refuse_if_any(problems, path)
    where = file.column(*_FILE)
    text = next((name for name in _TEXT if name in file.columns), None)
    for row in file.rows:
        said = row[text] if text is not None else ""
        yield Asked(path.parent / Path(row[where]).expanduser(), said or None)


def _same_stem(paths: Sequence[Path]) -> Iterator[tuple[Path, Path]]:
    """Recordings of other folders or endings that an id does not tell apart."""
    first: dict[str, Path] = {}
    for path in paths:
        if first.setdefault(path.stem, path) != path:
            yield first[path.stem], path


def _with_transcripts(found: Sequence[Asked], path: Path) -> list[Asked]:
    problems = [
        f"{one} and {other}: the same name, '{one.stem}', which says whose words they are; give a "
        "manifest with a column 'transcript'"
        for one, other in _same_stem([one.path for one in found])
    ]
    said: Mapping[str, tuple[str, tuple[Word, ...] | None]] = {
        id_: (text, timed_words(segments, ()) if segments else None)
        for _, id_, text, segments in said_in(path, problems)
    }
    problems += [
        f"{path}: nothing is said of '{one.path.stem}' ({one.path})"
        for one in found
        if one.path.stem not in said
    ]
    problems += [
        f"{path}: '{id_}' is said to be '{text}', in time '{' '.join(w.text for w in words)}'"
        for id_, (text, words) in said.items()
        if words is not None and [w.text for w in words] != clean_words(text)
    ]
    refuse_if_any(problems, path)
    return [Asked(one.path, *said[one.path.stem]) for one in found]
