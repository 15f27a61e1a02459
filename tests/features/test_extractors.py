"""What every extractor of frames must do. A new one only adds itself to ``CONFIGS``."""

import json
import pickle
import subprocess
import sys

import numpy as np
import pytest

from ser_platform.config.inputs import (
    FeatureConfig,
    Mfcc39Config,
    Mfcc40Config,
    ShortTerm34Config,
    SpectrogramConfig,
)
from ser_platform.features import make_extractor
from ser_platform.features.audio import decode
from tests.features.pretrained_worlds import INSTALLED, KINDS, WHY_NOT, tiny
from tests.features.signals import RATE, chirp, mixture, noise, recording, silence, square

CONFIGS: list[FeatureConfig] = [
    Mfcc39Config(),
    Mfcc39Config(backend="numpy"),
    Mfcc39Config(energy="log"),
    ShortTerm34Config(),
    ShortTerm34Config(version="2018"),
    SpectrogramConfig(),
    SpectrogramConfig(window_s=0.025, grid_hz=31.25, bins=257),
    Mfcc40Config(),
]


def known_as(config: FeatureConfig) -> str:
    choices = (getattr(config, name, "") for name in ("version", "bins", "backend", "energy"))
    return "-".join([config.kind, *(str(choice) for choice in choices if choice)])


@pytest.fixture(params=[*CONFIGS, *KINDS], ids=lambda p: p if p in KINDS else known_as(p))
def config(request: pytest.FixtureRequest) -> FeatureConfig:
    """Of each kind; a pretrained network by name, since it must be made first."""
    if request.param not in KINDS:
        return request.param
    if not INSTALLED:
        pytest.skip(WHY_NOT)
    return tiny(request.param)


