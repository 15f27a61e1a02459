"""Transcripts with errors made on purpose."""

import math
from typing import Annotated, Literal

from pydantic import Field, model_validator

from ser_platform.config.sections import NonNegativeFloat, Section, Seed


class CorruptedConfig(Section):
    """The corpus's own words with the errors of a recogniser, at a word error rate of choice.

    The shares are ours: recognisers of conversational speech mostly substitute, delete less,
    and insert least.
    """

    kind: Literal["corrupted"] = "corrupted"
    wer: Annotated[float, Field(ge=0, le=1)]
    """Word error rate over the whole corpus; 0 is the oracle."""
    seed: Seed = 0
    """Of the errors: with the same seed a higher rate keeps those of a lower one."""
    substitutions: NonNegativeFloat = 0.60
    """Share of the errors that put another word in the place of one."""
    deletions: NonNegativeFloat = 0.25
    """Share of the errors that lose a word."""
    insertions: NonNegativeFloat = 0.15
    """Share of the errors that add a word."""

    @model_validator(mode="after")
    def _shares_of_one_whole(self) -> "CorruptedConfig":
        total = self.substitutions + self.deletions + self.insertions
        if not math.isclose(total, 1, abs_tol=1e-6):
            raise ValueError(
                f"substitutions, deletions and insertions are shares of all errors and must add "
                f"up to 1; they add up to {total:g}"
            )
        return self
