"""What leaks and baselines mean: forbidden by the protocol, a warning, or to be known."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from ser_platform.audit.baselines import Baseline
from ser_platform.audit.given import Given
from ser_platform.audit.leaks import Leak
from ser_platform.corpora.problems import listed
from ser_platform.corpora.texts import FEWEST_WORDS

Severity = Literal["forbidden", "warning", "info"]

MUCH = 0.05
"""Share of tested utterances from which a leak that is not forbidden is a warning."""
ABOVE_CHANCE = 0.10
"""UA above chance from which a baseline that must not know anything is a warning."""

_ALWAYS_FORBIDDEN = {"speaker", "audio"}
_FORBIDDEN_IF_CROSSED = {"scenario", "text"}
_TITLES = {
    "speaker": "speakers on two sides",
    "audio": "identical recordings on two sides",
    "dialogue": "dialogues on two sides",
    "scenario": "scenarios on two sides",
    "text": "exact texts on two sides",
    "near text": "nearly the same texts on two sides",
}
_MEANINGS = {
    "speaker": "a model may know the voice; speaker names must be unique over the corpus",
    "audio": "the very bytes were learned; remove the copies from the manifest",
    "dialogue": "partners of one conversation share room, topic and mood",
    "scenario": "a scenario tells which emotion is likely; split.scenarios keeps it apart",
    "text": "a text can be learned by heart; split.scenarios keeps it apart",
    "near text": "character 3-5-gram cosine of .8 or more; a text model remembers these too",
}
_WHY_UNKNOWN = {
    "dialogue": "the corpus names no dialogues",
    "scenario": "the corpus names no scenarios",
    "text": f"no transcript has {FEWEST_WORDS} words",
    "near text": f"no transcript has {FEWEST_WORDS} words",
}


@dataclass(frozen=True)
class Finding:
    """One thing that was found, or looked for in vain."""

    severity: Severity
    kind: str
    title: str
    text: str


def findings(given: Given, leaks: Sequence[Leak], baselines: Sequence[Baseline]) -> list[Finding]:
    """The worst first."""
    found = [_of_leak(given, leak) for leak in leaks]
    found += _of_baselines(given, baselines)
    order = ("forbidden", "warning", "info")
    return sorted(found, key=lambda finding: order.index(finding.severity))


def _of_leak(given: Given, leak: Leak) -> Finding:
    title = _TITLES[leak.kind]
    if not leak.of["all"]:
        return Finding("info", leak.kind, f"{title}: cannot be told", _WHY_UNKNOWN[leak.kind])
    if not leak.names:
        return Finding("info", leak.kind, f"no {title}", "")
    if leak.selection_only:
        severity: Severity = "forbidden" if leak.kind in _ALWAYS_FORBIDDEN else "info"
        text = f"{len(leak.names)} in training and validation, none of them tested: "
        return Finding(severity, leak.kind, title, text + listed(leak.names, 3))
    shares = [f"{leak.share():.1%} of {leak.of['all']:,} tested utterances"]
    shares += [f"{style} {leak.share(style):.1%}" for style in given.styles[1:] if leak.of[style]]
    text = f"{', '.join(shares)}; {_MEANINGS[leak.kind]}. E.g. {_examples(leak)}"
    return Finding(_severity(given, leak), leak.kind, title, text)


def _examples(leak: Leak) -> str:
    names = [f'"{name}"' for name in leak.names] if "text" in leak.kind else leak.names
    return listed(names, 3)


def _severity(given: Given, leak: Leak) -> Severity:
    if leak.kind in _ALWAYS_FORBIDDEN or (given.crossed and leak.kind in _FORBIDDEN_IF_CROSSED):
        return "forbidden"
    worst = max(leak.share(style) for style in given.styles)
    return "warning" if worst >= MUCH else "info"


def _of_baselines(given: Given, baselines: Sequence[Baseline]) -> Iterator[Finding]:
    chance = 1 / len({u.emotion for u in given.corpus.utterances})
    for baseline in baselines:
        score = baseline.scores["all"]
        if baseline.kind in ("majority", "text"):
            continue
        if score.ua >= chance + ABOVE_CHANCE:
            yield Finding(
                "warning",
                baseline.kind,
                f"{baseline.title} reaches UA {score.ua:.1%}",
                f"chance is {chance:.1%}; a model may take this shortcut, so compare with it",
            )
