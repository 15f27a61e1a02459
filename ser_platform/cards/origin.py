"""What a card says of where a model comes from, what it is for, and what it must not be."""

import json
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from ser_platform.cards.sources import (
    CORPORA,
    FRONT_ENDS,
    SYSTEMS,
    UNKNOWN_CORPUS,
    UNKNOWN_FRONT_END,
    Source,
)
from ser_platform.cards.words import in_words
from ser_platform.config.model import ModelConfig
from ser_platform.emotions import EMOTIONS
from ser_platform.results import RunResult

_LICENCE_FILES = ("licen[cs]e*", "copying*")
"""In any case of letters."""
_NETWORK: TypeAdapter[ModelConfig] = TypeAdapter(ModelConfig)


def origin(run: RunResult) -> Iterator[str]:
    """The network and what it reads."""
    parameters = max(fold.num_parameters for fold in run.folds)
    reads = ", ".join(f"{name} `{kind}`" for name, kind in _inputs(run)) or "what is not known"
    yield (
        f"`{run.experiment['model']['kind']}` with {parameters:,} parameters; reads {reads}. "
        f"Answers one of {', '.join(EMOTIONS)} for a recording, with probabilities."
    )
    yield ""
    yield (
        f"It is {run.num_folds} networks, one of each fold, whose probabilities are averaged. "
        "Scores below are of each network alone on its own test part; together they have seen "
        "every recording of the corpus, so their mean has no score."
    )


def limits(run: RunResult) -> Iterator[str]:
    """Who is in the corpus, and who is not."""
    corpus = _corpus(run)
    yield f"- Trained on: {corpus.people}."
    yield f"- Not in it: {corpus.missing}. How it does there, nobody knows."
    yield f"- Four emotions only: whatever else is felt is called one of {', '.join(EMOTIONS)}."
    yield "- It hears what is expressed. What a person feels is another matter."


def intended_use() -> Iterator[str]:
    """The same for all models."""
    yield "For research: comparing systems under one protocol."
    yield (
        "Not for decisions about people (hiring, lending, policing, teaching, health), and not "
        "without their knowledge; some uses of emotion recognition are forbidden by law."
    )


def licences(run: RunResult) -> Iterator[str]:
    """Of corpus and front ends; notes, no legal advice."""
    yield f"- Corpus {in_words(run.protocol.get('corpus', ''))}: {_licence(run)}"
    for name, kind in _inputs(run):
        yield f"- {name} `{kind}`: {FRONT_ENDS.get(kind, UNKNOWN_FRONT_END)}"
    yield "- Notes, not legal advice: read the licences."


def use(run: RunResult, address: str) -> Iterator[str]:
    """How to load it, what to name when it is cited, what computed it."""
    yield "```python"
    yield "import mlflow"
    yield "import pandas"
    yield ""
    yield f'model = mlflow.pyfunc.load_model("{address}")'
    yield 'model.predict(pandas.DataFrame({"file": ["clip.wav"]}))'
    yield "```"
    yield ""
    yield "MLflow is looked for where `MLFLOW_TRACKING_URI` says."
    yield ""
    yield (
        f"Cite with it: protocol `{run.protocol_id}`, run key `{run.run_key}`, signature "
        f"`{run.signature}`, seed {run.seed}, study {run.study}."
    )
    if paper := SYSTEMS.get(run.experiment["model"]["kind"]):
        yield f"The network is after {paper}."
    versions = ", ".join(f"{name} {version}" for name, version in run.environment.items())
    yield f"Computed with {versions}."


def _corpus(run: RunResult) -> Source:
    kind = run.experiment.get("corpus", {}).get("kind") or in_words(run.protocol.get("corpus", ""))
    return CORPORA.get(kind, UNKNOWN_CORPUS)


def _licence(run: RunResult) -> str:
    """Of a corpus that we do not know, where its own folder tells it, if that is at hand."""
    corpus = _corpus(run)
    files = _licence_files(run) if corpus is UNKNOWN_CORPUS else []
    named = ", ".join(f"`{name}`" for name in files)
    return f"as its owner says: see {named} in its folder." if files else corpus.licence


def _licence_files(run: RunResult) -> list[str]:
    root = run.experiment.get("corpus", {}).get("root", "")
    if not root:
        return []
    try:
        files = [path.name for path in Path(root).expanduser().iterdir() if path.is_file()]
    except OSError:  # it lies on another machine, or is gone
        return []
    return sorted(n for n in files if any(fnmatchcase(n.lower(), p) for p in _LICENCE_FILES))


def _inputs(run: RunResult) -> Iterator[tuple[str, str]]:
    """``features`` and its like, with what tells their licences apart."""
    network = _NETWORK.validate_json(json.dumps(run.experiment["model"]))
    for name in ("features", "functionals", *["embedding"] * network.reads_words):
        section: Any = run.experiment.get(name)
        if section is not None:
            own_code = section.get("backend") != "opensmile"
            yield name, section["kind"] if own_code else f"{section['kind']} opensmile"
