"""Reads the release tree: five sessions, 151 dialogues, ten speakers."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from ser_platform.config.corpus import MissingAlignment, Style
from ser_platform.corpora.base import Corpus, finish
from ser_platform.corpora.iemocap.labels import CLASSES, Label, count_problems, read_labels
from ser_platform.corpora.iemocap.transcripts import read_transcripts
from ser_platform.corpora.problems import collected, inside
from ser_platform.corpora.sphinx import read_alignment
from ser_platform.errors import CorpusError
from ser_platform.utterance import Utterance

SESSIONS = (1, 2, 3, 4, 5)
WITHOUT_ALIGNMENT = ("Ses03F_impro07_M030", "Ses03M_impro03_M001")
"""The two utterances that the release itself has no alignment for."""


def read_iemocap(
    root: Path,
    *,
    check_counts: bool,
    missing_alignment: MissingAlignment,
    style: Style = "all",
    name: str = "iemocap",
) -> Corpus:
    """The utterances of the four classes, excited merged into happy.

    Args:
        root: the folder that holds ``Session1`` to ``Session5``.
        check_counts: refuse a tree whose counts per session and class are not the published
            ones, whatever part of it is wanted.
        missing_alignment: for utterances that lack the alignment which the release has.
        style: which dialogues are wanted.
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
    wanted = [label for label in labels if style in ("all", label.name.style)]
    ours = [label for label in wanted if label.code in CLASSES]
    utterances = _utterances(root, ours, problems)
    return finish(
        name,
        utterances,
        root=root,
        missing_alignment=missing_alignment,
        always_even=WITHOUT_ALIGNMENT,
        problems=problems,
        notes=[*_other_dialogues(labels, wanted, style), *_other_emotions(wanted)],
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
        by_dialogue[label.name.session, label.name.dialogue].append(label)
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
    name = label.name
    return Utterance(
        id=label.utterance,
        audio=str(sentences / "wav" / name.dialogue / f"{label.utterance}.wav"),
        speaker=name.speaker,
        session=name.session,
        emotion=CLASSES[label.code],
        transcript=transcripts[label.utterance],
        words=read_alignment(sentences / "ForcedAlignment" / name.dialogue, label.utterance),
        dialogue=name.dialogue,
        scenario=name.scenario,
        style=name.style,
        dimensions=label.dimensions,
        votes=label.votes,
        sex=name.sex,
    )


def _other_dialogues(
    labels: Sequence[Label], wanted: Sequence[Label], style: Style
) -> Iterator[str]:
    if left_out := len(labels) - len(wanted):
        yield f"{left_out} utterances of other dialogues left out (corpus.style: {style})"


def _other_emotions(labels: Iterable[Label]) -> Iterator[str]:
    others = Counter(label.code for label in labels if label.code not in CLASSES)
    if others:
        by_code = ", ".join(f"{code} {count}" for code, count in others.most_common())
        yield f"{others.total()} utterances of other emotions left out: {by_code}"
