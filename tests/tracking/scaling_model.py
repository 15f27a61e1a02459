"""The smallest model that loads from code and safetensors: multiplies by a stored number."""

from typing import Any

import numpy as np
from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel, PythonModelContext
from safetensors.numpy import load_file


class Scaling(PythonModel):
    """Reads its weights when loaded; nothing of it is pickled."""

    def load_context(self, context: PythonModelContext) -> None:
        self._factor = load_file(context.artifacts["weights"])["factor"]

    def predict(
        self, context: PythonModelContext, model_input: np.ndarray, params: dict | None = None
    ) -> Any:
        return model_input * self._factor


set_model(Scaling())
