"""What is said of a recording: the answer that people, programs and pages get."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from ser_platform.inference.hearing import Source, Timing

Share = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(ge=0)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ModelName(_Part):
    """Which model answered."""

    name: str
    """As it was asked for: a URI or a folder."""
    architecture: str
    run_key: str
    signature: str
    digest: str
    """SHA-256 over the model's files: equal for equal answers."""


class AnsweredWord(_Part):
    """A word, and what the network makes of it."""

    text: str
    start_s: Seconds
    end_s: Seconds
    known: bool
    """Whether the model has a vector of it."""
    attention: Share | None
    """What the network attends to it: all of a recording sum to 1. None of one that does not
    weigh words."""
    listens_from_s: Seconds | None
    listens_to_s: Seconds | None
    """Where the middle half of what the network hears with this word lies, where each word has
    weights over frames of its own (Xu et al. 2019)."""


class FrameAttention(_Part):
    """What a layer attends to over time; sums to 1 in each stretch."""

    layer: str
    start_s: Seconds
    """Of the stretch."""
    step_s: Seconds
    weights: tuple[float, ...]
    """Mean over heads."""


class Stretch(_Part):
    """A part of a recording that was answered as one utterance."""

    start_s: Seconds
    end_s: Seconds
    label: str
    confidence: Share
    probabilities: dict[str, Share]


class Answer(_Part):
    """Of one recording."""

    recording: str
    model: ModelName
    label: str
    """The likeliest emotion."""
    confidence: Share
    """Its probability."""
    probabilities: dict[str, Share]
    """By emotion; of several stretches the mean, weighted by how long they last."""
    calibrated: bool
    """Whether probabilities were softened by temperatures that validation chose."""
    duration_s: Seconds
    stretches: tuple[Stretch, ...]
    transcript: str
    source: Source
    timing: Timing
    words: tuple[AnsweredWord, ...]
    frames: tuple[FrameAttention, ...]
    warnings: tuple[str, ...]
