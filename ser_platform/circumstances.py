"""Under which circumstances utterances were spoken: what scores are broken down by."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Circumstances(BaseModel):
    """A table of utterances, column by column; empty text where a corpus does not say.

    No network reads it: it is joined to answers once they are given.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    ids: tuple[str, ...]
    dialogues: tuple[str, ...]
    sexes: tuple[Literal["F", "M", ""], ...]
    styles: tuple[Literal["scripted", "improvised", ""], ...]
    seconds: tuple[float, ...]
    """Of the recording, as far as frames cover it."""
    words: tuple[Annotated[int, Field(ge=0)], ...]
    """That were said."""
    word_errors: tuple[Annotated[int, Field(ge=0)], ...] | None = None
    """Substitutions, deletions and insertions in what a network read instead; None where it read
    the corpus's own words."""

    @model_validator(mode="after")
    def _columns_are_alike(self) -> "Circumstances":
        lengths = {len(column) for _, column in self if column is not None}
        if len(lengths) != 1:
            raise ValueError(f"columns of {sorted(lengths)} utterances; all must have the same")
        return self
