"""``python -m ser_platform.audit experiments/wise.yaml``: what leaks, what needs no listening.

Ends with 1 when something is found that the protocol forbids.
"""

import argparse
import json
import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from ser_platform.config.corpus import SplitConfig
from ser_platform.config.schema import ExperimentFile
from ser_platform.config.transcript import OracleConfig
from ser_platform.door import door


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, load the experiment file, audit its folds."""
    return door("audit", (__doc__ or "").partition("\n")[0], _act, _add_arguments, argv)


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FOLDER",
        help="of audit.html and audit.json (default: .ser/audit/NAME)",
    )


def _act(file: ExperimentFile, arguments: Namespace) -> int:
    from ser_platform.audit.audit_page import audit_page
    from ser_platform.audit.given import Given
    from ser_platform.audit.report import audit
    from ser_platform.audit.show import shown_findings, tables
    from ser_platform.corpora.sound import sounds_of
    from ser_platform.pages.page import write_page
    from ser_platform.pages.terminal import console, say, show_findings, show_table
    from ser_platform.train.given import read

    # What was said is what leaks, whatever a network reads of it.
    experiment = file.experiment(next(iter(file.architectures)))
    corpus, folds = read(experiment.model_copy(update={"transcript": OracleConfig()}))
    crossed = file.split.scenarios is not None
    done = audit(Given(corpus, folds, sounds_of(corpus.utterances), crossed))
    folder = arguments.out or Path(".ser", "audit", file.name)
    write_page(audit_page(done, file.name, _in_words(file.split)), folder / "audit.html")
    text = json.dumps(done.to_json(file.name), indent=1, ensure_ascii=False)
    (folder / "audit.json").write_text(text + "\n", encoding="utf-8")

    to = console()
    for table in tables(done):
        show_table(to, table)
    show_findings(to, shown_findings(done))
    say(to, f"with figures: {folder / 'audit.html'}; as JSON: {folder / 'audit.json'}")
    return 1 if done.forbidden else 0


def _in_words(split: SplitConfig) -> str:
    parts = {"session": "one session", "speaker": "one speaker", "kfold": "a group of speakers"}
    crossed = f" and one of {split.scenarios} groups of scenarios" if split.scenarios else ""
    return f"{parts[split.by]}{crossed} held out at a time"


if __name__ == "__main__":
    sys.exit(main())
