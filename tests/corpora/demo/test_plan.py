"""The corpus on paper: sizes, labels, texts. Nothing is synthesised here."""

import re
from collections import Counter, defaultdict

import numpy as np
import pytest

from ser_platform.corpora.demo.dialogues import Dialogue, Turn
from ser_platform.corpora.demo.labels import DISPUTED, evaluation
from ser_platform.corpora.demo.lines import read_lines
from ser_platform.corpora.demo.plan import SIZES, plan
from ser_platform.emotions import EMOTIONS


def planned(size: str, seed: int = 0) -> list[Dialogue]:
    return plan(SIZES[size], read_lines(), np.random.default_rng(seed))


def labelled(dialogues: list[Dialogue]) -> list[Turn]:
    return [turn for d in dialogues for turn in d.turns if turn.code not in DISPUTED]


def label(turn: Turn) -> str:
    return "hap" if turn.code == "exc" else turn.code


@pytest.mark.parametrize(("size", "count", "others"), [("full", 400, 60), ("small", 60, 10)])
def test_a_corpus_has_as_many_utterances_as_its_size_says(
    size: str, count: int, others: int
) -> None:
    dialogues = planned(size)
    assert len(labelled(dialogues)) == count
    assert sum(len(d.turns) for d in dialogues) == count + others


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("seed", range(10))
def test_five_percent_of_the_labels_are_wrong(size: str, seed: int) -> None:
    turns = labelled(planned(size, seed))
    assert sum(label(turn) != turn.emotion for turn in turns) == 0.05 * len(turns)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("seed", range(10))
def test_every_speaker_is_heard_in_every_emotion(size: str, seed: int) -> None:
    heard = Counter((t.session, t.sex, label(t)) for t in labelled(planned(size, seed)))
    assert len(heard) == 5 * 2 * len(EMOTIONS)


def test_scripted_lines_come_back_in_other_sessions_and_improvised_lines_hardly_do() -> None:
    turns = [turn for dialogue in planned("full") for turn in dialogue.turns]
    sessions = defaultdict(set)
    for turn in turns:
        sessions[turn.text].add(turn.session)
    repeated = defaultdict(list)
    for turn in turns:
        repeated["script" in turn.utterance].append(len(sessions[turn.text]) > 1)
    assert np.mean(repeated[True]) > 0.3
    assert np.mean(repeated[False]) < 0.05


def test_another_seed_makes_another_corpus() -> None:
    def said(seed: int) -> set[str]:
        return {turn.text for dialogue in planned("small", seed) for turn in dialogue.turns}

    assert said(0) == said(0)
    assert len(said(0) & said(1)) < 0.6 * len(said(0))


def test_names_are_iemocaps() -> None:
    # The pattern that public recipes read IEMOCAP's 5,531 names with.
    name = re.compile(r"^(Ses0[1-5][MF]_(?:impro|script)0[1-9][ab]?(?:_\db?)?_[MF][X\d]{2}\d)$")
    turns = [turn for dialogue in planned("full") for turn in dialogue.turns]
    assert [t.utterance for t in turns if not name.match(t.utterance)] == []
    assert len({t.utterance for t in turns}) == len(turns)


def test_both_speakers_take_turns() -> None:
    for dialogue in planned("full"):
        changes = [
            a.sex != b.sex for a, b in zip(dialogue.turns, dialogue.turns[1:], strict=False)
        ]
        assert np.mean(changes) > 0.7, dialogue.name


def test_lines_are_words_that_espeak_and_the_alignment_agree_on() -> None:
    lines = read_lines()
    texts = [text for topic in lines.topics.values() for own in topic.values() for text in own]
    texts += [*lines.shared, *(line.text for script in lines.scripts.values() for line in script)]
    sentence = re.compile(r"[A-Za-z']+[,.?!]?( [A-Za-z']+[,.?!]?)*[.?!]|[A-Za-z', ]+[.?!]")
    assert [text for text in texts if not sentence.fullmatch(text)] == []
    assert [text for text in texts if not 3 <= len(text.split()) <= 14] == []
    assert [text for text, count in Counter(texts).items() if count > 1] == []


def test_a_label_comes_with_the_votes_of_three_raters_and_the_actor(
    rng: np.random.Generator,
) -> None:
    turn = Turn("Ses01F_impro01_M000", 1, "M", "ang", "ang", "Stop it.")
    consensus, *votes = evaluation(turn, 6.2901, 8.2357, rng).splitlines()
    start, id_, code, means = consensus.split("\t")
    assert (start, id_, code) == ("[6.2901 - 8.2357]", "Ses01F_impro01_M000", "ang")
    assert [vote.split(":")[0] for vote in votes] == [
        *("C-E2", "C-E3", "C-E4", "C-M1"),
        *("A-E2", "A-E3", "A-E4", "A-M1"),
    ]
    assert sum(vote.split("\t")[1] == "Anger;" for vote in votes[:3]) >= 2
    valence = [int(vote.split("val ")[1][0]) for vote in votes[4:7]]
    assert means.startswith(f"[{np.mean(valence):.4f}, ")
