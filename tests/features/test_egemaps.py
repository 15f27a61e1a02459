import numpy as np
import pytest

from ser_platform.config.inputs import EgemapsConfig
from ser_platform.features.base import Signal
from ser_platform.features.egemaps import Egemaps
from tests.features.signals import RATE, chirp, noise, silence


def values(signal: Signal) -> dict[str, float]:
    extractor = Egemaps(EgemapsConfig())
    return dict(zip(extractor.names, extractor(signal)[0].tolist(), strict=True))


def test_a_steady_tone_has_its_pitch_in_semitones_above_27_5_hz() -> None:
    pitch = values(chirp(RATE, 200, 200))["F0semitoneFrom27.5Hz_sma3nz_amean"]
    assert pitch == pytest.approx(12 * np.log2(200 / 27.5), rel=0.01)


def test_the_sound_level_is_in_db_of_full_scale() -> None:
    level = {
        peak: values(noise(RATE, peak))["equivalentSoundLevel_dBp"] for peak in (1_000, 10_000)
    }
    assert level[10_000] - level[1_000] == pytest.approx(20, abs=0.1)
    assert level[10_000] == pytest.approx(20 * np.log10(10_000 / 2**15 / np.sqrt(3)), abs=0.2)


@pytest.mark.parametrize("signal", [silence(RATE), noise(RATE)], ids=["silence", "noise"])
def test_without_a_voiced_frame_values_are_those_of_opensmile(signal: Signal) -> None:
    found = values(signal)
    of_formants = [name for name in found if name.startswith(("F1", "F2", "F3"))]
    floors = {name for name in of_formants if found[name] == -201}
    assert floors == {f"F{n}amplitudeLogRelF0_sma3nz_amean" for n in (1, 2, 3)}
    voiced = [name for name in found if name.startswith(("F0", "jitter", "shimmer", "HNR"))]
    for name in {*of_formants, *voiced} - floors:
        assert found[name] == 0
