"""Findings and tables of an audit, for the terminal and the page alike."""

from ser_platform.audit.report import Audit
from ser_platform.emotions import EMOTIONS
from ser_platform.pages import page
from ser_platform.pages.page import Table, Tone

_TONES: dict[str, Tone] = {"forbidden": "bad", "warning": "warning", "info": "plain"}


def shown_findings(audit: Audit) -> list[page.Finding]:
    """With the colour of their severity; what was looked for in vain is good."""
    return [
        page.Finding(
            "good" if f.title.startswith("no ") else _TONES[f.severity],
            "clean" if f.title.startswith("no ") else f.severity,
            f.title,
            f.text,
        )
        for f in audit.findings
    ]


def tables(audit: Audit) -> list[Table]:
    """Leaks, baselines, class balance."""
    return [_leaks(audit), _baselines(audit), _balance(audit)]


def _leaks(audit: Audit) -> Table:
    styles = audit.given.styles
    rows = [
        [leak.kind, *(f"{leak.share(s):.1%}" if leak.of[s] else "-" for s in styles)]
        for leak in audit.leaks
    ]
    caption = "Tested utterances of which something is on another side of their fold"
    return Table(caption, ["what is shared", *styles], rows)


def _baselines(audit: Audit) -> Table:
    styles = audit.given.styles
    columns = [f"{score} {style}" for style in styles for score in ("WA", "UA")]
    rows = [
        [
            baseline.title,
            *(
                f"{100 * value:.1f}"
                for style in styles
                for value in (baseline.scores[style].wa, baseline.scores[style].ua)
            ),
        ]
        for baseline in audit.baselines
    ]
    caption = "What scores without listening: WA and UA in %, pooled over folds, test scored once"
    return Table(caption, ["baseline", *columns], rows)


def _balance(audit: Audit) -> Table:
    rows = [
        [
            balance.fold,
            str(sum(balance.train.values())),
            str(sum(balance.validation.values())),
            str(sum(balance.test.values())),
            *(_percent(balance.train, e) for e in EMOTIONS),
            *(_percent(balance.test, e) for e in EMOTIONS),
        ]
        for balance in audit.balance
    ]
    columns = ["fold", "train", "validation", "test"]
    columns += [f"{side} {e} %" for side in ("train", "test") for e in EMOTIONS]
    return Table("Class balance of each fold", columns, rows)


def _percent(counts: dict[str, int], emotion: str) -> str:
    return f"{100 * counts[emotion] / max(1, sum(counts.values())):.0f}"