def test_one_row_of_float32_per_frame_and_one_name_per_column(config: FeatureConfig) -> None:
    extractor = make_extractor(config)
    window, hop = round(config.window_s * RATE), round(config.hop_s * RATE)
    for samples in (RATE, RATE - 1, 5_000, window + 4 * hop, window + 5 * hop - 1):
        frames = extractor(noise(samples))
        assert frames.shape == ((samples - window) // hop + 1, len(extractor.names))
        assert frames.dtype == np.float32
        assert frames.flags.c_contiguous
    assert len(set(extractor.names)) == len(extractor.names)


def test_frames_start_where_window_and_hop_say(config: FeatureConfig) -> None:
    """A click shows only in the frames that hold it (and, for deltas, four beyond)."""
    if config.kind == "pretrained":
        pytest.skip("through a transformer every frame knows the whole: see test_pretrained.py")
    extractor = make_extractor(config)
    window, hop = round(config.window_s * RATE), round(config.hop_s * RATE)
    quiet = noise(RATE, peak=400)
    loud = quiet.copy()
    click = 8_000
    loud[click] = 20_000
    loud[0] = quiet[0] = 30_000  # the same peak, for extractors that normalise by it
    loud[1] -= 19_900  # and nearly the same mean
    static = [i for i, name in enumerate(extractor.names) if "_delta" not in name]
    static = [i for i in static if "_acceleration" not in extractor.names[i]]
    changed = np.abs(extractor(loud) - extractor(quiet))[:, static].max(axis=1) > 0.2
    first, last = -(-(click - window + 1) // hop), click // hop
    assert changed[first : last + 1].all()
    assert not changed[20 : first - 1].any()
    assert not changed[last + 2 :].any()


def test_the_same_signal_gives_the_same_bytes(config: FeatureConfig) -> None:
    first, second = make_extractor(config), make_extractor(config)
    expected = first(mixture()).tobytes()
    first(noise(4_000))
    assert first(mixture()).tobytes() == expected
    assert second(mixture()).tobytes() == expected


def test_the_signal_is_left_as_it_was(config: FeatureConfig) -> None:
    signal = mixture()
    signal.flags.writeable = False
    make_extractor(config)(signal)
    np.testing.assert_array_equal(signal, mixture())


@pytest.mark.parametrize("samples", [0, 1, 100])
def test_less_than_a_window_gives_no_frame(config: FeatureConfig, samples: int) -> None:
    extractor = make_extractor(config)
    assert extractor(noise(samples)).shape == (0, len(extractor.names))


def test_one_window_gives_one_frame(config: FeatureConfig) -> None:
    frames = make_extractor(config)(noise(round(config.window_s * RATE)))
    assert len(frames) == 1
    assert np.isfinite(frames).all()


@pytest.mark.parametrize(
    "signal",
    [
        silence(RATE),
        np.full(RATE, 1, np.int16),
        np.full(RATE, -(2**15), np.int16),
        np.concatenate([silence(8_000), chirp(8_000)]),
        square(RATE),
    ],
    ids=["silence", "constant", "lowest", "half silence", "full scale"],
)
def test_every_signal_gives_finite_numbers(config: FeatureConfig, signal: np.ndarray) -> None:
    assert np.isfinite(make_extractor(config)(signal)).all()


def test_full_scale_does_not_wrap_round(config: FeatureConfig) -> None:
    """A square wave at full scale differs from one a little below only by its loudness."""
    extractor = make_extractor(config)
    full, below = extractor(square(RATE, peak=32_767)), extractor(square(RATE, peak=32_000))
    assert np.abs(full - below).max() < 1


@pytest.mark.parametrize("rate", [8_000, 11_025, 44_100, 48_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_stereo_and_any_rate_give_the_frames_of_their_seconds(
    config: FeatureConfig, rate: int, channels: int
) -> None:
    sound = np.stack([chirp(rate), chirp(rate)], axis=1)[:, :channels]
    frames = make_extractor(config)(decode(recording(sound, rate), "a"))
    window, hop = round(config.window_s * RATE), round(config.hop_s * RATE)
    assert len(frames) == (RATE - window) // hop + 1
    assert np.isfinite(frames).all()


def test_equal_channels_are_the_same_as_one(config: FeatureConfig) -> None:
    extractor, sound = make_extractor(config), mixture()
    both = decode(recording(np.stack([sound, sound], axis=1)), "a")
    np.testing.assert_array_equal(extractor(both), extractor(sound))


def test_an_extractor_travels_to_another_process(config: FeatureConfig) -> None:
    extractor = make_extractor(config)
    expected = extractor(mixture())
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(extractor))(mixture()), expected)


def test_identity_is_json_and_the_same_each_time(config: FeatureConfig) -> None:
    identity = make_extractor(config).identity()
    assert json.loads(json.dumps(identity)) == identity
    assert identity == make_extractor(config).identity()
    assert identity["kind"] == config.kind


def test_every_setting_changes_the_identity() -> None:
    changed = [
        *CONFIGS,
        Mfcc39Config(hop_s=0.010),
        Mfcc39Config(window_s=0.030),
        ShortTerm34Config(hop_s=0.005),
        ShortTerm34Config(window_s=0.025),
        SpectrogramConfig(hop_s=0.020),
        SpectrogramConfig(window_s=0.030),
        SpectrogramConfig(grid_hz=10.0),
        SpectrogramConfig(bins=201),
        Mfcc40Config(hop_s=0.020),
        Mfcc40Config(window_s=0.030),
    ]
    identities = [json.dumps(make_extractor(c).identity(), sort_keys=True) for c in changed]
    assert len(set(identities)) == len(changed)


def test_making_an_extractor_loads_no_heavy_library() -> None:
    code = (
        "import sys\n"
        "from ser_platform.config import inputs\n"
        "from ser_platform.features import make_extractor\n"
        "for kind in 'Mfcc39', 'ShortTerm34', 'Spectrogram', 'Mfcc40', 'Egemaps', 'Compare':\n"
        "    make_extractor(getattr(inputs, f'{kind}Config')()).identity()\n"
        "heavy = {'opensmile', 'librosa', 'torch', 'transformers', 'ray'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert answer.stdout.decode().strip() == "[]"
