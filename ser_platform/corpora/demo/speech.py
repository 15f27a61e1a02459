"""espeak-ng through ctypes: text to samples, with the time of every word and phoneme."""

import ctypes as c
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ser_platform.errors import CorpusError

SAMPLE_RATE_HZ = 22050
BAR = " | "
"""Between two words, unheard: without it espeak-ng reports "in the" as one word."""

# speak_lib.h of espeak-ng 1.52
_SYNCHRONOUS, _PHONEME_EVENTS, _BY_CHARACTER, _UTF8 = 2, 1, 1, 1
_LIST_TERMINATED, _WORD, _PHONEME = 0, 1, 7
_SEPARATED = ord("_") << 8  # between the names of phonemes, where blanks separate words
_RATE, _VOLUME, _PITCH, _RANGE, _WORD_GAP = 1, 2, 3, 4, 7
# Loudness is set afterwards, on the samples: above 120 espeak-ng clips.
_VOLUME_WITHOUT_CLIPPING = 90


@dataclass(frozen=True, slots=True)
class Delivery:
    """How espeak-ng is asked to say a sentence, in its own units."""

    rate: int
    """Words a minute, 80 to 450."""
    pitch: int
    """0 to 99; 50 is the voice's own."""
    pitch_range: int
    """0 (monotone) to 99; 50 is the voice's own."""
    word_gap: int
    """Pause between words, in 10 ms at the normal rate."""


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """One word of a spoken sentence, in samples at :data:`SAMPLE_RATE_HZ`.

    Attributes:
        text: as written, punctuation included.
        start: first sample.
        end: first sample of what follows: the next word, or a pause.
        phones: espeak-ng's names and first samples, in order; the first is ``start``.
    """

    text: str
    start: int
    end: int
    phones: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Spoken:
    """A spoken sentence: int16 samples, and where its words are in them."""

    samples: np.ndarray
    words: tuple[SpokenWord, ...]


class _EventId(c.Union):
    _fields_ = (("number", c.c_int), ("name", c.c_char_p), ("string", c.c_char * 8))


class _Event(c.Structure):
    _fields_ = (
        ("type", c.c_int),
        ("unique_identifier", c.c_uint),
        ("text_position", c.c_int),
        ("length", c.c_int),
        ("audio_position", c.c_int),
        ("sample", c.c_int),
        ("user_data", c.c_void_p),
        ("id", _EventId),
    )


_Callback = c.CFUNCTYPE(c.c_int, c.POINTER(c.c_short), c.c_int, c.POINTER(_Event))


@dataclass(frozen=True, slots=True)
class _Mark:
    """An event: the start of a word (``phone`` is empty) or of a phoneme."""

    sample: int
    phone: str = ""


