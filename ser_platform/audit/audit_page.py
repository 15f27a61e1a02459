"""The page of an audit."""

from ser_platform.audit.figures import balance_figure, baseline_figure, fold_figure, leak_figure
from ser_platform.audit.report import Audit
from ser_platform.audit.show import shown_findings, tables
from ser_platform.pages.page import Fact, Page, Section


def audit_page(audit: Audit, name: str, split: str) -> Page:
    """Findings, figures and tables.

    Args:
        audit: what was found.
        name: of the experiment.
        split: how folds are cut, in words.
    """
    corpus = audit.given.corpus
    warnings = [f for f in audit.findings if f.severity == "warning"]
    forbidden = audit.forbidden
    best = max(audit.baselines, key=lambda b: b.scores["all"].ua)
    leaks, baselines, balance = tables(audit)
    return Page(
        kicker="Audit",
        title=f"What {corpus.name} gives away",
        lead=f"Experiment {name}: {len(corpus.utterances):,} utterances of "
        f"{len({u.speaker for u in corpus.utterances})} speakers, {split}. What is on two sides "
        "of a fold, and how far one gets without listening.",
        warning="synthetic speech: scores mean nothing about people" if corpus.synthetic else "",
        facts=[
            Fact(str(len(forbidden)), "forbidden", "bad" if forbidden else "good"),
            Fact(str(len(warnings)), "warnings", "warning" if warnings else "good"),
            Fact(str(len(audit.balance)), "folds"),
            *(
                Fact(f"{leak.share():.0%}", label)
                for kind, label in (("text", "exact text known"), ("near text", "near text known"))
                for leak in audit.leaks
                if leak.kind == kind and leak.of["all"] and not leak.selection_only
            ),
            Fact(f"{100 * best.scores['all'].ua:.1f}", f"best UA: {best.title.split(':')[0]}"),
        ],
        sections=[
            Section("Findings", findings=shown_findings(audit)),
            Section(
                "Without listening",
                "If one number or the words alone score high, a high score of a model does not "
                "show that it hears emotion.",
                figures=[baseline_figure(audit)],
                tables=[baselines],
            ),
            Section(
                "Across the split",
                "Speakers and recordings must be on one side. Texts and scenarios recur wherever "
                "different speakers read or play the same.",
                figures=[leak_figure(audit), balance_figure(audit), fold_figure(audit)],
                tables=[leaks, balance],
            ),
        ],
        footer="Made by ser audit. Baselines are fitted on training sides alone, nothing is "
        "tuned; test sides are scored once.",
    )
