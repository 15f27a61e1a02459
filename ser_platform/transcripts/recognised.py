"""Recognised text from files."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ser_platform.config.transcript import RecognisedConfig
from ser_platform.corpora.base import Corpus, duration_s, too_late
from ser_platform.corpora.csvfile import read_csv
from ser_platform.corpora.ctm import read_ctm
from ser_platform.corpora.problems import listed, refuse_if_any
from ser_platform.corpora.times import read_times
from ser_platform.corpora.words import Segment, clean_words, spread_words, timed_words
from ser_platform.errors import CorpusError
from ser_platform.transcripts import google
from ser_platform.utterance import Utterance

_UNIT = {".csv": "row", ".ctm": "line"}
_EMPTY = {
    ".csv": "the transcript is empty, but the row is there",
    ".ctm": "one line says <eps>, but it is there",
}
"""How a format says that nothing was recognised, which is not the same as saying nothing."""


Found = Iterator[tuple[str, str, str, Sequence[Segment]]]
"""Place in a file, utterance id, text, and the times of its words where the file has them."""


def read_recognised(corpus: Corpus, config: RecognisedConfig) -> Corpus:
    """The corpus with recognised words in the place of its own.

    Without times the words of an utterance are spread evenly over its recording, which says
    nothing about when they were spoken: only networks that read no times may be given them. With
    ``times: align`` they are left to the forced aligner.

    Raises:
        CorpusError: listing all problems at once.
    """
    path = Path(config.path).expanduser()
    problems: list[str] = []
    notes: list[str] = []
    known = {u.id for u in corpus.utterances}
    texts, times = _collect(said_in(path, problems), path, known, problems, notes)
    if config.words:
        times = read_times(Path(config.words).expanduser(), "words", set(texts), problems, notes)
    if config.has_times:
        problems += _contradictions(texts, times, config)
    refuse_if_any(problems, path)
    heard = tuple(_heard(u, texts[u.id], times.get(u.id, ()), config) for u in corpus.utterances)
    refuse_if_any(too_late(u for u in heard if u.words and times.get(u.id)), path)
    if silent := [u.id for u in heard if not clean_words(u.transcript)]:
        notes.append(f"nothing was recognised in {len(silent)} utterances: {listed(silent)}")
    return replace(corpus, utterances=heard, notes=(*corpus.notes, *notes))


def said_in(path: Path, problems: list[str]) -> Found:
    """What a file says, in its order; an ending or a folder tells how to read it.

    Raises:
        CorpusError: for a file of another kind, or one that cannot be read.
    """
    if path.is_dir():
        return ((where, id_, *heard) for where, id_, heard in google.read_folder(path, problems))
    match path.suffix.lower():
        case ".csv":
            return _from_csv(path, problems)
        case ".ctm":
            return _from_ctm(path, problems)
        case ".jsonl":
            found = google.read_lines(path, problems)
        case ".json":
            found = google.read_object(path, problems)
        case _:
            raise CorpusError(
                f"{path}: expected a file that ends in .csv, .ctm, .jsonl or .json, or a folder "
                "of <utterance_id>.json"
            )
    return ((where, id_, *heard) for where, id_, heard in found)


def _from_csv(path: Path, problems: list[str]) -> Found:
    file = read_csv(path, problems)
    utterance, transcript = file.column("utterance_id"), file.column("transcript", "text")
    for row in file.rows:
        yield f"{path}, line {row.line}", row[utterance], row[transcript], ()


def _from_ctm(path: Path, problems: list[str]) -> Found:
    """An utterance in which nothing was recognised has one line, with ``<eps>``.

    Its absence would look the same as an utterance that nobody recognised.
    """
    for id_, segments in read_ctm(path, problems).items():
        words = timed_words(segments, ())
        yield str(path), id_, " ".join(word.text for word in words), segments


def _collect(
    found: Found, path: Path, known: set[str], problems: list[str], notes: list[str]
) -> tuple[dict[str, str], Mapping[str, Sequence[Segment]]]:
    """Text and times by utterance id."""
    texts: dict[str, str] = {}
    times: dict[str, Sequence[Segment]] = {}
    strangers: list[str] = []
    for where, id_, text, segments in found:
        if id_ not in known:
            strangers.append(id_)
        elif id_ in texts:
            problems.append(f"{where}: '{id_}' is there twice")
        texts.setdefault(id_, text)
        times.setdefault(id_, segments)
    if missing := sorted(known - set(texts)):
        problems.append(
            f"no {_UNIT.get(path.suffix.lower(), 'response')} for {len(missing)} of {len(known)} "
            f"utterances: {listed(missing)}; where nothing was recognised "
            f"{_EMPTY.get(path.suffix.lower(), 'it has no results, but it is there')}"
        )
    if strangers:
        notes.append(
            f"{path}: {len(strangers)} rows of utterances that are not in the corpus left out: "
            f"{listed(strangers)}"
        )
    return texts, times


def _contradictions(
    texts: Mapping[str, str], times: Mapping[str, Sequence[Segment]], config: RecognisedConfig
) -> Iterator[str]:
    for id_, text in texts.items():
        timed = [word.text for word in timed_words(times.get(id_, ()), ())]
        if clean_words(text) and not timed:
            yield (
                f"{id_}: {config.words or config.path} has no word times of '{text}'; ask for "
                "them (Google: enableWordTimeOffsets), have them found (transcript.times: align), "
                "or give the text alone as a CSV 'utterance_id, transcript'"
            )
        elif timed != clean_words(text):
            yield (
                f"{id_}: {config.path} says '{text}', {config.words or 'it'} has the words "
                f"'{' '.join(timed)}'; both must hold the same words"
            )


def _heard(
    utterance: Utterance, text: str, times: Sequence[Segment], config: RecognisedConfig
) -> Utterance:
    if config.has_times:
        return replace(utterance, transcript=text, words=timed_words(times, ()))
    if config.times == "align":
        return replace(utterance, transcript=text, words=())
    words = spread_words(text, duration_s(utterance))
    return replace(utterance, transcript=text, words=words)
