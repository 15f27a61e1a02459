"""The release's counts per session and class, checked on a tree of the full size."""

import os

import pytest

from ser_platform.corpora.iemocap.labels import PUBLISHED
from ser_platform.errors import CorpusError

pytestmark = pytest.mark.slow


def fill(tree, counts) -> None:
    """A tree of so many turns, recordings and alignments being links to the same few files."""
    source = ("Ses01F_impro01", "F000")
    for session, by_code in counts.items():
        dialogue = f"Ses0{session}F_script01_1"
        codes = [code for code, count in by_code.items() for _ in range(count)]
        turns = [(f"{'FM'[i % 2]}{i // 2:03}", code) for i, code in enumerate(codes)]
        ids = [f"{dialogue}_{turn}" for turn, _ in turns]
        tree.write(
            tree.labels(dialogue),
            "% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]\n"
            + "".join(
                f"[1.0 - 2.0]\t{dialogue}_{turn}\t{code}\t[2, 2, 2]\n" for turn, code in turns
            ),
        )
        tree.write(tree.transcript(dialogue), "".join(f"{i} [1-2]: Excuse me.\n" for i in ids))
        tree.audio(dialogue, "F000").parent.mkdir(parents=True)
        tree.alignment(dialogue, "F000", "wdseg").parent.mkdir(parents=True)
        for turn, _ in turns:
            os.link(tree.audio(*source), tree.audio(dialogue, turn))
            for kind in ("wdseg", "phseg"):
                os.link(tree.alignment(*source, kind), tree.alignment(dialogue, turn, kind))


def without_first_turns():
    """The published counts less the two turns that the fixture put into every session."""
    first = {1: "sad", 2: "ang", 3: "hap", 4: "sad", 5: "sad"}
    return {
        session: {code: count - (code in ("neu", first[session])) for code, count in cells.items()}
        for session, cells in PUBLISHED.items()
    }


def test_a_tree_with_the_published_5531_utterances_passes_the_count_check(tree) -> None:
    fill(tree, without_first_turns())
    corpus = tree.read(check_counts=True)
    emotions = [u.emotion for u in corpus.utterances]
    assert {e: emotions.count(e) for e in ("ang", "hap", "neu", "sad")} == {
        "ang": 1103,  # Shen 2020, section 4.1
        "hap": 1636,
        "neu": 1708,
        "sad": 1084,
    }
    assert len(emotions) == 5531
    improvised = tree.read(check_counts=True, style="improvised")  # the fixture's two a session
    assert len(improvised.utterances) == 10


def test_counts_that_differ_are_refused_cell_by_cell(tree) -> None:
    counts = without_first_turns()
    counts[2]["exc"] -= 1
    counts[5]["ang"] += 2
    fill(tree, counts)
    with pytest.raises(CorpusError) as error:
        tree.read(check_counts=True)
    assert str(error.value) == (
        f"{tree.root}: 3 problems\n"
        "  session 2, exc: found 209, published 210\n"
        "  session 5, ang: found 172, published 170\n"
        "  5,532 utterances found, 5,531 published: extract the release again, or set "
        "corpus.check_counts: false"
    )
    assert len(tree.read(check_counts=False).utterances) == 5532
