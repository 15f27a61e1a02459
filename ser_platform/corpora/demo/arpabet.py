"""espeak-ng's names of English phonemes in the ARPAbet that IEMOCAP's alignments use."""

# Several of espeak-ng's phonemes are one of ARPAbet's; a vowel with its r ("O@", "i@3") is one
# sound to espeak-ng, so it is written as that vowel.
_NAMES = {
    "AA": "0 A: A@",
    "AE": "a aa",
    "AH": "@ @- @2 @5 V a#",
    "AO": "O2 O: O@ o@",
    "AW": "aU",
    "AY": "aI aI2 aI3 aI@",
    "B": "b",
    "CH": "tS",
    "D": "d",
    "DH": "D",
    "EH": "E e@",
    "ER": "3 3: IR VR",
    "EY": "eI",
    "F": "f",
    "G": "g",
    "HH": "h",
    "IH": "I I# I2 i@ i@3",
    "IY": "i i:",
    "JH": "dZ",
    "K": "k",
    "L": "l @L",
    "M": "m",
    "N": "n n-",
    "NG": "N",
    "OW": "oU",
    "OY": "OI",
    "P": "p",
    "R": "r r-",
    "S": "s",
    "SH": "S",
    "T": "t t# t2 t[ ?",
    "TH": "T",
    "UH": "U U@",
    "UW": "u:",
    "V": "v",
    "W": "w w#",
    "Y": "j ;",
    "Z": "z",
    "ZH": "Z",
}
_ARPABET = {name: symbol for symbol, names in _NAMES.items() for name in names.split()}
SYMBOLS = frozenset(_NAMES)


def arpabet(name: str) -> str:
    """``'aI`` is AY; stress is left out, as Sphinx does.

    A phoneme that we do not know (another release of espeak-ng) keeps its own name.
    """
    bare = name.lstrip("',%=")
    return _ARPABET.get(bare, bare)
