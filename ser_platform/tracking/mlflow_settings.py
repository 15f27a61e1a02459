"""MLflow's own settings for this process."""

import os

_DEFAULTS = {
    # The tracker retries by itself, with back-off, outside of MLflow's blocking calls.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    # Seconds; with MLflow's 120 and 7 retries one call to a hanging server takes 20 minutes.
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    # What a user needs to know of MLflow's troubles, the tracker says.
    "MLFLOW_LOGGING_LEVEL": "CRITICAL",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}
_NO_PICKLE = "MLFLOW_ALLOW_PICKLE_DESERIALIZATION"


def set_defaults() -> None:
    """Fill in what the user's environment leaves open, and refuse pickled models.

    MLflow takes these from the environment and nowhere else, some of them while it is imported.
    """
    for name, value in _DEFAULTS.items():
        os.environ.setdefault(name, value)  # noqa: TID251  given to MLflow, not read by us
    # Said over the user's own: unpickling runs what whoever wrote the model likes.
    os.environ[_NO_PICKLE] = "false"  # noqa: TID251  given to MLflow, not read by us
