"""openSMILE as the extractors use it: loaded on the first extraction, not before.

openSMILE is licensed by audEERING for research and non-commercial use.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ser_platform.errors import FeatureError
from ser_platform.features.base import SAMPLE_RATE_HZ, Frames, Signal

if TYPE_CHECKING:
    import opensmile

Smile = Callable[[Signal], Frames]
"""``[samples]`` to ``[rows, dim]``."""


def identity(configuration: Path) -> dict[str, object]:
    """What fixes the numbers of a configuration file of ours."""
    digest = hashlib.sha256(configuration.read_bytes()).hexdigest()
    return {"configuration_sha256": digest, "opensmile": version("opensmile")}


def open_smile(
    configuration: Path | opensmile.FeatureSet,
    level: str,
    names: Sequence[str] | None = None,
    options: Mapping[str, float] | None = None,
) -> Smile:
    """Set up openSMILE, which takes 16 ms: keep what this gives.

    Args:
        configuration: a file of ours, or one that comes with openSMILE.
        level: which of its data levels to read.
        names: what openSMILE itself must call the values, in this order.
        options: numbers that the file asks for.

    Raises:
        FeatureError: when the file lies where openSMILE cannot open it.
    """
    import opensmile

    try:
        smile = opensmile.Smile(
            str(configuration) if isinstance(configuration, Path) else configuration,
            feature_level=level,
            options=dict(options or {}),
            sampling_rate=SAMPLE_RATE_HZ,
        )
    except UnicodeEncodeError as error:
        raise FeatureError(
            f"openSMILE cannot open {configuration}: it takes plain ASCII paths only; move the "
            "project and its environment to a folder without accents, or use features that do "
            "without openSMILE"
        ) from error
    assert names is None or list(names) == smile.feature_names, smile.feature_names

    def extract(signal: Signal) -> Frames:
        # openSMILE multiplies by 32768 and truncates to 16 bit: these are the samples again.
        values = smile(np.divide(signal, 2**15, dtype=np.float32), SAMPLE_RATE_HZ)
        return np.ascontiguousarray(values[0].T, np.float32)

    return extract


def refuse_short(signal: Signal, shortest_s: float, kind: str) -> None:
    """Refuse what openSMILE would answer with a row of NaN.

    Raises:
        FeatureError: saying how long the signal is.
    """
    if len(signal) < round(shortest_s * SAMPLE_RATE_HZ):
        raise FeatureError(
            f"{len(signal)} samples, {len(signal) / SAMPLE_RATE_HZ:.4f} s; "
            f"{kind} needs at least {shortest_s} s"
        )
