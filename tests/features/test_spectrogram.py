import librosa
import numpy as np
import pytest
from numpy.typing import NDArray

from ser_platform.config.inputs import SpectrogramConfig
from ser_platform.features.base import Signal
from ser_platform.features.spectrogram import Spectrogram
from tests.features.signals import RATE, chirp, mixture, noise, silence

Array = NDArray[np.float64]

SATT = SpectrogramConfig()
YENIGALLA = SpectrogramConfig(window_s=0.025, grid_hz=31.25, bins=257)


def librosas(signal: Signal, fft_length: int, **how: object) -> Array:
    """``[frames, bins]``; each frame starts at its first sample and not around it."""
    options = {"n_fft": fft_length, "hop_length": 160, "center": False, "window": "hamming"}
    spectrum = librosa.stft(signal / 2.0**15, **{**options, **how})
    return np.log(np.abs(spectrum.T) ** 2 + 1e-10)


@pytest.mark.parametrize("signal", [mixture(), chirp(7_777), noise(640)])
def test_agrees_with_librosa_where_the_window_is_as_long_as_the_fft(signal: Signal) -> None:
    ours = Spectrogram(SpectrogramConfig(grid_hz=25.0, bins=321))(signal)
    np.testing.assert_allclose(ours, librosas(signal, 640), atol=2e-6)


@pytest.mark.parametrize("config", [SATT, YENIGALLA], ids=["satt", "yenigalla"])
@pytest.mark.parametrize("signal", [mixture(), chirp(7_777), noise(30_000, peak=32_000)])
def test_agrees_with_librosa_given_a_window_with_its_zeros(
    signal: Signal, config: SpectrogramConfig
) -> None:
    window = round(config.window_s * RATE)
    zeros = config.fft_length - window
    weights = np.pad(librosa.filters.get_window("hamming", window), (0, zeros))
    theirs = librosas(np.pad(signal, (0, zeros)), config.fft_length, window=weights)
    ours = Spectrogram(config)(signal)
    np.testing.assert_allclose(ours, theirs[:, : config.bins], atol=2e-6)


def test_librosas_own_win_length_gives_frames_that_are_late_and_too_few() -> None:
    """The trap: 640 of 800 samples are centred, so frame i starts 80 samples after ours."""
    ours, late = Spectrogram(SATT)(mixture()), librosas(mixture(), 800, win_length=640)[:, :200]
    assert (len(ours), len(late)) == (97, 96)
    assert np.abs(ours[:96] - late).max() > 1
    started_late = Spectrogram(SATT)(mixture()[80:])
    np.testing.assert_allclose(started_late[:96], late, atol=2e-6)


def test_the_two_papers_have_200_bins_below_4_khz_and_257_with_that_of_8_khz() -> None:
    satt, yenigalla = Spectrogram(SATT).names, Spectrogram(YENIGALLA).names
    assert (len(satt), satt[0], satt[-1]) == (200, "0_hz", "3980_hz")
    assert (len(yenigalla), yenigalla[1], yenigalla[-1]) == (257, "31.25_hz", "8000_hz")


def test_a_tone_is_in_its_bin() -> None:
    tone = np.rint(10_000 * np.sin(2 * np.pi * 1_000 / RATE * np.arange(RATE))).astype(np.int16)
    frame = Spectrogram(SATT)(tone)[10]
    assert frame.argmax() == 1_000 / 20
    # Half the sum of a Hamming window of 640 is 0.54 * 640 / 2.
    assert frame.max() == pytest.approx(2 * np.log(10_000 / 2**15 * 0.54 * 320), abs=1e-3)


def test_silence_is_the_floor() -> None:
    np.testing.assert_allclose(Spectrogram(SATT)(silence(RATE)), np.log(1e-10), rtol=1e-6)
