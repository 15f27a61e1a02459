"""P values of a whole table."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ser_platform.evidence.entries import SCORES, PairedTest


def holm(tests: Sequence[PairedTest]) -> list[PairedTest]:
    """The same tests, p values corrected for their number (Holm 1979), score by score.

    McNemar's likewise, for the number of tests that have one.
    """
    corrected = {name: _holm(np.array([t.p_values[name] for t in tests])) for name in SCORES}
    taken = [i for i, test in enumerate(tests) if test.mcnemar is not None]
    mcnemar = dict(zip(taken, _holm(np.array([tests[i].mcnemar for i in taken])), strict=True))
    return [
        test.model_copy(
            update={
                "holm": {name: float(corrected[name][i]) for name in SCORES},
                "mcnemar_holm": float(mcnemar[i]) if i in mcnemar else None,
            }
        )
        for i, test in enumerate(tests)
    ]


def _holm(p_values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The smallest times their number, the next times one less, never falling, 1 at most.

    As ``multipletests`` of statsmodels, which collects all of Python's garbage at every call.
    """
    order = np.argsort(p_values)
    steps = p_values[order] * np.arange(len(order), 0, -1)
    corrected = np.empty_like(p_values)
    corrected[order] = np.minimum(np.maximum.accumulate(steps), 1)
    return corrected
