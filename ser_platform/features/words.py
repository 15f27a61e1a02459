"""How the words of a transcript are looked up in a vector file."""

import re

_APOSTROPHES = str.maketrans({"\u2019": "'", "\u2018": "'", "\u02bc": "'"})
_EDGES = re.compile(r"^[^\w']+|[^\w']+$")
# The Penn Treebank splits "don't" into "do n't" and "she's" into "she 's"; GloVe was trained
# on text cut so, and has no vector for most of the whole forms.
_CONTRACTION = re.compile(r"^(.+?)(n't|'(?:s|m|d|re|ve|ll))$", re.IGNORECASE)


def pieces(word: str) -> tuple[tuple[str, ...], ...]:
    """The parts of a word, each with its spellings in the order they should be tried.

    Lower case comes before the word as written, since a file may be cased or not. A part is
    also tried without the apostrophes around it. A word without any letter has no parts.
    """
    bare = _EDGES.sub("", word.translate(_APOSTROPHES))
    return tuple(_spellings(part) for part in _split(bare) if part.strip("'"))


def hyphen_pieces(word: str) -> tuple[tuple[str, ...], ...]:
    """The parts of a word at its hyphens, for one that is not known as a whole."""
    parts = word.split("-") if "-" in word.strip("-") else ()
    return tuple(piece for part in parts for piece in pieces(part))


def _split(word: str) -> list[str]:
    split = _CONTRACTION.match(word)
    return [*_split(split[1]), split[2]] if split else [word]


def _spellings(part: str) -> tuple[str, ...]:
    bare = part.strip("'")
    return tuple(dict.fromkeys((part.lower(), part, bare.lower(), bare)))
