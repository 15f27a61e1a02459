"""How words sound that pocketsphinx's dictionary lacks, by the rules of espeak-ng.

Against the dictionary these rules get about one phoneme in nine wrong, which moves boundaries
little.
"""

from functools import cached_property
from importlib import metadata

from ser_platform.corpora.demo.arpabet import SYMBOLS, arpabet
from ser_platform.corpora.demo.speech import Synthesiser
from ser_platform.errors import CorpusError

_VOICE = "en-us"
# One sound to espeak-ng, two to Sphinx; stress marks are taken off before.
_SEVERAL = {
    "A@": "AA R",
    "O@": "AO R",
    "o@": "AO R",
    "e@": "EH R",
    "i@3": "IH R",
    "U@": "UH R",
    "aI3": "AY ER",
    "aI@": "AY ER",
    "i@": "IY AH",
    "@L": "AH L",
    "n-": "AH N",
}


class Pronouncer:
    """Asks espeak-ng, which is loaded at the first question."""

    @cached_property
    def version(self) -> str:
        """Of espeakng-loader, which brings espeak-ng; empty where it is not installed."""
        try:
            return metadata.version("espeakng-loader")
        except metadata.PackageNotFoundError:
            return ""

    @cached_property
    def _espeak(self) -> Synthesiser:
        return Synthesiser(seed=0)

    def __call__(self, word: str) -> tuple[str, ...]:
        """A word in ARPAbet without stress.

        Raises:
            CorpusError: saying why it cannot be told.
        """
        if not self.version:
            raise CorpusError(
                f"the dictionary lacks '{word}', and espeakng-loader, which knows how words "
                "sound, is not installed: pip install 'ser-platform[demo]'"
            )
        names = [name.lstrip("',%=") for name in self._espeak.phonemes(word, _VOICE)]
        sounds = [s for name in names for s in _SEVERAL.get(name, arpabet(name)).split()]
        if strange := sorted(set(sounds) - SYMBOLS):
            raise CorpusError(
                f"the dictionary lacks '{word}', and espeak-ng says it with sounds that are not "
                f"English: {', '.join(strange)}"
            )
        if not sounds:
            raise CorpusError(f"the dictionary lacks '{word}', and espeak-ng finds no sound in it")
        return tuple(sounds)
