"""What the test answers of a final prove, as metrics beside its scores."""

from dataclasses import dataclass
from functools import cached_property

from ser_platform.evidence.assess import assess
from ser_platform.evidence.entries import SCORES, Evidence
from ser_platform.results import RunResult
from ser_platform.tracking.points import Point, finished_ms


@dataclass(frozen=True)
class Final:
    """A complete final, assessed when somebody asks: it takes a second."""

    run: RunResult

    @cached_property
    def evidence(self) -> Evidence:
        """Of this training alone; equal results have equal evidence."""
        return assess([self.run])


def proof(final: Final) -> list[Point]:
    """Intervals, macro-F1, recalls and calibration errors; equal results give equal points."""
    evidence = final.evidence
    values: dict[str, float] = {"test_macro_f1": evidence.pooled["macro_f1"].value}
    for name in SCORES:
        estimate = evidence.pooled[name]
        values |= {f"test_{name}_low": estimate.low, f"test_{name}_high": estimate.high}
    values |= {f"recall/{emotion}": recall.value for emotion, recall in evidence.recalls.items()}
    calibration = evidence.calibration
    values["ece"] = calibration.plain.ece
    if calibration.scaled is not None:
        values["ece_scaled"] = calibration.scaled.ece
    at_ms = finished_ms(final.run)
    return [Point(key, value, 0, at_ms) for key, value in values.items()]
