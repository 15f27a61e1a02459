"""Against Kaldi's own computation, as kaldi-native-fbank packages it."""

import kaldi_native_fbank
import numpy as np
import pytest
from numpy.typing import NDArray

from ser_platform.config.inputs import Mfcc40Config
from ser_platform.features.base import Signal
from ser_platform.features.mfcc40 import Mfcc40
from tests.features.signals import RATE, chirp, mixture, noise, square


def kaldis(signal: Signal, config: Mfcc40Config) -> NDArray[np.float32]:
    """``[frames, 40]`` by the recipe's ``mfcc_hires.conf``: 40 of 40 bands, 20 to -400 Hz."""
    options = kaldi_native_fbank.MfccOptions()
    options.frame_opts.samp_freq = RATE
    options.frame_opts.frame_length_ms = config.window_s * 1_000
    options.frame_opts.frame_shift_ms = config.hop_s * 1_000
    options.frame_opts.dither = 0
    options.mel_opts.num_bins = 40
    options.mel_opts.low_freq, options.mel_opts.high_freq = 20, -400
    options.num_ceps = 40
    options.use_energy = False
    online = kaldi_native_fbank.OnlineMfcc(options)
    online.accept_waveform(RATE, signal.astype(np.float32).tolist())
    online.input_finished()
    return np.stack([online.get_frame(i) for i in range(online.num_frames_ready)])


CONFIGS = {
    "10 ms": Mfcc40Config(),
    "15 ms": Mfcc40Config(hop_s=0.015),
    "50 ms every 20": Mfcc40Config(window_s=0.050, hop_s=0.020),
}


@pytest.mark.parametrize(
    "signal",
    [mixture(), noise(12_345, peak=30_000), noise(5_000, peak=3), square(8_000)],
    ids=["mixture", "loud", "faint", "full scale"],
)
@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
def test_agrees_with_kaldi(signal: Signal, config: Mfcc40Config) -> None:
    ours, theirs = Mfcc40(config)(signal), kaldis(signal, config)
    assert ours.shape == theirs.shape
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=2.3e-3)


def test_a_pure_tone_agrees_as_far_as_kaldis_float32_reaches() -> None:
    """Its bands between the harmonics are ten powers of ten below the loudest."""
    config, signal = Mfcc40Config(), chirp(7_777)
    difference = np.abs(Mfcc40(config)(signal) - kaldis(signal, config))
    assert difference.max() < 1e-2
    assert np.median(difference) < 1e-4


def test_c0_follows_loudness_and_the_others_do_not() -> None:
    extractor = Mfcc40(Mfcc40Config())
    louder = extractor(noise(RATE, peak=16_000)) - extractor(noise(RATE, peak=4_000))
    assert louder[:, 0].mean() == pytest.approx(np.sqrt(40) * np.log(16), rel=0.01)
    assert np.abs(louder[:, 1:].mean(axis=0)).max() < 0.1
