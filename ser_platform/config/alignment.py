"""When words were said, found by this machine where the corpus gives no times."""

from typing import Annotated, Literal

from pydantic import Field

from ser_platform.config.sections import Section

Beam = Annotated[float, Field(gt=0, lt=1)]


class AlignmentConfig(Section):
    """Forced alignment of English with pocketsphinx, for utterances whose words have no times.

    Used with ``corpus.missing_alignment: align``, and for recognised text without times.
    """

    kind: Literal["pocketsphinx"] = "pocketsphinx"
    lowest_score: Annotated[float, Field(le=0, allow_inf_nan=False)] = -4.0
    """An utterance that scores below counts as not aligned.

    Of the demo corpus it keeps 95.5 % of the right texts and 0.8 % of those of other utterances,
    of RAVDESS 97.2 % and 32.5 %, whose two sentences share four of six words (docs/alignment.md).

    The score is the mean over its phonemes of the natural logarithm, per frame of 10 ms, of how
    much less likely the phoneme is than the likeliest one of the transcript: 0 is perfect."""
    unaligned: Literal["refuse", "even", "drop"] = "refuse"
    """What becomes of utterances that are not aligned: an error that lists them, words spread
    evenly over the recording, or left out of the corpus before folds are made."""
    beam: Beam = 1e-100
    """How unlikely a path may become before it is given up; pocketsphinx's own 1e-48 loses
    spontaneous speech. Also the beam of phonemes."""
    word_beam: Beam = 1e-80
    """The same at the ends of words; pocketsphinx's own is 7e-29."""
