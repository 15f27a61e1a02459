"""The code of a registered model: MLflow runs this file to load it; nothing is unpickled.

Input: a table with ``file`` (path of a recording) and, where the words are known in time,
``words`` (JSON as :func:`~ser_platform.inference.words_json.words_from_json` reads it).
Output: ``label`` and one probability per emotion.
"""

from pathlib import Path
from typing import Any

import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel, PythonModelContext

from ser_platform.emotions import EMOTIONS
from ser_platform.inference.predictor import Predictor
from ser_platform.inference.words_json import words_from_json
from ser_platform.utterance import Word


class EmotionModel(PythonModel):
    """What ``mlflow.pyfunc.load_model`` gives."""

    def load_context(self, context: PythonModelContext) -> None:
        """Load the networks from the model's folder."""
        self._predictor = Predictor.load(Path(context.artifacts["model"]))

    def predict(  # pyright: ignore[reportIncompatibleMethodOverride]  # MLflow types it None
        self,
        context: PythonModelContext,
        model_input: pd.DataFrame,
        params: dict[str, Any] | None = None,
    ) -> pd.DataFrame:
        """One row of answers per row of input."""
        files = [Path(file) for file in model_input["file"]]
        said = model_input["words"] if "words" in model_input else [""] * len(files)
        probabilities = self._predictor.predict(files, [_words(text) for text in said])
        answers = pd.DataFrame(probabilities, columns=list(EMOTIONS))
        answers.insert(0, "label", [EMOTIONS[i] for i in probabilities.argmax(axis=1)])
        return answers


def _words(text: object) -> tuple[Word, ...]:
    return words_from_json(text) if isinstance(text, str) else ()  # an empty cell is NaN


set_model(EmotionModel())