class Synthesiser:
    """One espeak-ng of our own: the same calls after the same seed give the same samples.

    espeak-ng keeps its state (flutter, echo, random numbers) in globals and seeds itself from
    the clock, so each synthesiser loads and seeds its own copy of the library.

    Raises:
        CorpusError: espeakng-loader is not installed, or its library does not load here.
    """

    def __init__(self, seed: int) -> None:
        self._library = _own_copy_of_the_library()
        self._chunks: list[np.ndarray] = []
        self._marks: list[_Mark] = []
        self._callback = _Callback(self._receive)  # must live as long as the library calls it
        self._library.espeak_SetSynthCallback(self._callback)
        self._library.espeak_ng_SetRandSeed(seed)

    @property
    def version(self) -> str:
        """espeak-ng's version, e.g. ``1.52.0``."""
        return self._library.espeak_Info(None).decode()

    def say(self, text: str, voice: str, delivery: Delivery) -> Spoken:
        """Speak one sentence whose words are separated by single blanks.

        Raises:
            CorpusError: espeak-ng has no such voice.
        """
        self._choose(voice)
        for parameter, value in (
            (_RATE, delivery.rate),
            (_VOLUME, _VOLUME_WITHOUT_CLIPPING),
            (_PITCH, delivery.pitch),
            (_RANGE, delivery.pitch_range),
            (_WORD_GAP, delivery.word_gap),
        ):
            self._library.espeak_SetParameter(parameter, value, 0)
        self._chunks.clear()
        self._marks.clear()
        words = text.split(" ")
        barred = BAR.join(words).encode() + b"\0"
        status = self._library.espeak_Synth(
            barred, len(barred), 0, _BY_CHARACTER, 0, _UTF8, None, None
        )
        if status != 0:
            raise CorpusError(f"espeak-ng refused to say '{text}' (status {status})")
        samples = np.concatenate(self._chunks)
        return Spoken(samples, _in_time(words, self._marks, len(samples)))

    def phonemes(self, text: str, voice: str) -> tuple[str, ...]:
        """How a voice would say a text, in espeak-ng's names with stress; nothing is spoken.

        Raises:
            CorpusError: espeak-ng has no such voice.
        """
        self._choose(voice)
        rest = c.c_char_p(text.encode())
        clauses: list[str] = []
        while rest.value is not None:
            said = self._library.espeak_TextToPhonemes(c.byref(rest), _UTF8, _SEPARATED)
            clauses.append(said.decode())
        return tuple(name for name in re.split(r"[_\s]+", " ".join(clauses)) if name)

    def _choose(self, voice: str) -> None:
        if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise CorpusError(f"espeak-ng {self.version} has no voice '{voice}'")

    def _receive(self, samples: Any, count: int, events: Any) -> int:
        if count > 0:
            self._chunks.append(np.ctypeslib.as_array(samples, (count,)).copy())
        index = 0
        while (event := events[index]).type != _LIST_TERMINATED:
            if event.type == _WORD:
                self._marks.append(_Mark(event.sample))
            elif event.type == _PHONEME:
                self._marks.append(_Mark(event.sample, event.id.string.decode("ascii")))
            index += 1
        return 0


def _in_time(words: list[str], marks: list[_Mark], num_samples: int) -> tuple[SpokenWord, ...]:
    starts = [i for i, mark in enumerate(marks) if not mark.phone]
    assert len(starts) == len(words), f"{len(starts)} word events for {words}"
    return tuple(
        _word(text, marks[start:stop], marks[stop].sample if stop < len(marks) else num_samples)
        for text, start, stop in zip(words, starts, [*starts[1:], len(marks)], strict=True)
    )


def _word(text: str, marks: list[_Mark], end: int) -> SpokenWord:
    """A word from its own event, those of its phonemes, and those of a pause after it."""
    start = marks[0].sample
    phones: list[tuple[str, int]] = []
    for mark in marks[1:]:
        if mark.phone.startswith("_"):  # a pause
            end = mark.sample
            break
        # The closure before a first plosive is part of the plosive.
        phones.append((mark.phone, mark.sample if phones else start))
    assert phones, f"no phoneme event for {text}"
    return SpokenWord(text, start, end, tuple(phones))


def _own_copy_of_the_library() -> c.CDLL:
    try:
        import espeakng_loader
    except ImportError:
        raise CorpusError(
            "the demo corpus is spoken by espeak-ng, and espeakng-loader is not installed: "
            "pip install 'ser-platform[demo]'"
        ) from None
    original = Path(espeakng_loader.get_library_path())
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        try:
            library = c.CDLL(shutil.copy(original, folder))
        except OSError as error:
            raise CorpusError(f"espeak-ng does not load on this machine: {error}") from error
    library.espeak_Info.restype = c.c_char_p
    library.espeak_ng_SetRandSeed.argtypes = (c.c_long,)
    library.espeak_TextToPhonemes.restype = c.c_char_p
    library.espeak_TextToPhonemes.argtypes = (c.POINTER(c.c_char_p), c.c_int, c.c_int)
    library.espeak_Synth.argtypes = (
        *(c.c_char_p, c.c_size_t, c.c_uint, c.c_int),
        *(c.c_uint, c.c_uint, c.c_void_p, c.c_void_p),
    )
    data = str(Path(espeakng_loader.get_data_path()).parent).encode()
    status = library.espeak_Initialize(_SYNCHRONOUS, 0, data, _PHONEME_EVENTS)
    if status != SAMPLE_RATE_HZ:
        raise CorpusError(f"espeak-ng does not start from {original.parent} (status {status})")
    return library
