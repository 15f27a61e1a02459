"""openSMILE against HTK's MFCC written out in numpy, with openSMILE's rules at the edges."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ser_platform.config.inputs import Mfcc39Config
from ser_platform.errors import FeatureError
from ser_platform.features import mfcc
from ser_platform.features.base import Signal
from ser_platform.features.mfcc import NAMES, Mfcc39
from tests.features.signals import RATE, chirp, mixture, noise

Array = NDArray[np.float64]
BANDS, CEPSTRA, LIFTER = 26, 13, 22


def mel(hertz: Array) -> Array:
    return 1127 * np.log1p(hertz / 700)


def filter_bank(fft_length: int) -> Array:
    """``[bins, bands]``: triangles that are linear in mel, without the first and last bin."""
    bins = fft_length // 2 + 1
    position = mel(np.arange(bins) * RATE / fft_length)
    corners = np.linspace(0, mel(np.array(RATE / 2)), BANDS + 2)
    rising = (position[:, None] - corners[:-2]) / (corners[1:-1] - corners[:-2])
    falling = (corners[2:] - position[:, None]) / (corners[2:] - corners[1:-1])
    weights = np.clip(np.minimum(rising, falling), 0, None)
    weights[[0, -1]] = 0
    return weights


def cepstra(signal: Signal, window: int, hop: int) -> Array:
    frames = np.lib.stride_tricks.sliding_window_view(signal.astype(float), window)[::hop]
    emphasised = frames - 0.97 * np.concatenate([frames[:, :1], frames[:, :-1]], axis=1)
    fft_length = 1 << (window - 1).bit_length()
    power = np.abs(np.fft.rfft(emphasised * np.hamming(window), fft_length)) ** 2
    logs = np.log(np.maximum(power @ filter_bank(fft_length), 1))
    order = np.arange(CEPSTRA)[:, None]
    cosines = np.cos(np.pi * order / BANDS * (np.arange(BANDS) + 0.5)) * np.sqrt(2 / BANDS)
    lifter = 1 + LIFTER / 2 * np.sin(np.pi * np.arange(CEPSTRA) / LIFTER)
    return logs @ cosines.T * lifter


def delta(values: Array, before: Array, after: Array) -> Array:
    """Regression over two frames to each side; what lies outside is given."""
    padded = np.concatenate([before, values, after])
    n = len(values)
    at = {shift: padded[2 + shift : 2 + shift + n] for shift in (-2, -1, 1, 2)}
    return (at[1] - at[-1] + 2 * (at[2] - at[-2])) / 10


def htk_mfcc39(signal: Signal, window: int = 400, hop: int = 240) -> Array:
    static = cepstra(signal, window, hop)
    first, last = static[:1].repeat(2, axis=0), static[-1:].repeat(4, axis=0)
    # The deltas run on two frames beyond the end, and the acceleration reads those.
    longer = np.concatenate([static, last[:2]])
    deltas = delta(longer, first, last[:2])
    acceleration = delta(deltas[:-2], deltas[:1].repeat(2, axis=0), deltas[-2:])
    return np.concatenate([static, deltas[:-2], acceleration], axis=1)


@pytest.mark.parametrize(
    "signal",
    [mixture(), chirp(7_777), noise(12_345, peak=30_000), noise(5_000, peak=3)],
    ids=["mixture", "chirp", "loud", "faint"],
)
@pytest.mark.parametrize("hop_s", [0.015, 0.010])
def test_agrees_with_htk(signal: Signal, hop_s: float) -> None:
    ours = Mfcc39(Mfcc39Config(hop_s=hop_s))(signal)
    theirs = htk_mfcc39(signal, hop=round(hop_s * RATE))
    assert ours.shape == theirs.shape
    difference = np.abs(ours - theirs)
    assert difference[:, :13].max() <= 1e-3
    assert difference[:, 13:].max() <= 2e-4


@pytest.mark.parametrize(("window_s", "hop_s"), [(0.020, 0.010), (0.050, 0.020), (0.0253, 0.0101)])
def test_other_framings_agree_too(window_s: float, hop_s: float) -> None:
    ours = Mfcc39(Mfcc39Config(window_s=window_s, hop_s=hop_s))(mixture())
    theirs = htk_mfcc39(mixture(), round(window_s * RATE), round(hop_s * RATE))
    np.testing.assert_allclose(ours, theirs, atol=0.02)  # of about 170


def test_the_first_column_is_c0() -> None:
    """c0 follows loudness; openSMILE's own HTK order would put it last of the statics."""
    loud, faint = noise(RATE, peak=16_000), noise(RATE, peak=4_000)
    extractor = Mfcc39(Mfcc39Config())
    louder = (extractor(loud) - extractor(faint)).mean(axis=0)
    assert NAMES[0] == "mfcc_0"
    assert louder[0] == pytest.approx(np.sqrt(2 / BANDS) * BANDS * np.log(16), rel=0.01)
    assert np.abs(louder[1:]).max() < 1


def test_a_folder_with_accents_is_named_as_the_cause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "thèse"
    folder.mkdir()
    (folder / "mfcc39.conf").write_text(mfcc._CONFIGURATION.read_text())
    monkeypatch.setattr(mfcc, "_CONFIGURATION", folder / "mfcc39.conf")
    with pytest.raises(FeatureError) as failure:
        Mfcc39(Mfcc39Config(window_s=0.031))(mixture())
    assert str(failure.value) == (
        f"openSMILE cannot open {folder}/mfcc39.conf: it takes plain ASCII paths only; move the "
        "project and its environment to a folder without accents, or use features that "
        "do without openSMILE"
    )
