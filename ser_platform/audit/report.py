"""An audit as a whole: made, and as JSON."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from ser_platform.audit.baselines import Baseline, baselines
from ser_platform.audit.findings import Finding, findings
from ser_platform.audit.given import Given
from ser_platform.audit.leaks import Leak, leaks
from ser_platform.emotions import EMOTIONS
from ser_platform.utterance import Utterance

FORMAT = 1
"""Of ``audit.json``."""
SEED = 0
"""Of shuffled labels and of ties between splits of a tree."""


@dataclass(frozen=True)
class Balance:
    """How many utterances of each class the sides of a fold have."""

    fold: str
    train: dict[str, int]
    validation: dict[str, int]
    test: dict[str, int]


@dataclass(frozen=True)
class Audit:
    """All that was found."""

    given: Given
    findings: list[Finding]
    leaks: list[Leak]
    baselines: list[Baseline]
    balance: list[Balance]

    @property
    def forbidden(self) -> list[Finding]:
        """What the protocol does not allow."""
        return [f for f in self.findings if f.severity == "forbidden"]

    def to_json(self, name: str) -> dict[str, Any]:
        """What ``audit.json`` holds; ``name`` is the experiment's."""
        corpus = self.given.corpus
        return {
            "format": FORMAT,
            "experiment": name,
            "corpus": corpus.name,
            "synthetic": corpus.synthetic,
            "utterances": len(corpus.utterances),
            "scenarios_apart": self.given.crossed,
            "findings": [asdict(f) for f in self.findings],
            "leaks": [asdict(leak) for leak in self.leaks],
            "baselines": [asdict(baseline) for baseline in self.baselines],
            "balance": [asdict(balance) for balance in self.balance],
        }


def audit(given: Given) -> Audit:
    """Look for leaks, and score what does not listen."""
    found, scored = leaks(given), baselines(given, SEED)
    balance = [
        Balance(
            sides.name, *(_counts(side) for side in (sides.train, sides.validation, sides.test))
        )
        for sides in given.sides
    ]
    return Audit(given, findings(given, found, scored), found, scored, balance)


def _counts(side: Iterable[Utterance]) -> dict[str, int]:
    counts = Counter(u.emotion for u in side)
    return {emotion: counts[emotion] for emotion in EMOTIONS}
