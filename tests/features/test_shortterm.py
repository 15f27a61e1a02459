from pathlib import Path

import numpy as np
import pytest

from ser_platform.config.inputs import ShortTerm34Config
from ser_platform.features.shortterm import ShortTerm34, Version, short_term_features
from tests.features.signals import RATE, chirp, mixture

GOLDEN = np.load(Path(__file__).parent / "golden" / "shortterm34.npz")


@pytest.mark.parametrize("name", GOLDEN.files)
def test_agrees_with_pyaudioanalysis_itself(name: str) -> None:
    version, window, hop = name.split("_")
    known: dict[str, Version] = {"0.3.14": "0.3.14", "2018": "2018"}
    ours = short_term_features(mixture(), int(window), int(hop), known[version])
    np.testing.assert_allclose(ours, GOLDEN[name], rtol=0, atol=1e-10)


def test_the_two_versions_differ_as_much_as_is_known() -> None:
    """Digital silence apart, where 1e-8 instead of 2e-16 inside the logarithm shows most."""
    release, of_2018 = (
        short_term_features(chirp(RATE), 320, 160, version) for version in ("0.3.14", "2018")
    )
    names = np.array(ShortTerm34.names)
    differ = set(names[np.abs(release - of_2018).max(axis=0) > 1e-6])
    assert {"mfcc_1", "energy"} <= differ
    assert "zcr" not in differ


def test_loudness_is_normalised_away() -> None:
    extractor = ShortTerm34(ShortTerm34Config())
    loud = chirp(RATE, peak=16_000)
    np.testing.assert_allclose(extractor(loud), extractor(loud * 2), atol=1e-4)


def test_a_tone_is_where_it_should_be() -> None:
    tone = np.rint(10_000 * np.sin(2 * np.pi * 1_000 / RATE * np.arange(RATE))).astype(np.int16)
    frame = dict(zip(ShortTerm34.names, ShortTerm34(ShortTerm34Config())(tone)[10], strict=True))
    assert frame["zcr"] == pytest.approx(2 * 1_000 / RATE, abs=0.005)
    # The toolkit takes bin 20, which is 1000 Hz, for 1050 Hz.
    assert frame["spectral_centroid"] == pytest.approx(1_050 / 8_000, abs=1e-3)
    assert frame["spectral_rolloff"] == 20 / 160
