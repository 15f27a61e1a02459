"""What the result of an aligner says."""

from ser_platform.transcripts.engines.base import Result
from ser_platform.utterance import Phoneme, Word


def failure(result: Result, lowest_score: float) -> str:
    """Why a recording counts as not aligned; empty when it is."""
    if "reason" in result:
        return str(result["reason"])
    if result["score"] < lowest_score:
        return (
            f"its score {result['score']:.2f} is below alignment.lowest_score {lowest_score:g}"
            " (another text than what was said, or much noise)"
        )
    return ""


def aligned_words(result: Result) -> tuple[Word, ...]:
    """The words in time, with their phonemes; none where nothing was found."""
    return tuple(
        Word(text, start_s, end_s, tuple(Phoneme(*phoneme) for phoneme in phonemes))
        for text, start_s, end_s, phonemes in result.get("words", ())
    )
