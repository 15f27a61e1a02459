"""What makes two results the same, and what makes them comparable."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import ser_platform
from ser_platform.config import signature
from ser_platform.config.corpus import SplitConfig
from ser_platform.config.schema import Experiment
from ser_platform.config.signature import NOT_IN_RESULTS, canonical_json
from ser_platform.config.transcript import TranscriptConfig
from ser_platform.corpora.folds import Fold
from ser_platform.emotions import EMOTIONS
from ser_platform.results import SELECTED_ON
from ser_platform.utterance import Utterance

_RESULT_CODE = (
    *("emotions.py", "utterance.py", "metrics.py", "results.py"),
    *("config/model", "config/inputs.py"),
    *("corpora", "transcripts", "features", "models", "dataset.py", "joining.py"),
    *("batches.py", "normalisation.py"),
    *("train/loop.py", "train/scoring.py", "train/fold.py", "train/checkpoint.py"),
    *("train/group.py", "train/ranks.py", "train/seeding.py", "train/adam.py"),
    "train/resident.py",
)
"""Rooms and files whose code changes numbers."""
_COMPUTING = (
    *("torch", "numba", "ray", "optuna", "mlflow", "numpy", "pandas", "pydantic", "safetensors"),
    *("scikit-learn", "opensmile", "librosa", "soundfile", "soxr"),
)


def run_key(experiment: Experiment, data_digest: str, code: str, workers: int) -> str:
    """Identity of a result: sixteen hex digits over setting, data, code and number of ranks.

    Ranks draw their own dropout and add gradients in their own order.
    """
    return _short([signature(experiment), data_digest, code, workers])


def system(experiment: Experiment) -> str:
    """The signature, whatever the seed of training."""
    train = experiment.train.model_copy(update={"seed": 0})
    return signature(experiment.model_copy(update={"train": train}))


def nested_key(run_keys: Mapping[int, str]) -> str:
    """Identity of a result whose folds are of several runs, by their numbers."""
    return _short([[number, key] for number, key in sorted(run_keys.items())])


def study_key(door: str, name: str, run_keys: list[str], search: Any) -> str:
    """Sixteen hex digits that name a study: equal parts continue the same one."""
    return _short([door, name, run_keys, search])


def protocol(experiment: Experiment, corpus: str, utterances: str) -> dict[str, Any]:
    """What must be equal for two results to be ranked together.

    How words were aligned is no part of it: as with features, the same words of the same
    utterances are only read at other times. Utterances left out because they could not be
    aligned, or other words, change the digest of utterances.

    Args:
        experiment: the setting.
        corpus: name of the corpus.
        utterances: digest of who says what with which label.
    """
    split = _split(experiment.split)
    if not experiment.validates:
        del split["validation"]
    # Only then: nobody who is honest has to say so.
    flagged = {SELECTED_ON: "test"} if experiment.selects_on_test else {}
    return {
        "corpus": corpus,
        "utterances": utterances,
        "subset": getattr(experiment.corpus, "style", "all"),
        "classes": list(EMOTIONS),
        "split": split,
        "selection": experiment.protocol,
        "transcript": _transcript(experiment.transcript),
        "aggregation": "pooled",
        **flagged,
    }


def _transcript(transcript: TranscriptConfig) -> str | dict[str, Any]:
    """The kind, with what tells two of a kind apart.

    Where texts lie does not, nor who timed them; what they say is in the digest of the
    utterances.
    """
    not_counted = NOT_IN_RESULTS["transcript"] | {"times"}
    settings = transcript.model_dump(mode="json", exclude=not_counted)
    return settings if len(settings) > 1 else transcript.kind


def _split(split: SplitConfig) -> dict[str, Any]:
    """Only what has a say: a seed counts where something is drawn."""
    groups = {"folds": split.folds, "seed": split.seed} if split.by == "kfold" else {}
    part = split.validation
    drawn = {"share": part.share, "seed": part.seed} if part.by == "share" else {}
    if split.scenarios:  # only then, so that results from before it keep their protocol
        groups |= {"scenarios": split.scenarios, "seed": split.seed}
    return {"by": split.by, **groups, "validation": {"by": part.by, **drawn}}


def utterances_digest(utterances: Iterable[Utterance], split: SplitConfig) -> str:
    """Eight hex digits over ids, speakers, labels, transcripts, and scenarios that cut folds."""
    rows = [
        [
            u.id,
            u.speaker,
            u.session,
            u.emotion,
            u.transcript,
            *[u.scenario] * bool(split.scenarios),
        ]
        for u in utterances
    ]
    return _short(rows)[:8]


def folds_digest(data_digest: str, folds: Sequence[Fold], split: SplitConfig) -> str:
    """The digest of the data, and with ``split.scenarios`` of how it is cut.

    Scenarios are in no array that a network reads, so the data alone would not tell them apart.
    """
    if not split.scenarios:
        return data_digest
    return _short([data_digest, *([f.train, f.validation, f.test] for f in folds)])


def code_digest() -> str:
    """Eight hex digits over the sources that change numbers: edited code never reuses results."""
    root = Path(ser_platform.__file__).parent
    digest = hashlib.sha256()
    for name in _RESULT_CODE:
        for path in sorted(p for suffix in ("py", "conf") for p in _files(root / name, suffix)):
            digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:8]


def environment() -> dict[str, str]:
    """Versions of what computes."""
    versions = {name: metadata.version(name) for name in _COMPUTING}
    return {"ser-platform": ser_platform.__version__, **versions}


def _short(parts: list[Any]) -> str:
    return hashlib.sha256(canonical_json(parts).encode()).hexdigest()[:16]


def _files(path: Path, suffix: str) -> list[Path]:
    return [path] if path.is_file() else list(path.rglob(f"*.{suffix}"))
