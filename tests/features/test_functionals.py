"""What every extractor of functionals must do. A new one only adds itself to ``CONFIGS``."""

import json
import pickle

import numpy as np
import pytest

from ser_platform.config.inputs import (
    CompareConfig,
    EgemapsConfig,
    FunctionalsConfig,
    Prosody35Config,
)
from ser_platform.errors import FeatureError
from ser_platform.features import make_extractor
from ser_platform.features.audio import decode
from ser_platform.features.base import FrameExtractor, Signal
from tests.features.signals import (
    RATE,
    chirp,
    mixture,
    noise,
    recording,
    seconds,
    silence,
    square,
)

CONFIGS: list[FunctionalsConfig] = [Prosody35Config(), EgemapsConfig(), CompareConfig()]
DIM = {"prosody35": 35, "egemaps": 88, "compare": 6_373}
SHORTEST_S = {"prosody35": 0.055, "egemaps": 0.060, "compare": 0.060}


@pytest.fixture(params=CONFIGS, ids=lambda config: config.kind)
def config(request: pytest.FixtureRequest) -> FunctionalsConfig:
    return request.param


@pytest.fixture
def extractor(config: FunctionalsConfig) -> FrameExtractor:
    return make_extractor(config)


def test_one_row_of_float32_and_one_name_per_column(
    config: FunctionalsConfig, extractor: FrameExtractor
) -> None:
    dim = DIM[config.kind]
    for samples in (RATE, 3 * RATE + 1, 5_000):
        row = extractor(chirp(samples))
        assert row.shape == (1, dim)
        assert row.dtype == np.float32
        assert row.flags.c_contiguous
    assert len(set(extractor.names)) == len(extractor.names) == dim


LONG_ENOUGH = {
    "silence": silence(RATE),
    "constant": np.full(RATE, 1, np.int16),
    "lowest": np.full(RATE, -(2**15), np.int16),
    "noise": noise(RATE),
    "full scale": square(RATE),
    "half silence": np.concatenate([silence(8_000), chirp(8_000)]),
    "60 ms of silence": silence(seconds(0.06)),
    "60 ms": chirp(seconds(0.06)),
    "200 ms": noise(seconds(0.2)),
}


@pytest.mark.parametrize("signal", LONG_ENOUGH.values(), ids=LONG_ENOUGH)
def test_every_signal_that_is_long_enough_gives_finite_numbers(
    extractor: FrameExtractor, signal: Signal
) -> None:
    assert np.isfinite(extractor(signal)).all()


def test_the_shortest_signal_gives_a_row_and_one_sample_less_is_refused(
    config: FunctionalsConfig, extractor: FrameExtractor
) -> None:
    shortest_s = SHORTEST_S[config.kind]
    samples = seconds(shortest_s)
    assert np.isfinite(extractor(noise(samples))).all()
    with pytest.raises(FeatureError) as failure:
        extractor(noise(samples - 1))
    assert str(failure.value) == (
        f"{samples - 1} samples, {(samples - 1) / RATE:.4f} s; "
        f"{config.kind} needs at least {shortest_s} s"
    )


@pytest.mark.parametrize("samples", [0, 1, seconds(0.025)])
def test_much_too_short_is_refused_too(extractor: FrameExtractor, samples: int) -> None:
    with pytest.raises(FeatureError, match=f"^{samples} samples, "):
        extractor(noise(samples))


def mean_loudness(extractor: FrameExtractor) -> int:
    """The number of the column, called audspec_lengthL1norm in ComParE."""
    found = [name for name in extractor.names if name.endswith("_amean")]
    loud = next(name for name in found if name.startswith(("loudness", "audspec_lengthL1norm")))
    return extractor.names.index(loud)


def test_two_minutes_are_read_to_their_end(extractor: FrameExtractor) -> None:
    """The ring buffers between openSMILE's levels hold 2 s; what waits longer would be lost."""
    second = chirp(RATE, 150, 250)
    faint, loud = np.tile(second // 8, 60), np.tile(second, 60)
    mean = mean_loudness(extractor)
    apart = [extractor(half)[0, mean] for half in (faint, loud)]
    together = extractor(np.concatenate([faint, loud]))
    assert np.isfinite(together).all()
    assert together[0, mean] == pytest.approx(np.mean(apart), rel=1e-3)


def test_the_same_signal_gives_the_same_bytes(config: FunctionalsConfig) -> None:
    first, second = make_extractor(config), make_extractor(config)
    expected = first(mixture()).tobytes()
    first(noise(4_000))
    assert first(mixture()).tobytes() == expected
    assert second(mixture()).tobytes() == expected


def test_the_signal_is_left_as_it_was(extractor: FrameExtractor) -> None:
    signal = mixture()
    signal.flags.writeable = False
    extractor(signal)
    np.testing.assert_array_equal(signal, mixture())


def test_full_scale_does_not_wrap_round(extractor: FrameExtractor) -> None:
    full, below = square(RATE, peak=32_767), square(RATE, peak=32_000)
    mean = mean_loudness(extractor)
    assert extractor(full)[0, mean] == pytest.approx(extractor(below)[0, mean], rel=0.03)


@pytest.mark.parametrize("rate", [8_000, 11_025, 48_000])
def test_stereo_and_any_rate_give_a_row(extractor: FrameExtractor, rate: int) -> None:
    sound = np.stack([chirp(rate), noise(rate)], axis=1)
    row = extractor(decode(recording(sound, rate), "a"))
    assert row.shape == (1, len(extractor.names))
    assert np.isfinite(row).all()


def test_an_extractor_travels_to_another_process(extractor: FrameExtractor) -> None:
    expected = extractor(mixture())
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(extractor))(mixture()), expected)


def test_identity_is_json_and_the_same_each_time(config: FunctionalsConfig) -> None:
    identity = make_extractor(config).identity()
    assert json.loads(json.dumps(identity)) == identity
    assert identity == make_extractor(config).identity()
    assert identity["kind"] == config.kind
    assert {"version", "opensmile"} < set(identity)


def test_identities_differ() -> None:
    identities = {json.dumps(make_extractor(c).identity(), sort_keys=True) for c in CONFIGS}
    assert len(identities) == len(CONFIGS)
