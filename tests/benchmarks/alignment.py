"""How well words are found in time, and heard, by pocketsphinx.

    python -m tests.benchmarks.alignment [--utterances 400] [--heard 100]

The demo corpus is spoken by a machine that says when each word begins: exact times. With
``SER_REAL_DATA`` (see tests/corpora/conftest.py) RAVDESS is compared with the labels beside it:
pocketsphinx made those too, in another way, so that is agreement and no accuracy. Each transcript
is also tried on the wrong recording, which is what ``alignment.lowest_score`` has to tell.
"""

import argparse
import os
import platform
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jiwer
import numpy as np
from numpy.typing import NDArray

from ser_platform.config.alignment import AlignmentConfig
from ser_platform.config.corpus import DemoCorpusConfig, TableCorpusConfig
from ser_platform.config.recognition import PocketsphinxConfig
from ser_platform.corpora import Corpus, read_corpus
from ser_platform.corpora.words import clean_words
from ser_platform.features import audio
from ser_platform.transcripts.engines import make_engine
from ser_platform.transcripts.engines.base import Engine, Result, seconds
from ser_platform.utterance import Utterance

GATES = (-2.5, -2.75, -3.0, -3.25, -3.5, -4.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--utterances", type=int, default=400)
    parser.add_argument("--heard", type=int, default=100)
    arguments = parser.parse_args()
    print(f"{platform.machine()}, Python {platform.python_version()}, one core")
    demo = read_corpus(DemoCorpusConfig(size="full"))
    align("demo, exact times", sample(demo, arguments.utterances))
    if data := os.environ.get("SER_REAL_DATA"):  # noqa: TID251
        config = TableCorpusConfig(
            root=str(Path(data) / "ravdess-en"),
            label_column="label4",
            words="align/words.csv",
            phonemes="align/phones.csv",
        )
        ravdess = read_corpus(config)
        align("RAVDESS, forced labels", sample(ravdess, arguments.utterances))
    recognise(sample(demo, arguments.heard))


def sample(corpus: Corpus, most: int) -> list[Utterance]:
    chosen = np.random.default_rng(2020).permutation(len(corpus.utterances))[:most]
    return [corpus.utterances[i] for i in sorted(chosen)]


def align(name: str, utterances: Sequence[Utterance]) -> None:
    engine = make_engine(AlignmentConfig())
    signals = [audio.load(u.audio) for u in utterances]
    texts = [tuple(clean_words(u.transcript)) for u in utterances]
    started = time.process_time()
    right = [engine(s, t) for s, t in zip(signals, texts, strict=True)]
    spent_s = time.process_time() - started
    sound_s = sum(map(seconds, signals))
    print(f"\n{name}: {len(utterances)} utterances, {sound_s:.0f} s of sound")
    print(f"  {sound_s / spent_s:.1f} times real time")
    wrong = [engine(s, t) for s, t in zip(signals, other_texts(texts), strict=True)]
    gates(right, wrong)
    for gate in (-np.inf, AlignmentConfig().lowest_score):
        kept = [
            (u, r)
            for u, r in zip(utterances, right, strict=True)
            if r.get("score", -np.inf) > gate
        ]
        print(f"  score above {gate:g}: {len(kept)} of {len(utterances)} aligned")
        report("words", [word_errors(u, r) for u, r in kept])
        report("phonemes", [e for u, r in kept if (e := phoneme_errors(u, r)).size])


def other_texts(texts: Sequence[Any]) -> list[Any]:
    """For each another text of like length, drawn among the eight next in number of words."""
    rng = np.random.default_rng(7)
    found = []
    for text in texts:
        others = sorted(
            {t for t in texts if t != text}, key=lambda t: (abs(len(t) - len(text)), t)
        )
        found.append(others[rng.integers(min(8, len(others)))])
    return found


def gates(right: Sequence[Result], wrong: Sequence[Result]) -> None:
    good, bad = (np.array([r.get("score", -np.inf) for r in rs]) for rs in (right, wrong))
    for label, scores in (("right", good), ("wrong", bad)):
        found = scores[np.isfinite(scores)]
        at = np.percentile(found, [1, 5, 50, 95, 99]).round(2)
        print(f"  {label} text: {len(found)} of {len(scores)} found, 1/5/50/95/99 % {at}")
    print(f"  area under the curve {np.mean(good[:, None] > bad[None]):.4f}")
    for gate in GATES:
        print(
            f"  lowest_score {gate}: keeps {np.mean(good >= gate):.1%} of right, "
            f"{np.mean(bad >= gate):.1%} of wrong texts"
        )


def word_errors(utterance: Utterance, result: Result) -> NDArray[np.float64]:
    """Starts and ends, found less true, in ms."""
    true = [(w.start_s, w.end_s) for w in utterance.words]
    return 1000 * (np.array([w[1:3] for w in result["words"]]) - np.array(true)).ravel()


def phoneme_errors(utterance: Utterance, result: Result) -> NDArray[np.float64]:
    """The same of phonemes, in words that both say with the same ones."""
    pairs = [
        (p[1:], (q.start_s, q.end_s))
        for word, true in zip(result["words"], utterance.words, strict=True)
        if [p[0] for p in word[3]] == [q.symbol for q in true.phonemes]
        for p, q in zip(word[3], true.phonemes, strict=True)
    ]
    return 1000 * np.array([np.subtract(*pair) for pair in pairs]).ravel()


def report(label: str, errors: Sequence[NDArray[np.float64]]) -> None:
    every = np.concatenate(errors)
    size = np.abs(every)
    print(
        f"    {label}: {len(every)} boundaries, median error {np.median(size):.1f} ms (bias "
        f"{np.median(every):+.1f}), {np.mean(size <= 20):.1%} within 20 ms, "
        f"{np.mean(size <= 50):.1%} within 50 ms"
    )


def recognise(utterances: Sequence[Utterance]) -> None:
    engine: Engine = make_engine(PocketsphinxConfig())
    signals = [audio.load(u.audio) for u in utterances]
    started = time.process_time()
    texts = [" ".join(clean_words(engine(s, ())["text"])) for s in signals]
    spent_s = time.process_time() - started
    said = [" ".join(clean_words(u.transcript)) for u in utterances]
    print(f"\nrecognition, demo: {len(utterances)} utterances, WER {jiwer.wer(said, texts):.3f}")
    print(f"  {sum(map(seconds, signals)) / spent_s:.1f} times real time")


if __name__ == "__main__":
    main()
