"""How far our front ends are from the tools they follow, on real recordings.

    SER_REAL_DATA=FOLDER python -m tests.benchmarks.parity [--recordings 60]

FOLDER has corpora with a ``manifest.csv``, as tests/corpora/test_real.py reads them. For the rows
of pyAudioAnalysis put it on the path, as the head of ``tests/benchmarks/features.py`` says;
without it they compare with what it gave for one synthetic second (tests/features/golden).
"""

import argparse
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import librosa
import numpy as np
from numpy.typing import NDArray

from ser_platform.config.inputs import (
    Mfcc39Config,
    Mfcc40Config,
    ShortTerm34Config,
    SpectrogramConfig,
)
from ser_platform.features import make_extractor
from ser_platform.features.audio import load
from ser_platform.features.base import FrameExtractor, Signal
from ser_platform.features.shortterm import short_term_features
from tests.features.signals import RATE, mixture
from tests.features.test_mfcc40 import kaldis

Array = NDArray[np.floating]
Pair = tuple[Array, Array]
Compare = Callable[[Signal], Pair]

GOLDEN = Path(__file__).parents[1] / "features" / "golden" / "shortterm34.npz"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recordings", type=int, default=60)
    wanted = parser.parse_args().recordings
    folder = Path(os.environ["SER_REAL_DATA"])  # noqa: TID251
    paths = sorted(folder.rglob("*.flac")) + sorted(folder.rglob("*.wav"))
    chosen = [paths[i] for i in np.random.default_rng(0).permutation(len(paths))[:wanted]]
    signals = [load(path) for path in sorted(chosen)]
    seconds = sum(map(len, signals)) / RATE
    print(f"{len(signals)} recordings, {seconds:.0f} s\n")
    print(
        "| ours | theirs | frames | counts differ | values | largest difference | largest value |"
    )
    print("|---|---|---|---|---|---|---|")
    for ours, theirs, compare, parts in rows():
        show(ours, theirs, [compare(signal) for signal in signals], parts)
    for name in "0.3.14", "2018":
        with np.load(GOLDEN) as golden:
            expected = golden[f"{name}_320_160"]
        pair = (short_term_features(mixture(), 320, 160, name), expected)
        show(f"shortterm34 {name}, float64", "pyAudioAnalysis, golden", [pair], WHOLE)


def rows() -> Iterator[tuple[str, str, Compare, dict[str, slice]]]:
    stages = {name: slice(13 * i, 13 * i + 13) for i, name in enumerate(STAGES)}
    for hop_s in 0.015, 0.010:
        for energy in "c0", "log":
            ours = make_extractor(Mfcc39Config(backend="numpy", hop_s=hop_s, energy=energy))
            theirs = make_extractor(Mfcc39Config(hop_s=hop_s, energy=energy))
            name = f"mfcc39 numpy, {1_000 * hop_s:g} ms, {energy}"
            yield name, "openSMILE", both(ours, theirs), stages
    kaldi = Mfcc40Config()
    extract = make_extractor(kaldi)
    yield "mfcc40", "kaldi-native-fbank", lambda s: (extract(s), kaldis(s, kaldi)), WHOLE
    for title, config in SPECTROGRAMS.items():
        yield f"spectrogram, {title}", "librosa", spectrograms(config), WHOLE
    reference = pyaudioanalysis()
    if reference is not None:
        short = make_extractor(ShortTerm34Config())
        toolkit = "pyAudioAnalysis 0.3.14"
        yield "shortterm34 as stored, float32", toolkit, lambda s: (short(s), reference(s)), WHOLE
        yield "shortterm34, float64", toolkit, lambda s: (in_float64(s), reference(s)), WHOLE


def in_float64(signal: Signal) -> Array:
    return short_term_features(signal, 320, 160, "0.3.14")


WHOLE = {"all": slice(None)}
STAGES = ("static", "delta", "acceleration")
SPECTROGRAMS = {
    "200 bins": SpectrogramConfig(),
    "257 bins": SpectrogramConfig(window_s=0.025, grid_hz=31.25, bins=257),
}


def both(ours: FrameExtractor, theirs: FrameExtractor) -> Compare:
    return lambda signal: (ours(signal), theirs(signal))


def spectrograms(config: SpectrogramConfig) -> Compare:
    """Librosa's, given a window with its zeros behind it: see test_spectrogram.py."""
    extract = make_extractor(config)
    window = round(config.window_s * RATE)
    zeros = config.fft_length - window
    weights = np.pad(librosa.filters.get_window("hamming", window), (0, zeros))

    def compare(signal: Signal) -> Pair:
        padded = np.pad(signal / 2.0**15, (0, zeros))
        hop = round(config.hop_s * RATE)
        spectrum = librosa.stft(
            padded, n_fft=config.fft_length, hop_length=hop, window=weights, center=False
        )
        return extract(signal), np.log(np.abs(spectrum.T[:, : config.bins]) ** 2 + 1e-10)

    return compare


def pyaudioanalysis() -> Callable[[Signal], Array] | None:
    try:
        from pyAudioAnalysis import ShortTermFeatures  # type: ignore[import-not-found]
    except ImportError:
        return None
    extract = ShortTermFeatures.feature_extraction
    return lambda signal: extract(signal, RATE, 320, 160, deltas=False)[0].T


def show(ours: str, theirs: str, pairs: list[Pair], parts: dict[str, slice]) -> None:
    frames = sum(len(b) for _, b in pairs)
    differ = sum(len(a) != len(b) for a, b in pairs)
    for name, columns in parts.items():
        least = [(a[: len(b), columns], b[: len(a), columns]) for a, b in pairs]
        apart = max(np.abs(a - b).max() for a, b in least)
        largest = max(np.abs(b).max() for _, b in least)
        print(
            f"| {ours} | {theirs} | {frames:,} | {differ} | {name} | {apart:.1e} | {largest:.3g} |"
        )


if __name__ == "__main__":
    main()
