"""A scored run as a model that answers: the networks of its folds and what they need."""

from pathlib import Path

import pandas as pd

import ser_platform
from ser_platform import inference
from ser_platform.evidence.calibration import temperature
from ser_platform.features.embeddings import load_vectors
from ser_platform.inference.folder import SavedModel, save_model
from ser_platform.inference.predictor import front_end
from ser_platform.inference.words_json import words_to_json
from ser_platform.results import RunResult, score
from ser_platform.storage.base import ObjectStore
from ser_platform.tracking import ModelFiles
from ser_platform.train.checkpoint import load_weights
from ser_platform.train.runs import Run
from ser_platform.train.stored import FoldKeys
from ser_platform.utterance import Utterance

_NEEDED = (
    "torch",
    "numba",
    "numpy",
    "pandas",
    "pydantic",
    "safetensors",
    "soundfile",
    "soxr",
    "opensmile",
)


def package(
    run: Run, result: RunResult, store: ObjectStore, corpus: tuple[Utterance, ...], folder: Path
) -> ModelFiles:
    """Write the model of a scored run into a new folder, for the log to take.

    The example input is the first recording of the corpus, by its path.
    """
    vocabulary = {word.text for utterance in corpus for word in utterance.words}
    about = {
        "architecture": result.architecture,
        "run_key": result.run_key,
        "signature": result.signature,
        "protocol": result.protocol,
        "synthetic": result.synthetic,
        **{
            part: score(matrices).model_dump()
            for part in ("test", "honest_test")
            if (matrices := result.fold_matrices(part))
        },
        "versions": result.environment,
    }
    target = folder / result.run_key
    target.mkdir()
    keys = [FoldKeys(run.key, fold.fold).weights for fold in result.folds]
    model = SavedModel(
        experiment=run.experiment,
        networks=tuple(load_weights(store, key) for key in keys),
        vectors=load_vectors(run.experiment.embedding, vocabulary),
        phonemes=tuple(run.prepared.phonemes),
        front_end=front_end(run.experiment),
        temperatures=_temperatures(result),
        about=about,
    )
    save_model(target, model)
    first = corpus[0]
    return ModelFiles(
        name=result.architecture,
        # By its path: importing it here would load MLflow, which the log does in its own time.
        code=Path(inference.__file__).with_name("mlflow_code.py"),
        packages=(Path(ser_platform.__file__).parent,),
        artifacts={"model": target},
        requirements=tuple(
            f"{name}=={version}" for name, version in result.environment.items() if name in _NEEDED
        ),
        input_example=pd.DataFrame({"file": [first.audio], "words": [words_to_json(first.words)]}),
    )


def _temperatures(result: RunResult) -> tuple[float, ...]:
    """Of each fold, as its own validation part wants it; none where a fold has no such part."""
    parts = [fold.validation for fold in result.folds if fold.validation is not None]
    return tuple(map(temperature, parts)) if len(parts) == len(result.folds) else ()
