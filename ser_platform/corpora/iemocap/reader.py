"""Reads the release tree: five sessions, 151 dialogues, ten speakers."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from ser_platform.config.corpus import MissingAlignment
from ser_platform.corpora.base import Corpus, finish
from ser_platform.corpora.iemocap.alignment import read_alignment
from ser_platform.corpora.iemocap.labels import CLASSES, Label, count_problems, read_labels
from ser_platform.corpora.iemocap.transcripts import read_transcripts
from ser_platform.corpora.problems import collected, inside
from ser_platform.errors import CorpusError
from ser_platform.utterance import Utterance

SESSIONS = (1, 2, 3, 4, 5)
WITHOUT_ALIGNMENT = ("Ses03F_impro07_M030", "Ses03M_impro03_M001")
"""The two utterances that the release itself has no alignment for."""
_SCENARIO = re.compile(r"(impro|script)(\d\d)[ab]?(_\d)?")


def read_iemocap(
    root: Path, *, check_counts: bool, missing_alignment: MissingAlignment, name: str = "iemocap"
) -> Corpus:
    """The utterances of the four classes, excited merged into happy.

    Args:
        root: the folder that holds ``Session1`` to ``Session5``.
        check_counts: refuse a tree whose counts per session and class are not the published
            ones.
        missing_alignment: for utterances that lack the alignment which the release has.
        name: of the corpus, for one that is written in IEMOCAP's layout.

    Raises:
        CorpusError: listing all problems at once.
    """
    root = root.expanduser().absolute()
    _require_sessions(root)
    problems: list[str] = []
    labels = [
        label
        for session in SESSIONS
        for label in read_labels(
            root / f"Session{session}" / "dialog" / "EmoEvaluation", session, problems
        )
    ]
    if check_counts:
        problems += count_problems(labels)
    ours = [label for label in labels if label.code in CLASSES]
    utterances = _utterances(root, ours, problems)
    return finish(
        name,
        utterances,
        root=root,
        missing_alignment=missing_alignment,
        always_even=WITHOUT_ALIGNMENT,
        problems=problems,
        notes=list(_left_out(labels)),
    )


def _require_sessions(root: Path) -> None:
    should = "it should hold Session1 to Session5 of the IEMOCAP release (corpus.root)"
    if not root.is_dir():
        raise CorpusError(f"{root}: no such folder; {should}")
    missing = [f"Session{s}" for s in SESSIONS if not (root / f"Session{s}").is_dir()]
    if missing:
        below = sorted(root.glob("*/Session1"))
        hint = f"; did you mean {below[0].parent}?" if below else ""
        raise CorpusError(
            f"{root}: {', '.join(missing)} not found; {should}, found {inside(root)}{hint}"
        )


def _utterances(root: Path, labels: list[Label], problems: list[str]) -> list[Utterance]:
    by_dialogue = defaultdict(list)
    for label in labels:
        by_dialogue[label.session, label.dialogue].append(label)
    utterances: list[Utterance] = []
    for (session, dialogue), own in by_dialogue.items():
        folder = root / f"Session{session}"
        with collected(problems):
            transcripts = read_transcripts(folder / "dialog/transcriptions" / f"{dialogue}.txt")
            for label in own:
                with collected(problems):
                    utterances.append(_utterance(folder / "sentences", label, transcripts))
    return utterances


def _utterance(sentences: Path, label: Label, transcripts: Mapping[str, str]) -> Utterance:
    if label.utterance not in transcripts:
        raise CorpusError(
            f"{label.utterance}: not in the transcriptions of its dialogue "
            f"(a line '{label.utterance} [start-end]: text')"
        )
    scenario = _scenario(label.dialogue)
    return Utterance(
        id=label.utterance,
        audio=str(sentences / "wav" / label.dialogue / f"{label.utterance}.wav"),
        speaker=label.speaker,
        session=label.session,
        emotion=CLASSES[label.code],
        transcript=transcripts[label.utterance],
        words=read_alignment(sentences / "ForcedAlignment" / label.dialogue, label.utterance),
        dialogue=label.dialogue,
        scenario=scenario,
        style="improvised" if scenario.startswith("impro") else "scripted",
    )


def _scenario(dialogue: str) -> str:
    """What was played: ``impro05`` of ``Ses03M_impro05a``, ``script01_1`` of its two takes."""
    found = _SCENARIO.search(dialogue)
    assert found is not None, dialogue  # labels.py matched it
    return "".join(part or "" for part in found.groups())


def _left_out(labels: Iterable[Label]) -> Iterator[str]:
    others = Counter(label.code for label in labels if label.code not in CLASSES)
    if others:
        by_code = ", ".join(f"{code} {count}" for code, count in others.most_common())
        yield f"{others.total()} utterances of other emotions left out: {by_code}"
