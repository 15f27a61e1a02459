"""Praat's TextGrids, as the Montreal Forced Aligner writes them: tiers ``words``, ``phones``."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from ser_platform.corpora.praat import Tokens
from ser_platform.corpora.problems import listed
from ser_platform.corpora.words import UNKNOWN_PHONEME, Segment, timed_words
from ser_platform.errors import CorpusError
from ser_platform.utterance import Word

_NO_WORDS = {"", "sil", "sp", "spn", "<eps>", "<unk>"}
_NO_PHONES = {"", "sil", "sp"}


def read_textgrid(path: Path) -> tuple[Word, ...]:
    """Words with their phonemes; without a tier ``phones`` each word is one phoneme.

    Empty intervals, ``sil`` and ``sp`` are silences, a word ``spn`` or ``<unk>`` is a noise or
    a word that the aligner does not know; a phone ``spn`` inside a word is kept as
    :data:`UNKNOWN_PHONEME`.

    Raises:
        CorpusError: naming file and line when it is no TextGrid, or without a tier ``words``.
    """
    tiers = dict(_tiers(Tokens(path)))
    words = _tier(path, tiers, "words")
    if words is None:
        raise CorpusError(f"{path}: no tier 'words'; found {listed(tiers)}")
    phones = _tier(path, tiers, "phones") or ()
    return timed_words(
        (s for s in words if s.symbol.lower() not in _NO_WORDS),
        (
            s._replace(symbol=UNKNOWN_PHONEME) if s.symbol.lower() == "spn" else s
            for s in phones
            if s.symbol.lower() not in _NO_PHONES
        ),
    )


def _tier(path: Path, tiers: dict[str, list[Segment]], kind: str) -> Sequence[Segment] | None:
    """The tier of that name, or the only one ``<speaker> - <name>``."""
    found = [name for name in tiers if name.lower().rpartition(" - ")[2] == kind]
    if len(found) > 1:
        raise CorpusError(
            f"{path}: {len(found)} tiers of {kind}: {listed(found)}; an utterance has one speaker"
        )
    return tiers[found[0]] if found else None


def _tiers(tokens: Tokens) -> Iterator[tuple[str, list[Segment]]]:
    kind, what = tokens.text("a file type"), tokens.text("an object class")
    if not kind.startswith("ooTextFile") or what != "TextGrid":
        raise tokens.wrong("'ooTextFile' and 'TextGrid'", f"'{kind}' and '{what}'")
    tokens.number("its start")
    tokens.number("its end")
    if (flag := tokens.flag("<exists>")) != "<exists>":
        raise tokens.wrong("<exists>", flag)
    for _ in range(tokens.count("the number of tiers")):
        kind, name = tokens.text("the class of a tier"), tokens.text("the name of a tier")
        tokens.number("the start of a tier")
        tokens.number("the end of a tier")
        count = tokens.count("the size of a tier")
        match kind:
            case "IntervalTier":
                yield name, [_interval(tokens) for _ in range(count)]
            case "TextTier":  # points in time, which say nothing of words
                for _ in range(count):
                    tokens.number("the time of a point")
                    tokens.text("the mark of a point")
            case _:
                raise tokens.wrong("IntervalTier or TextTier", f"'{kind}'")


def _interval(tokens: Tokens) -> Segment:
    start_s = tokens.number("the start of an interval")
    end_s = tokens.number("the end of an interval")
    if end_s <= start_s:
        raise tokens.wrong(f"the end of an interval that starts at {start_s:g} s", f"{end_s:g} s")
    return Segment(tokens.text("the text of an interval"), max(0.0, start_s), end_s)
