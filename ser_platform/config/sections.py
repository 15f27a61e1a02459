"""What all sections of an experiment file share: closed, strict, with a unit in each type."""

import re
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Probability = Annotated[float, Field(ge=0, lt=1)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
PositiveFloat = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NonNegativeFloat = Annotated[float, Field(ge=0, allow_inf_nan=False)]
EvenInt = Annotated[int, Field(gt=0, multiple_of=2)]
LARGEST_SEED = 2**32 - 1
Seed = Annotated[int, Field(ge=0, le=LARGEST_SEED)]

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
NAME_IN_WORDS = "at most 64 letters, digits, '.', '_' and '-', the first a letter or a digit"
Name = Annotated[str, Field(pattern=f"^{NAME.pattern}$", description=NAME_IN_WORDS)]
"""Becomes part of object keys, folders and run names."""


class Section(BaseModel):
    """A part of the experiment file: frozen, strict, and closed to unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
