"""Recognised text from CSV files."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ser_platform.config.transcript import RecognisedConfig
from ser_platform.corpora.base import Corpus, duration_s, too_late
from ser_platform.corpora.csvfile import read_csv
from ser_platform.corpora.problems import listed, refuse_if_any
from ser_platform.corpora.times import read_times
from ser_platform.corpora.words import Segment, clean_words, spread_words, timed_words
from ser_platform.utterance import Utterance


def read_recognised(corpus: Corpus, config: RecognisedConfig) -> Corpus:
    """The corpus with recognised words in the place of its own.

    Without times the words of an utterance are spread evenly over its recording, which says
    nothing about when they were spoken: only networks that read no times may be given them.

    Raises:
        CorpusError: listing all problems at once.
    """
    path = Path(config.path).expanduser()
    problems: list[str] = []
    notes: list[str] = []
    texts = _texts(path, {u.id for u in corpus.utterances}, problems, notes)
    times: Mapping[str, Sequence[Segment]] = {}
    if config.words:
        times = read_times(Path(config.words).expanduser(), "words", set(texts), problems, notes)
        problems += _contradictions(texts, times, config)
    refuse_if_any(problems, path)
    heard = tuple(_heard(u, texts[u.id], times.get(u.id, ()), config) for u in corpus.utterances)
    refuse_if_any(too_late(u for u in heard if times.get(u.id)), path)
    if silent := [u.id for u in heard if not u.words]:
        notes.append(f"nothing was recognised in {len(silent)} utterances: {listed(silent)}")
    return replace(corpus, utterances=heard, notes=(*corpus.notes, *notes))


def _texts(path: Path, known: set[str], problems: list[str], notes: list[str]) -> dict[str, str]:
    """Recognised text by utterance id."""
    file = read_csv(path, problems)
    utterance, transcript = file.column("utterance_id"), file.column("transcript", "text")
    texts: dict[str, str] = {}
    strangers: list[str] = []
    for row in file.rows:
        if row[utterance] not in known:
            strangers.append(row[utterance])
        elif row[utterance] in texts:
            problems.append(f"{path}, line {row.line}: '{row[utterance]}' is there twice")
        texts.setdefault(row[utterance], row[transcript])
    if missing := sorted(known - set(texts)):
        problems.append(
            f"no row for {len(missing)} of {len(known)} utterances: {listed(missing)}; where "
            "nothing was recognised the transcript is empty, but the row is there"
        )
    if strangers:
        notes.append(
            f"{path}: {len(strangers)} rows of utterances that are not in the corpus left out: "
            f"{listed(strangers)}"
        )
    return texts


def _contradictions(
    texts: Mapping[str, str], times: Mapping[str, Sequence[Segment]], config: RecognisedConfig
) -> Iterator[str]:
    for id_, text in texts.items():
        timed = [word.text for word in timed_words(times.get(id_, ()), ())]
        if timed != clean_words(text):
            yield (
                f"{id_}: {config.path} says '{text}', {config.words} has the words "
                f"'{' '.join(timed)}'; both must hold the same words"
            )


def _heard(
    utterance: Utterance, text: str, times: Sequence[Segment], config: RecognisedConfig
) -> Utterance:
    if config.words:
        return replace(utterance, transcript=text, words=timed_words(times, ()))
    words = spread_words(text, duration_s(utterance))
    return replace(utterance, transcript=text, words=words)
