"""The model card of a scored result (Mitchell et al. 2019, "Model Cards for Model Reporting")."""

from collections.abc import Iterator, Sequence
from statistics import median

from ser_platform.cards.gaps import gaps, largest
from ser_platform.cards.origin import intended_use, licences, limits, origin, use
from ser_platform.cards.words import in_words
from ser_platform.emotions import EMOTIONS
from ser_platform.evidence.entries import Estimate, Evidence
from ser_platform.results import RunResult

_NAMES = {"wa": "WA", "ua": "UA", "macro_f1": "macro-F1"}


def model_card(run: RunResult, evidence: Evidence, notes: Sequence[str], address: str) -> str:
    """The card, in Markdown.

    Args:
        run: a complete final.
        evidence: of it alone.
        notes: what makes its scores mean less; they come first.
        address: what MLflow loads it by.
    """
    sections = {
        "What it is": origin(run),
        "Data": _data(run, evidence),
        "Protocol": _protocol(run),
        "Scores": _scores(evidence),
        "By emotion": _emotions(evidence),
        "For whom it works": _groups(evidence),
        "Calibration": _calibration(evidence),
        "Limits": limits(run),
        "Intended use": intended_use(),
        "Licences": licences(run),
        "Loading and citing": use(run, address),
    }
    warnings = "".join(f"> **{note}**\n\n" for note in notes)
    body = "\n\n".join(f"## {title}\n\n" + "\n".join(lines) for title, lines in sections.items())
    return (
        f"# {run.architecture} on {in_words(run.protocol.get('corpus', ''))}\n\n{warnings}{body}\n"
    )


def _data(run: RunResult, evidence: Evidence) -> Iterator[str]:
    counts = [sum(row) for row in evidence.matrix]
    speakers = {s for fold in run.folds if fold.test is not None for s in fold.test.speakers}
    yield (
        f"{evidence.utterances:,} utterances of {len(speakers)} speakers: "
        + ", ".join(f"{count:,} {name}" for name, count in zip(EMOTIONS, counts, strict=True))
        + (". Synthetic speech." if run.synthetic else ".")
    )


def _protocol(run: RunResult) -> Iterator[str]:
    yield f"`{run.protocol_id}`, {run.num_folds} folds:"
    yield ""
    yield from (f"- {name}: {in_words(value)}" for name, value in run.protocol.items())
    yield ""
    yield "Each utterance is answered by the fold that did not train on its speaker."


def _scores(evidence: Evidence) -> Iterator[str]:
    yield "| score | over all folds | 95 % interval | folds, mean ± std |"
    yield "|---|---|---|---|"
    for name, estimate in evidence.pooled.items():
        folds = evidence.of_folds[name]
        yield (
            f"| {_NAMES[name]} | {estimate.value:.1%} | {_interval(estimate)} "
            f"| {folds.mean:.1%} ± {folds.std:.1%} |"
        )
    yield ""
    yield (
        f"Intervals: bootstrap over {evidence.clusters} {evidence.clustered_by}s, of this "
        "training alone; another seed moves scores too."
    )


def _emotions(evidence: Evidence) -> Iterator[str]:
    yield "| emotion | recall | 95 % interval | called " + " | called ".join(EMOTIONS) + " |"
    yield "|---" * (3 + len(EMOTIONS)) + "|"
    for number, name in enumerate(EMOTIONS):
        if name in evidence.recalls:
            recall = evidence.recalls[name]
            called = " | ".join(f"{count:,}" for count in evidence.matrix[number])
            yield f"| {name} | {recall.value:.1%} | {_interval(recall)} | {called} |"


def _groups(evidence: Evidence) -> Iterator[str]:
    found = gaps(evidence.subgroups)
    worst = largest(found)
    if worst is None:
        yield "Sex, style and length of the utterances are not known, so no gap can be told."
    else:
        yield f"Largest gap between groups of several people: **{worst}**."
    yield ""
    yield from (f"- {gap}" for gap in found)
    if found:
        yield ""
        yield "UA of a group is over the emotions that it has; small groups vary by chance."


def _calibration(evidence: Evidence) -> Iterator[str]:
    plain, scaled = evidence.calibration.plain, evidence.calibration.scaled
    yield (
        f"Expected calibration error {plain.ece:.1%}: so far is the probability of an answer from "
        "how often it is right, on average."
    )
    if scaled is None:
        yield "Nothing validates in this protocol, so no temperature could be found."
        return
    temperature = median(evidence.calibration.temperatures)
    yield (
        f"With logits divided by a temperature that validation chose (median over folds "
        f"{temperature:.2f}) it is {scaled.ece:.1%}. The model answers so, each network with the "
        "temperature of its fold."
    )


def _interval(estimate: Estimate) -> str:
    return f"{estimate.low:.1%} to {estimate.high:.1%}"
