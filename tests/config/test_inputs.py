"""Settings of features that exclude each other, and how a refusal reads."""

from collections.abc import Callable

import pytest
from pydantic import TypeAdapter, ValidationError

from ser_platform.config import load_experiment_file
from ser_platform.config.inputs import FunctionalsConfig, SpectrogramConfig

Write = Callable[[str], str]
Refusal = Callable[..., str]


def experiment(features: str) -> str:
    return f"name: x\ncorpus: {{kind: demo}}\nfeatures: {{{features}}}\nmodel: {{kind: wise}}\n"


@pytest.mark.parametrize(
    ("features", "fft_length"),
    [
        ("kind: spectrogram", 800),
        ("kind: spectrogram, grid_hz: 10, bins: 400", 1600),
        ("kind: spectrogram, window_s: 0.025, grid_hz: 31.25, bins: 257", 512),
        ("kind: spectrogram, grid_hz: 25.0, bins: 321", 640),  # the window fills the frame
    ],
)
def test_a_grid_that_fits(write: Write, features: str, fft_length: int) -> None:
    section = load_experiment_file(write(experiment(features))).experiment("wise").features
    assert isinstance(section, SpectrogramConfig)
    assert section.fft_length == fft_length


@pytest.mark.parametrize(
    ("features", "message"),
    [
        (
            "kind: spectrogram, grid_hz: 30.0",
            "features: grid_hz=30.0 is 533.333 samples of 16000 Hz; a whole number is needed, "
            "as 20.0 (800) and 31.25 (512) are",
        ),
        (
            "kind: spectrogram, grid_hz: 31.25",
            "features: grid_hz=31.25 is a frame of 512 samples, and window_s=0.04 is 640; "
            "give a grid of at most 25.0 Hz, or a shorter window",
        ),
        (
            "kind: spectrogram, bins: 402",
            "features: bins=402: a grid of 20.0 Hz has 401 up to 8000 Hz",
        ),
        (
            "kind: spectrogram, hop_s: 0.05",
            "features: hop_s=0.05 is longer than window_s=0.04: "
            "samples between frames would be lost",
        ),
        (
            "kind: spectrogram, grid_hz: 0.5",
            "features.grid_hz: found 0.5, expected a number >= 1 and <= 8000",
        ),
        ("kind: spectrogram, bins: 0", "features.bins: found 0, expected a whole number > 0"),
        (
            "kind: mfcc40, bins: 40",
            "features.bins: no such setting of mfcc40; only kind spectrogram has it",
        ),
    ],
)
def test_what_does_not_fit_is_explained(refusal: Refusal, features: str, message: str) -> None:
    assert refusal(experiment(features)) == f"x.yaml: 1 problem\n  line 3, {message}"


def test_functionals_are_chosen_by_kind_and_have_no_other_setting() -> None:
    section = TypeAdapter[FunctionalsConfig](FunctionalsConfig)
    for kind in "prosody35", "egemaps", "compare":
        assert section.validate_python({"kind": kind}).model_dump() == {"kind": kind}
        with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
            section.validate_python({"kind": kind, "window_s": 0.02})
    with pytest.raises(ValidationError, match="'kind'"):
        section.validate_python({"kind": "mfcc39"})
