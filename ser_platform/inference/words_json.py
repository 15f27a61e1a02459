"""Words in time as JSON: ``[{"text", "start_s", "end_s", "phonemes": [{"symbol", ...}]}]``."""

import json
from collections.abc import Sequence
from dataclasses import asdict

from ser_platform.utterance import Phoneme, Word


def words_to_json(words: Sequence[Word]) -> str:
    """What :func:`words_from_json` reads."""
    return json.dumps([asdict(word) for word in words])


def words_from_json(text: str) -> tuple[Word, ...]:
    """The words; none of an empty text."""
    return tuple(
        Word(
            word["text"],
            word["start_s"],
            word["end_s"],
            tuple(
                Phoneme(p["symbol"], p["start_s"], p["end_s"]) for p in word.get("phonemes", ())
            ),
        )
        for word in json.loads(text or "[]")
    )
