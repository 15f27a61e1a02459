"""Words put in the place of others, in time: nothing is moved that was not hit.

A substituted word keeps its span, and is given the phonemes of the word that was put there: on
the spans of the old ones where there are as many, else the span shared evenly, as an aligner that
is told the wrong word would have to place them. A deleted word leaves a gap. An inserted word
takes the gap behind its neighbour, or, where there is hardly one, the second half of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ser_platform.utterance import Phoneme, Word

SHORTEST_GAP_S = 0.1
"""That holds a word; below it, speech counts as unbroken. Ours."""
LONGEST_INSERTED_S = 0.2
"""About a spoken function word; ours."""


@dataclass(frozen=True)
class Edit:
    """What is done at one word."""

    place: int
    """Of the word, from 0."""
    inserts: bool
    """Behind the word; else in its place."""
    text: str | None
    """The other word; None: the word is deleted."""


def edited_texts(texts: Sequence[str], edits: Sequence[Edit]) -> list[str]:
    """What is heard, without times."""
    instead, behind = _by_place(edits)
    found: list[str] = []
    for place, text in enumerate(texts):
        kept = instead[place].text if place in instead else text
        added = behind[place].text if place in behind else None
        found += [word for word in (kept, added) if word is not None]
    return found


def edited_words(
    words: Sequence[Word], edits: Sequence[Edit], sounds: Mapping[str, Sequence[str]]
) -> tuple[Word, ...]:
    """What is heard, in time.

    Args:
        words: that were said.
        edits: at most one in the place of each word and one behind it.
        sounds: phonemes of each word that is put somewhere.
    """
    instead, behind = _by_place(edits)
    found: list[Word] = []
    for place, word in enumerate(words):
        kept: Word | None = word
        if place in instead:
            text = instead[place].text
            kept = None if text is None else _substituted(word, text, sounds[text])
        text = behind[place].text if place in behind else None
        if text is None:
            found += [kept] if kept else []
            continue
        next_s = words[place + 1].start_s if place + 1 < len(words) else word.end_s
        found += _with_inserted(word, kept, next_s - word.end_s, text, sounds[text])
    return tuple(found)


def _by_place(edits: Sequence[Edit]) -> tuple[dict[int, Edit], dict[int, Edit]]:
    instead = {edit.place: edit for edit in edits if not edit.inserts}
    return instead, {edit.place: edit for edit in edits if edit.inserts}


def _substituted(word: Word, text: str, symbols: Sequence[str]) -> Word:
    if len(symbols) != len(word.phonemes):
        return _spoken(text, symbols, word.start_s, word.end_s)
    pairs = zip(word.phonemes, symbols, strict=True)
    phonemes = tuple(replace(phoneme, symbol=symbol) for phoneme, symbol in pairs)
    return replace(word, text=text, phonemes=phonemes)


def _with_inserted(
    said: Word, kept: Word | None, gap_s: float, text: str, symbols: Sequence[str]
) -> list[Word]:
    """A word, if anything is kept of it, and the one that is inserted behind it."""
    if kept is None:
        return [_spoken(text, symbols, said.start_s, said.end_s)]
    if gap_s >= SHORTEST_GAP_S:
        end_s = said.end_s + min(gap_s, LONGEST_INSERTED_S)
        return [kept, _spoken(text, symbols, said.end_s, end_s)]
    middle_s = (said.start_s + said.end_s) / 2
    return [_first_half(kept), _spoken(text, symbols, middle_s, said.end_s)]


def _first_half(word: Word) -> Word:
    def sooner(time_s: float) -> float:
        return (word.start_s + time_s) / 2

    phonemes = tuple(Phoneme(p.symbol, sooner(p.start_s), sooner(p.end_s)) for p in word.phonemes)
    return Word(word.text, word.start_s, sooner(word.end_s), phonemes)


def _spoken(text: str, symbols: Sequence[str], start_s: float, end_s: float) -> Word:
    """A word whose phonemes share its span evenly."""
    step_s = (end_s - start_s) / len(symbols)
    edges = [start_s + step_s * i for i in range(len(symbols))] + [end_s]
    return Word(text, start_s, end_s, tuple(map(Phoneme, symbols, edges, edges[1:])))
