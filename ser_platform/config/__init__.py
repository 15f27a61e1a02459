"""The front desk: one typed schema for everything an experiment can say."""

from ser_platform.config.load import load_experiment_file, with_settings
from ser_platform.config.schema import Experiment, ExperimentFile
from ser_platform.config.signature import signature

__all__ = ["Experiment", "ExperimentFile", "load_experiment_file", "signature", "with_settings"]
