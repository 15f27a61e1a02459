"""The upkeep of the feature cache as text, or as JSON for programs."""

import dataclasses
import json
import sys
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ser_platform.upkeep.collect import Collected
from ser_platform.upkeep.inventory import Inventory
from ser_platform.upkeep.verify import Verification

_PIPED_WIDTH = 500
"""Wide enough that nothing is wrapped or cut when no person watches."""
_SHOWN = 20
"""Lines of a list that a person reads; JSON has all."""


def write_json(found: Inventory | Verification | Collected) -> None:
    """One JSON object on standard output."""
    sys.stdout.write(json.dumps(dataclasses.asdict(found), indent=2) + "\n")


def show_inventory(found: Inventory) -> None:
    """Front ends of the experiment, manifests by corpus, totals of the store."""
    console = _console()
    _say(console, f"{found.corpus} in {found.store}", "bold")
    table = _table("features", "signature", "shards", "utterances", "frames", "MB", "")
    for row in found.front_ends:
        missing = row.utterances - row.utterances_stored
        state = "complete" if row.complete else f"{missing} utterances missing"
        if row.damaged:
            state += f", {row.damaged} damaged"
        table.add_row(
            row.kind,
            row.signature,
            f"{row.shards_stored}/{row.shards}",
            f"{row.utterances_stored}/{row.utterances}",
            f"{row.frames:,}",
            f"{row.mb:.1f}",
            state,
        )
    console.print(table)
    table = _table("corpus", "features", "manifest", "utterances", "frames", "used by", "days ago")
    for row in sorted(found.manifests, key=lambda row: (row.corpus == "", row.corpus, row.kind)):
        table.add_row(
            row.corpus or "?",
            row.kind,
            row.digest[:12],
            f"{row.utterances}",
            f"{row.frames:,}",
            ", ".join(row.used_by) or "nobody recorded",
            "" if row.days_ago is None else f"{row.days_ago:.1f}",
        )
    console.print(table)
    table = _table("below features/", "objects", "MB")
    for part in found.parts:
        table.add_row(part.name, f"{part.objects}", f"{part.mb:.1f}")
    console.print(table)


def show_verification(found: Verification, experiment: str) -> None:
    """What is damaged, what became of it, and what to do."""
    console = _console()
    for damage in found.damaged:
        what = f"; kept as {damage.kept_as}" if damage.kept_as else ""
        _say(console, f"{damage.found}{what}", "bold red")
    _say(
        console,
        f"{found.store}: {found.read} objects read, {len(found.damaged)} damaged, "
        f"{found.missing} missing",
    )
    if found.quarantined:
        _say(console, f"{len(found.quarantined)} objects lie in quarantine; `gc` empties it")
    if any(not damage.kept_as for damage in found.damaged):
        _say(console, "--repair puts the damaged ones into quarantine")
    elif found.damaged or found.missing:
        _say(console, f"`ser features fill {experiment}` computes what is gone")


def show_collected(found: Collected) -> None:
    """What may go or is gone, by reason."""
    console = _console()
    table = _table("MB", "days old", "object", "why")
    for item in found.garbage[:_SHOWN]:
        table.add_row(f"{item.mb:.1f}", f"{item.days_old:.1f}", item.key, item.why)
    if found.garbage:
        console.print(table)
    if len(found.garbage) > _SHOWN:
        _say(console, f"... and {len(found.garbage) - _SHOWN} more (all with --json)")
    total = sum(item.mb for item in found.garbage)
    count = f"{len(found.garbage)} objects, {total:.1f} MB"
    if found.runs_left_alone:
        _say(console, f"progress of runs was left alone: {found.runs_left_alone}")
    end = "deleted" if found.deleted else "could go; --delete deletes them"
    _say(console, f"{found.store}: {count} {end}; {found.kept} objects stay")


def _console() -> Console:
    console = Console()
    return console if console.is_terminal else Console(width=_PIPED_WIDTH)


def _table(*columns: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for name in columns:
        right = name in ("shards", "utterances", "frames", "MB", "objects", "days ago", "days old")
        table.add_column(name, justify="right" if right else "left", overflow="fold")
    return table


def _say(console: Console, text: Any, style: str = "") -> None:
    """Plain words, in which brackets are no markup."""
    console.print(Text(text, style))
