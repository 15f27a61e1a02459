"""Answers as lines for people, JSON lines, or CSV."""

import csv
import dataclasses
import json
import sys
from collections.abc import Callable, Iterable

from rich.text import Text

from ser_platform.emotions import EMOTIONS
from ser_platform.inference.answer import Answer
from ser_platform.pages.terminal import console, say
from ser_platform.predict.asking import Unanswered

Found = Answer | Unanswered
_BAR = 12


def show_lines(found: Iterable[Found], *, words: bool) -> None:
    """A line for each recording.

    What is to be warned of about every recording is said once, above them all.

    Args:
        found: answers as they come.
        words: say under each what the network attends to.
    """
    to, said = console(), set[str]()
    for one in found:
        if isinstance(one, Unanswered):
            sys.stderr.write(f"error: {one.error}\n")
            continue
        to.print(_line(one), soft_wrap=True)
        for warning in one.warnings:
            if warning not in said:
                say(to, f"  ! {warning}", "yellow")
        said.update(one.warnings)
        if words:
            for line in _words(one):
                to.print(line, soft_wrap=True)


def write_json(found: Iterable[Found]) -> None:
    """A line for each recording: an answer, or ``recording`` and ``error``."""
    for one in found:
        if isinstance(one, Unanswered):
            line = json.dumps(dataclasses.asdict(one), ensure_ascii=False)
        else:
            line = one.model_dump_json()
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


def write_csv(found: Iterable[Found]) -> None:
    """A row for each recording; one without an answer has ``error``."""
    columns = ["recording", "label", "confidence", *EMOTIONS, "duration_s", "transcript"]
    writer = csv.DictWriter(sys.stdout, [*columns, "warnings", "error"], lineterminator="\n")
    writer.writeheader()
    for one in found:
        if isinstance(one, Unanswered):
            writer.writerow({"recording": one.recording, "error": one.error})
            continue
        numbers = {name: f"{value:.4f}" for name, value in one.probabilities.items()}
        writer.writerow(
            {
                "recording": one.recording,
                "label": one.label,
                "confidence": f"{one.confidence:.4f}",
                **numbers,
                "duration_s": f"{one.duration_s:.3f}",
                "transcript": one.transcript,
                "warnings": "; ".join(one.warnings),
            }
        )
        sys.stdout.flush()


def _line(answer: Answer) -> Text:
    numbers = "  ".join(f"{name} {value:.2f}" for name, value in answer.probabilities.items())
    return Text.assemble(
        (answer.recording, "bold"),
        f"  {answer.duration_s:.1f} s  ",
        (answer.label, "bold green"),
        f"  {numbers}",
    )


def _words(answer: Answer) -> Iterable[Text]:
    """Of several stretches each; then words, with a bar as long as the network attends to them."""
    if len(answer.stretches) > 1:
        for part in answer.stretches:
            span = f"{part.start_s:7.2f} to {part.end_s:7.2f} s"
            yield Text.assemble(f"  {span}  ", (part.label, "green"), f" {part.confidence:.2f}")
    most = max((word.attention or 0.0 for word in answer.words), default=0.0)
    for word in answer.words:
        share = (word.attention or 0.0) / most if most else 0.0
        bar = "█" * round(_BAR * share)
        attention = "" if word.attention is None else f"{word.attention:.3f} {bar}"
        style = "default" if word.known else "dim italic"
        yield Text.assemble(
            f"  {word.start_s:7.2f} to {word.end_s:7.2f} s  ",
            (f"{word.text:<16}", style),
            attention,
        )


FORMATS: dict[str, Callable[[Iterable[Found]], None]] = {"json": write_json, "csv": write_csv}
