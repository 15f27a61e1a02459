"""openSMILE against the same MFCC in numpy, edges included."""

from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from ser_platform.config.inputs import Mfcc39Config
from ser_platform.errors import FeatureError
from ser_platform.features import make_extractor, mfcc
from ser_platform.features.base import Signal
from ser_platform.features.htk import HtkMfcc39
from ser_platform.features.mfcc import Mfcc39
from tests.features.signals import RATE, chirp, mixture, noise, silence

BANDS = 26


@pytest.mark.parametrize(
    "signal",
    [mixture(), chirp(7_777), noise(12_345, peak=30_000), noise(5_000, peak=3)],
    ids=["mixture", "chirp", "loud", "faint"],
)
@pytest.mark.parametrize("hop_s", [0.015, 0.010])
@pytest.mark.parametrize("energy", ["c0", "log"])
def test_both_backends_agree(signal: Signal, hop_s: float, energy: Literal["c0", "log"]) -> None:
    config = Mfcc39Config(hop_s=hop_s, energy=energy)
    smile, ours = Mfcc39(config)(signal), HtkMfcc39(config)(signal)
    assert smile.shape == ours.shape
    difference = np.abs(smile - ours)
    assert difference[:, :13].max() <= 1e-3
    assert difference[:, 13:].max() <= 2e-4


@pytest.mark.parametrize(("window_s", "hop_s"), [(0.020, 0.010), (0.050, 0.020), (0.0253, 0.0101)])
def test_other_framings_agree_too(window_s: float, hop_s: float) -> None:
    config = Mfcc39Config(window_s=window_s, hop_s=hop_s)
    smile, ours = Mfcc39(config)(mixture()), HtkMfcc39(config)(mixture())
    np.testing.assert_allclose(smile, ours, atol=0.02)  # of about 170


def test_the_energy_is_that_of_the_samples_as_they_are() -> None:
    signal = noise(RATE, peak=16_000)
    config = Mfcc39Config(energy="log", backend="numpy")
    extractor = make_extractor(config)
    assert extractor.names[12] == "log_energy"
    frame = signal[240 : 240 + 400].astype(np.float64)
    assert extractor(signal)[1, 12] == pytest.approx(np.log(np.sum(frame**2)))


def test_silence_has_the_least_energy() -> None:
    for backend in ("opensmile", "numpy"):
        extractor = make_extractor(Mfcc39Config(energy="log", backend=backend))
        assert np.all(extractor(silence(RATE))[:, 12] == 0)


def test_the_first_column_is_c0() -> None:
    """c0 follows loudness; openSMILE's own HTK order would put it last of the statics."""
    loud, faint = noise(RATE, peak=16_000), noise(RATE, peak=4_000)
    extractor = Mfcc39(Mfcc39Config())
    louder = (extractor(loud) - extractor(faint)).mean(axis=0)
    assert extractor.names[0] == "mfcc_0"
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
