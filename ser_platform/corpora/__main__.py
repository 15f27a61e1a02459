"""``python -m ser_platform.corpora check experiments/wise.yaml``, or ``stats``, ``sample``."""

import argparse
import json
import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from ser_platform.config.schema import ExperimentFile
from ser_platform.door import door, parser_of

_ACTIONS = {
    "check": "read all of it, look into every recording, list every problem",
    "stats": "count it by session, speaker and class; write a page with figures",
    "sample": "print some utterances of each class",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Parse which of the three, then as every door."""
    parser = parser_of("corpora", __doc__ or "")
    parser.add_argument(
        "action", choices=_ACTIONS, help="; ".join(f"{k}: {v}" for k, v in _ACTIONS.items())
    )
    parser.add_argument(
        "rest", nargs=argparse.REMAINDER, metavar="...", help="'check --help' tells what it takes"
    )
    chosen = parser.parse_args(argv)
    acts = {"check": _check, "stats": _stats, "sample": _sample}
    extra = {"check": None, "stats": _stats_arguments, "sample": _sample_arguments}
    name = chosen.action
    doc = f"{_ACTIONS[name].capitalize()}."
    return door(f"corpora {name}", doc, acts[name], extra[name], chosen.rest)


def _stats_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON in the place of tables")
    parser.add_argument(
        "--out", type=Path, metavar="FOLDER", help="of the page (default: .ser/stats/NAME)"
    )


def _sample_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--count", type=int, default=3, help="utterances of each class (default: %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the draw (default: %(default)s)")


def _check(file: ExperimentFile, _arguments: Namespace) -> int:
    from ser_platform.corpora import read_whatever_share
    from ser_platform.corpora.check import check
    from ser_platform.corpora.folds import make_folds
    from ser_platform.transcripts import with_transcripts

    found = check(
        lambda: with_transcripts(read_whatever_share(file.corpus), file.transcript),
        file.corpus.max_bad_share,
        lambda corpus: len(make_folds(corpus.utterances, file.split, validates=file.validates)),
    )
    write = sys.stdout.write
    for note in found.notes:
        write(f"note: {note}\n")
    for problem in found.problems:
        write(f"problem: {problem}\n")
    count = len(found.problems)
    if found.corpus is not None:
        good = f"{len(found.corpus.utterances)} utterances, {found.folds} folds"
        write(f"{found.corpus.name}: {good}, {count or 'no'} problem{'s' * (count != 1)}\n")
    else:
        write(f"the corpus cannot be read: {count} problem{'s' * (count != 1)}\n")
    return 1 if count else 0


def _stats(file: ExperimentFile, arguments: Namespace) -> None:
    from ser_platform.corpora import read_corpus
    from ser_platform.corpora.sound import sounds_of
    from ser_platform.corpora.stats import stats_of, tables
    from ser_platform.corpora.stats_page import stats_page
    from ser_platform.pages.page import write_page
    from ser_platform.pages.terminal import console, say, show_table

    corpus = read_corpus(file.corpus)
    sounds = sounds_of(corpus.utterances)
    stats = stats_of(corpus, sounds)
    path = (arguments.out or Path(".ser", "stats", file.name)) / "stats.html"
    write_page(stats_page(stats, corpus, sounds), path)
    if arguments.json:
        sys.stdout.write(json.dumps(stats.to_json(), indent=1, ensure_ascii=False) + "\n")
        return
    to = console()
    say(to, f"{corpus.name}: {stats.whole.utterances:,} utterances, {stats.speakers} speakers")
    for table in tables(stats):
        show_table(to, table)
    say(to, f"with figures: {path}")


def _sample(file: ExperimentFile, arguments: Namespace) -> None:
    from ser_platform.corpora import read_corpus
    from ser_platform.corpora.sample import sample
    from ser_platform.pages.terminal import console, say

    to = console()
    for line in sample(read_corpus(file.corpus), arguments.count, arguments.seed):
        say(to, line)


if __name__ == "__main__":
    sys.exit(main())
