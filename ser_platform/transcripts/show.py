"""Error rates as a table."""

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ser_platform.corpora.base import Corpus
from ser_platform.transcripts.wer import Comparison, ErrorRates, percent

_LEGEND = (
    "WER and CER in % of the words and characters that were said, summed, not averaged; both "
    "sides in lower case, without punctuation at the ends of words."
)


def show_rates(corpus: Corpus, errors: Comparison, console: Console | None = None) -> None:
    """Print the rates of the corpus, and of each emotion, session and speaker."""
    console = console or Console()
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    table.add_column("", no_wrap=True)
    for name in ("utterances", "words", "sub", "del", "ins", "WER", "CER"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_row(*_cells(corpus.name, errors.corpus), end_section=True)
    for kind, parts in (
        ("", errors.emotions),
        ("session ", errors.sessions),
        ("speaker ", errors.speakers),
    ):
        for number, (name, rates) in enumerate(parts.items(), 1):
            table.add_row(*_cells(f"{kind}{name}", rates), end_section=number == len(parts))
    console.print(table)
    console.print(Text(_LEGEND))
    if corpus.synthetic:
        console.print(Text("Synthetic speech: rates mean nothing about people.", "bold yellow"))


def _cells(name: str, rates: ErrorRates) -> list[str]:
    counts = (
        rates.utterances,
        rates.words,
        rates.substitutions,
        rates.deletions,
        rates.insertions,
    )
    return [name, *(f"{count:,}" for count in counts), percent(rates.wer), percent(rates.cer)]
