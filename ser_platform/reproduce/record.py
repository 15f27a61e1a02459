"""The tables as JSON: everything that is known of every row, not rounded."""

import json
from dataclasses import asdict
from typing import Any

from ser_platform.reproduce.report import Line, Report


def as_json(report: Report) -> str:
    """The text of ``reproduction.json``; scores are shares, costs seconds."""
    first = report.first
    record = {
        "command": report.command,
        "corpus": report.corpus,
        "comparable": report.is_comparable,
        "synthetic": first is not None and first.synthetic,
        "selected_on_test": first is not None and first.selected_on_test,
        "rows": [_row(line) for line in report.lines],
    }
    return json.dumps(record, indent=1, ensure_ascii=False) + "\n"


def _row(line: Line) -> dict[str, Any]:
    outcome = line.outcome
    said = {
        "printed": asdict(outcome.row.printed),
        "state": outcome.state,
        "reason": outcome.reason,
    }
    if line.evidence is None:
        return said
    differences = line.differences
    results = outcome.results
    return {
        **said,
        "evidence": line.evidence.model_dump(mode="json"),
        "difference": None
        if differences is None
        else {"wa": differences[0], "ua": differences[1]},
        "place_printed": line.place_printed,
        "place": line.place,
        "against_proposed": None if line.test is None else line.test.model_dump(mode="json"),
        "protocol_id": results[0].protocol_id,
        "protocol": results[0].protocol,
        "experiment": results[0].experiment,
        "signatures": [result.signature for result in results],
        "run_keys": [result.run_key for result in results],
        "seconds": sum(result.seconds for result in results),
        "gpu_seconds": sum(result.gpu_seconds for result in results),
        "num_parameters": max(fold.num_parameters for r in results for fold in r.folds),
    }
