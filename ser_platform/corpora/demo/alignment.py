"""Words and phonemes in time, as rows of Sphinx-3's alignment files."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ser_platform.corpora.demo.arpabet import arpabet
from ser_platform.corpora.demo.speech import SAMPLE_RATE_HZ, SpokenWord

FRAMES_PER_S = 100
SILENCE = "SIL"
SHORTEST_PHONE = 3
"""Frames; Sphinx-3's phones have three states, so none of them is shorter."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A word, a phoneme or a silence: frames ``first`` to ``last``, both its own."""

    name: str
    first: int
    last: int
    place: str = ""
    """Of a phoneme in its word: b(egin), i(nner), e(nd) or s(ingle)."""


def word_units(words: Sequence[SpokenWord], start_s: float, num_frames: int) -> list[Unit]:
    """All frames of a recording as words and silences.

    Args:
        words: of the sentence.
        start_s: when the sentence starts in the recording.
        num_frames: of the recording.
    """
    units, free = [], 0
    for word in words:
        first, after = (_frame(sample, start_s) for sample in (word.start, word.end))
        if first > free:
            units.append(Unit("<sil>" if units else "<s>", free, first - 1))
        units.append(Unit(word.text.strip(",.?!").upper(), first, after - 1))
        free = after
    return [*units, Unit("</s>", free, num_frames - 1)]


def phone_units(words: Sequence[SpokenWord], start_s: float, num_frames: int) -> list[Unit]:
    """The same with the phonemes of each word, in ARPAbet."""
    spoken = iter(words)
    units = []
    for unit in word_units(words, start_s, num_frames):
        if unit.name.startswith("<"):
            units.append(Unit(SILENCE, unit.first, unit.last))
        else:
            units += _phones(next(spoken), unit, start_s)
    return units


def wdseg(units: Sequence[Unit]) -> str:
    """A ``.wdseg`` file. No recogniser was asked, so all scores are 0."""
    rows = (f"\t{u.first:5} {u.last:5} {0:10} {u.name}" for u in units)
    return _file(f"\t{'SFrm':>5} {'EFrm':>5} {'SegAScr':>10} Word", rows)


def phseg(units: Sequence[Unit]) -> str:
    """A ``.phseg`` file: phones with the phones beside them and their place in the word."""
    rows = []
    for i, unit in enumerate(units):
        name = unit.name
        if name != SILENCE:
            left, right = units[i - 1].name, units[i + 1].name
            name = f"{name} {left} {right} {unit.place}"
        rows.append(f"\t{unit.first:5} {unit.last:5} {0:9} {name}")
    return _file(f"\t{'SFrm':>5} {'EFrm':>5} {'SegAScr':>9} Phone", rows)


def _phones(word: SpokenWord, unit: Unit, start_s: float) -> Iterator[Unit]:
    """The phones of a word, none empty, together as long as the word.

    A sound that runs into the vowel before it ("while") takes no time of its own in espeak-ng.
    """
    count, after = len(word.phones), unit.last + 1
    shortest = min(SHORTEST_PHONE, (after - unit.first) // count)
    starts = [_frame(sample, start_s) for _, sample in word.phones]
    for i in range(1, count):
        starts[i] = max(starts[i], starts[i - 1] + shortest)
    for i in reversed(range(count)):
        starts[i] = min(starts[i], after - (count - i) * shortest)
    places = "s" if count == 1 else f"b{'i' * (count - 2)}e"
    edges = zip(word.phones, places, starts, [*starts[1:], after], strict=True)
    for (name, _), place, first, end in edges:
        yield Unit(arpabet(name), first, end - 1, place)


def _frame(sample: int, start_s: float) -> int:
    return round((start_s + sample / SAMPLE_RATE_HZ) * FRAMES_PER_S)


def _file(header: str, rows: Iterable[str]) -> str:
    return "\n".join([header, *rows, f" Total score: {0:11}"]) + "\n"
