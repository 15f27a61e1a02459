"""A saved model answers about a recording as the process that trained it did."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ser_platform.config.inputs import Glove50Config
from ser_platform.config.schema import Experiment
from ser_platform.corpora import Corpus
from ser_platform.features.cache import load_frames, load_functionals
from ser_platform.features.embeddings import load_vectors
from ser_platform.inference.folder import SavedModel, save_model
from ser_platform.inference.predictor import Predictor, front_end
from ser_platform.joining import build_dataset
from ser_platform.storage import open_store
from ser_platform.train.loop import Progress, fit, loaded_model
from ser_platform.train.ranks import Ranks
from ser_platform.train.scoring import predict

MODELS: dict[str, dict[str, Any]] = {
    "wise": {"features": {"kind": "mfcc39"}},
    "alignment": {"features": {"kind": "shortterm34"}},
    "dual_rnn": {"features": {"kind": "mfcc39"}, "functionals": {"kind": "prosody35"}},
    "cnn_lstm": {"features": {"kind": "spectrogram"}},
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("normalisation", ["global", "speaker"])
def test_answers_are_those_of_the_training_process(
    kind: str, normalisation: str, demo: Corpus, tmp_path: Path
) -> None:
    settings = {"epochs": 1, "normalisation": normalisation}
    file = {"name": "x", "corpus": {"kind": "demo"}, "model": {"kind": kind}, "train": settings}
    experiment = Experiment.model_validate({**file, **MODELS[kind]})
    utterances, store = demo.utterances[:24], open_store(str(tmp_path / "store"))
    vectors = load_vectors(Glove50Config(), {w.text for u in utterances for w in u.words})
    functionals = None
    if experiment.functionals is not None:
        functionals = load_functionals(store, utterances, experiment.functionals)
    table = load_frames(store, utterances, experiment.features)
    dataset = build_dataset(utterances, table, vectors, functionals)
    rows = np.arange(16)
    done = fit(experiment, dataset, 1, rows, rows[:8], Ranks(), Progress(), lambda progress: None)
    network = loaded_model(experiment, dataset, done.best_weights)
    unheard = np.arange(16, 24)
    if normalisation == "speaker":
        # A model knows no speaker: nobody says who speaks in a recording.
        dataset.speaker_ids[unheard] = 0
    then = predict(experiment, network, dataset, unheard, Ranks())

    folder = tmp_path / "model"
    folder.mkdir()
    model = SavedModel(
        experiment=experiment,
        networks=(done.best_weights,),
        vectors=vectors,
        phonemes=tuple(dataset.phonemes),
        front_end=front_end(experiment),
        temperatures=(),
        about={},
    )
    save_model(folder, model)
    some = utterances[16:24]
    now = Predictor.load(folder).predict([Path(u.audio) for u in some], [u.words for u in some])
    np.testing.assert_allclose(now, then, atol=1e-6)
