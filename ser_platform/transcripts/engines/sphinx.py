"""pocketsphinx: making decoders, and reading their symbols."""

import re
from typing import Any

from ser_platform.errors import EngineError
from ser_platform.transcripts.engines.base import version_of

FRAMES_PER_S = 100
_VARIANT = re.compile(r"\(\d+\)$")  # to(3): the third way to say it


def sphinx_version() -> str:
    """The installed version.

    Raises:
        EngineError: when it is not installed.
    """
    return version_of("pocketsphinx", "speech")


def decoder(**settings: Any) -> Any:
    """A ``pocketsphinx.Decoder`` with the English model that comes with it.

    Raises:
        EngineError: when pocketsphinx is not installed, or does not start.
    """
    sphinx_version()
    from pocketsphinx import Decoder

    try:
        return Decoder(loglevel="FATAL", **settings)
    except (RuntimeError, ValueError) as error:
        raise EngineError(f"pocketsphinx does not start: {error}") from error


def listen(decoder: Any, samples: bytes) -> None:
    """Run the decoder's present search over a whole utterance.

    The front end starts anew: it would carry something over from the last utterance, and half of
    the alignments would depend on what the process heard before (docs/log.md).
    """
    decoder.reinit_feat()
    decoder.start_utt()
    decoder.process_raw(samples, no_search=False, full_utt=True)
    decoder.end_utt()


def is_filler(name: str) -> bool:
    """Whether a name of pocketsphinx is a silence, a noise or a mark, and no word."""
    return name.startswith(("<", "[", "(", "+"))


def spelling(name: str) -> str:
    """``to(3)`` is to."""
    return _VARIANT.sub("", name)
