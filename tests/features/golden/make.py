"""Compute ``shortterm34.npz`` with pyAudioAnalysis itself; see README.md beside this file."""

import importlib
import sys
from pathlib import Path
from types import ModuleType

import numpy as np

from tests.features.signals import RATE, mixture


def main(release: str, of_2018: str) -> None:
    sys.path[:0] = [release, of_2018]
    for unused in ("audioBasicIO", "utilities"):  # imported by the code of 2018 for reading files
        sys.modules[f"pyAudioAnalysis.{unused}"] = ModuleType(unused)
    package = importlib.import_module("pyAudioAnalysis")
    for unused in ("audioBasicIO", "utilities"):
        setattr(package, unused, sys.modules[f"pyAudioAnalysis.{unused}"])
    extract = importlib.import_module("pyAudioAnalysis.ShortTermFeatures").feature_extraction
    extract_2018 = importlib.import_module("audioFeatureExtraction").stFeatureExtraction

    signal = mixture()
    arrays = {
        f"0.3.14_{window}_{hop}": extract(signal, RATE, window, hop, deltas=False)[0].T
        for window, hop in ((320, 160), (400, 400), (800, 560))
    }
    arrays["2018_320_160"] = extract_2018(signal, RATE, 320, 160)[0].T
    np.savez_compressed(Path(__file__).with_name("shortterm34.npz"), **arrays)


if __name__ == "__main__":
    main(*sys.argv[1:])
