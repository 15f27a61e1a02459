"""How much of what a corpus holds: by session, speaker and class."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np

from ser_platform.corpora.base import Corpus
from ser_platform.corpora.sound import Sound
from ser_platform.corpora.words import UNKNOWN_PHONEME
from ser_platform.emotions import EMOTIONS
from ser_platform.pages.page import Table
from ser_platform.utterance import Utterance


@dataclass(frozen=True)
class Amount:
    """Of some utterances, at least one; times in seconds, level in dB of full scale."""

    name: str
    utterances: int
    emotions: dict[str, int]
    styles: dict[str, int]
    hours: float
    shortest_s: float
    median_s: float
    most_s: float
    """Nineteen of twenty are no longer."""
    longest_s: float
    words: float
    """Of an utterance, on average."""
    phonemes_known: float
    """Share of the words whose phonemes have names."""
    level_db: float
    """Median."""


@dataclass(frozen=True)
class Stats:
    """Of a whole corpus, and of its parts."""

    corpus: str
    synthetic: bool
    speakers: int
    whole: Amount
    by: dict[str, tuple[Amount, ...]]
    """``session``, ``speaker`` and ``emotion``."""
    left_out: tuple[str, ...]
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """For ``--json``."""
        return {"format": 1, **asdict(self)}


def stats_of(corpus: Corpus, sounds: Mapping[str, Sound]) -> Stats:
    """Count and measure; ``sounds`` by utterance id."""
    return Stats(
        corpus=corpus.name,
        synthetic=corpus.synthetic,
        speakers=len({u.speaker for u in corpus.utterances}),
        whole=_amount("all", corpus.utterances, sounds),
        by={
            "session": _parts(corpus.utterances, sounds, lambda u: str(u.session)),
            "speaker": _parts(corpus.utterances, sounds, lambda u: u.speaker),
            "emotion": _parts(corpus.utterances, sounds, lambda u: u.emotion),
        },
        left_out=tuple(f"{b.id}: {b.fault}" for b in corpus.bad),
        notes=corpus.notes,
    )


def tables(stats: Stats) -> list[Table]:
    """For the terminal and the page: by session with the whole, by speaker, by class."""
    titles = {"session": "By session", "speaker": "By speaker", "emotion": "By class"}
    return [
        _table(titles[part], part, (*amounts, *[stats.whole] * (part == "session")), stats)
        for part, amounts in stats.by.items()
    ]


def _table(caption: str, part: str, amounts: Sequence[Amount], stats: Stats) -> Table:
    """Classes are no columns by class, and styles are none where no style is known."""
    columns: dict[str, Callable[[Amount], str]] = {
        part: lambda a: a.name,
        "utterances": lambda a: f"{a.utterances:,}",
    }
    if part != "emotion":
        columns |= {e: partial(_count, of="emotions", name=e) for e in EMOTIONS}
    columns |= {
        "hours": lambda a: f"{a.hours:.2f}",
        "min s": lambda a: f"{a.shortest_s:.2f}",
        "median": lambda a: f"{a.median_s:.2f}",
        "95 %": lambda a: f"{a.most_s:.2f}",
        "max": lambda a: f"{a.longest_s:.2f}",
        "words": lambda a: f"{a.words:.1f}",
        "phonemes": lambda a: f"{a.phonemes_known:.0%}",
        "dB": lambda a: f"{a.level_db:.1f}",
    }
    if any(stats.whole.styles.values()):
        columns |= {s: partial(_count, of="styles", name=s) for s in stats.whole.styles}
    rows = [[cell(amount) for cell in columns.values()] for amount in amounts]
    return Table(caption, list(columns), rows)


def _count(amount: Amount, of: str, name: str) -> str:
    count = getattr(amount, of)[name]
    return f"{count:,}" if count else "-"


def _parts(
    utterances: Sequence[Utterance],
    sounds: Mapping[str, Sound],
    key: Callable[[Utterance], str],
) -> tuple[Amount, ...]:
    parts: dict[str, list[Utterance]] = defaultdict(list)
    for utterance in utterances:
        parts[key(utterance)].append(utterance)
    order = sorted(parts, key=lambda name: (len(name), name) if name.isdecimal() else (0, name))
    return tuple(_amount(name, parts[name], sounds) for name in order)


def _amount(name: str, own: Sequence[Utterance], sounds: Mapping[str, Sound]) -> Amount:
    seconds = np.array([sounds[u.id].duration_s for u in own])
    words = [word for u in own for word in u.words]
    named = sum(any(p.symbol != UNKNOWN_PHONEME for p in word.phonemes) for word in words)
    return Amount(
        name=name,
        utterances=len(own),
        emotions={e: sum(u.emotion == e for u in own) for e in EMOTIONS},
        styles={s: sum(u.style == s for u in own) for s in ("scripted", "improvised")},
        hours=float(seconds.sum()) / 3600,
        shortest_s=float(seconds.min()),
        median_s=float(np.median(seconds)),
        most_s=float(np.quantile(seconds, 0.95)),
        longest_s=float(seconds.max()),
        words=len(words) / len(own),
        phonemes_known=named / max(1, len(words)),
        level_db=float(np.median([sounds[u.id].level_db for u in own])),
    )
