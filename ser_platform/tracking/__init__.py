"""Results in MLflow: a run per study, a nested run per trial and per final scoring.

MLflow shows what is stored elsewhere: results are safe before they come here, so it may be
away, and logging one again changes nothing.
"""

from ser_platform.tracking.entries import ModelFiles, StudyInfo
from ser_platform.tracking.mlflow_settings import set_defaults
from ser_platform.tracking.tracker import Tracker

__all__ = ["ModelFiles", "StudyInfo", "Tracker"]

set_defaults()  # before any module of this room imports mlflow
