"""Reads MELD's three tables and the recordings that belong to their rows.

A turn's speaker is a name of the series, so the published parts share all six main characters:
as a split they are not speaker-independent, and folds are made of speakers (``split.by: kfold``).
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ser_platform.config.corpus import MeldCorpusConfig
from ser_platform.corpora.base import Corpus
from ser_platform.corpora.csvfile import CsvFile, Row, parse_csv
from ser_platform.corpora.meld.text import read_meld_text
from ser_platform.corpora.named import (
    SUFFIXES,
    Findings,
    existing_root,
    finish_named,
    note_other_emotions,
)
from ser_platform.corpora.problems import collected, did_you_mean, inside, listed, refuse_if_any
from ser_platform.errors import CorpusError
from ser_platform.utterance import Utterance

FOLDERS = {
    "train": ("train", "train_splits", "train/train_splits"),
    "dev": ("dev", "dev_splits_complete", "dev/dev_splits_complete"),
    "test": ("test", "output_repeated_splits_test", "test/output_repeated_splits_test"),
}
"""Where the recordings of each part may lie: plain names, and those of MELD.Raw."""
SESSIONS = {"train": 1, "dev": 2, "test": 3}
EMOTIONS = {"anger": "ang", "joy": "hap", "neutral": "neu", "sadness": "sad"}
OTHERS = ("surprise", "fear", "disgust")
LOST = ("dev_dia110_utt7", "train_dia125_utt3")
"""MELD itself has no video of the first, and a broken one of the second."""
_COLUMNS = ("Utterance", "Speaker", "Emotion", "Dialogue_ID", "Utterance_ID")
_SHOULD = "train_sent_emo.csv, dev_sent_emo.csv, test_sent_emo.csv and the recordings of each"
# "Ross and Joey", "Monica/Rachel" or "All": their voices are on other sides of a fold too.
_SEVERAL = re.compile(
    r".*(\band\b|&|/|,).*|all|both|everyone|everybody|the (girls|guys|gang|others)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class _Turn:
    """A row of a table, of its part of the corpus."""

    part: str
    row: Row
    at: str

    @property
    def dialogue(self) -> str:
        return f"{self.part}_dia{self.row['Dialogue_ID']}"

    @property
    def id(self) -> str:
        return f"{self.dialogue}_utt{self.row['Utterance_ID']}"


def read_meld(config: MeldCorpusConfig) -> Corpus:
    """The turns of four of its seven emotions; train, dev and test are sessions 1, 2 and 3.

    Raises:
        CorpusError: listing all problems at once.
    """
    found = Findings(existing_root(config.root, _SHOULD))
    turns = [turn for part in FOLDERS for turn in _turns(found, part)]
    refuse_if_any(found.problems, found.root)
    folders = {part: _folder(found.root, part) for part in FOLDERS}
    ours = [turn for turn in turns if turn.row["Emotion"] in EMOTIONS]
    others = [turn.row["Emotion"] for turn in turns if turn.row["Emotion"] not in EMOTIONS]
    note_other_emotions(found, others, {name: name for name in OTHERS})
    single = _of_one_speaker(found, ours)
    utterances = _recorded(found, [_utterance(turn, folders) for turn in single])
    return finish_named("meld", utterances, config, found)


def _turns(found: Findings, part: str) -> list[_Turn]:
    path = found.root / f"{part}_sent_emo.csv"
    turns: list[_Turn] = []
    with collected(found.problems):
        if not path.is_file():
            raise CorpusError(f"{path}: no such file; {found.root} holds {inside(found.root)}")
        file = parse_csv(path, read_meld_text(path, found.notes), found.problems)
        if not _has_columns(found, file):
            return []
        turns = [_Turn(part, row, f"{path}, line {row.line}") for row in file.rows]
    for turn in turns:
        found.problems += _row_problems(turn)
    return turns


def _has_columns(found: Findings, file: CsvFile) -> bool:
    before = len(found.problems)
    for column in _COLUMNS:
        with collected(found.problems):
            file.column(column)
    return len(found.problems) == before


def _row_problems(turn: _Turn) -> list[str]:
    emotion, known = turn.row["Emotion"], [*EMOTIONS, *OTHERS]
    problems = [
        f"{turn.at}: {column} is '{turn.row[column]}', not a whole number"
        for column in ("Dialogue_ID", "Utterance_ID")
        if not turn.row[column].isdecimal()
    ]
    if emotion not in known:
        problems.append(
            f"{turn.at}: unknown emotion '{emotion}'{did_you_mean(emotion, known)} "
            f"(known: {', '.join(known)})"
        )
    if not turn.row["Speaker"]:
        problems.append(f"{turn.at}: Speaker is empty")
    return problems


def _folder(root: Path, part: str) -> Path:
    """Where the recordings of a part lie.

    Raises:
        CorpusError: when they are in none of the places, with how to make them of the videos.
    """
    for name in FOLDERS[part]:
        if any(path.suffix.lower() in SUFFIXES for path in root.glob(f"{name}/dia*_utt*")):
            return root / name
    video = next((n for n in FOLDERS[part] if any(root.glob(f"{n}/dia*_utt*.mp4"))), "")
    hint = (
        f"{root / video} holds videos: write the sound of each beside it, "
        "ffmpeg -i dia0_utt0.mp4 -ac 1 -ar 16000 dia0_utt0.wav"
        if video
        else f"found {inside(root)}"
    )
    raise CorpusError(
        f"{root}: no recordings dia<D>_utt<U>.wav or .flac of {part} in "
        f"{' or '.join(FOLDERS[part])}; {hint}"
    )


def _of_one_speaker(found: Findings, turns: Sequence[_Turn]) -> list[_Turn]:
    several = [turn for turn in turns if _SEVERAL.fullmatch(turn.row["Speaker"])]
    if several:
        names = Counter(turn.row["Speaker"] for turn in several)
        found.notes.append(
            f"{len(several)} utterances of several speakers at once left out: "
            f"{listed(name for name, _ in names.most_common())}"
        )
    return [turn for turn in turns if turn not in several]


def _utterance(turn: _Turn, folders: Mapping[str, Path]) -> Utterance:
    stem = folders[turn.part] / turn.id.removeprefix(f"{turn.part}_")
    flac = stem.with_suffix(".flac")
    return Utterance(
        id=turn.id,
        audio=str(flac if flac.is_file() else stem.with_suffix(".wav")),
        speaker=turn.row["Speaker"],
        session=SESSIONS[turn.part],
        emotion=EMOTIONS[turn.row["Emotion"]],
        transcript=turn.row["Utterance"],
        dialogue=turn.dialogue,
        style="scripted",
    )


def _recorded(found: Findings, utterances: Sequence[Utterance]) -> list[Utterance]:
    """All but those that MELD itself lost; another missing recording is a problem later."""
    lost = [u.id for u in utterances if u.id in LOST and not _has_sound(Path(u.audio))]
    if lost:
        found.notes.append(f"{listed(lost)}: left out, MELD itself has no recording")
    return [u for u in utterances if u.id not in lost]


def _has_sound(path: Path) -> bool:
    return path.is_file() and path.stat().st_size > 0
