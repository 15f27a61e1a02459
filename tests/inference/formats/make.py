"""Models as a format has them, with what they answered then; run by the code of that format.

    cd CODE; PYTHONPATH=THIS_PROJECT python -m tests.inference.formats.make FOLDER

CODE holds the ``ser_platform`` of a commit at which the format was current. Weights are drawn, not
trained: what counts is that the same files give the same answers for ever.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch

from ser_platform.config.schema import Experiment
from ser_platform.features import make_extractor
from ser_platform.features.embeddings import WordVectors
from ser_platform.inference.predictor import Predictor
from ser_platform.models import build_model
from ser_platform.models.inputs import Inputs
from tests.inference.formats.input import PHONEMES, SAID, write_recording

SMALL = {
    "wise": {"phoneme_hidden": 3, "word_hidden": 4, "audio_hidden": 3, "text_hidden": 3}
    | {"weights": 4, "classifier": (4, 3)},
    "alignment": {"heads": 1, "weights": 4},
    "dual_rnn": {"audio_hidden": 3, "text_hidden": 3},
    "cnn_phoneme": {"kernels": ((4, 8),), "maps": 3, "phoneme_dim": 3, "phoneme_kernels": (3,)}
    | {"phoneme_maps": 3, "hidden": 4},
}

FEATURES = {"alignment": "shortterm34", "cnn_phoneme": "spectrogram"}


def setting(kind: str) -> Experiment:
    features = FEATURES.get(kind, "mfcc39")
    file = {
        "name": kind,
        "corpus": {"kind": "demo"},
        "features": {"kind": features},
        "model": {"kind": kind, **SMALL[kind]},
    }
    if kind == "dual_rnn":
        file["functionals"] = {"kind": "prosody35"}
    return Experiment.model_validate(file)


def drawn(experiment: Experiment, vectors: WordVectors) -> dict[str, torch.Tensor]:
    """Weights, and statistics of a training part, that nobody trained."""
    torch.manual_seed(11)  # noqa: TID251  # the same for ever
    inputs = Inputs(
        len(make_extractor(experiment.features).names),
        torch.zeros(len(vectors.words) + 1, vectors.vectors.shape[1]),
        False,
        35 if experiment.functionals else 0,
        len(PHONEMES),
    )
    weights = build_model(experiment.model, inputs).state_dict()
    for name, scale in (("frame", 5.0), ("functional", 500.0)):
        if f"inputs.{name}_mean" in weights:
            torch.nn.init.normal_(weights[f"inputs.{name}_mean"])
            torch.nn.init.uniform_(weights[f"inputs.{name}_std"], scale, 2 * scale)
    return weights


def save(
    folder: Path,
    experiment: Experiment,
    networks: list[dict[str, torch.Tensor]],
    vectors: WordVectors,
) -> None:
    about = {"architecture": experiment.name, "test": {"ua": 0.5}}
    try:
        from ser_platform.inference.folder import SavedModel, save_model
        from ser_platform.inference.predictor import front_end
    except ImportError:  # formats 1 to 4
        from ser_platform.inference.predictor import save_model  # pyright: ignore

        save_model(folder, experiment, networks, vectors, PHONEMES, about)
        return
    how = front_end(experiment)
    model = SavedModel(experiment, tuple(networks), vectors, PHONEMES, how, (1.5,), about)
    save_model(folder, model)


def main(folder: Path) -> None:
    vectors = WordVectors(("then", "well"), np.eye(2, 5, dtype=np.float32), (), {})
    recording = folder / "recording.wav"
    write_recording(recording)
    for kind in SMALL:
        experiment = setting(kind)
        saved = folder / kind
        saved.mkdir()
        save(saved, experiment, [drawn(experiment, vectors)], vectors)
        answers = Predictor.load(saved).predict([recording] * 2, [SAID, ()])
        (saved / "answers.json").write_text(json.dumps(answers.tolist()))
    recording.unlink()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
