"""Every failure a user can cause or mend. Messages say what was wrong, where, and what to do."""

from collections.abc import Sequence


class SerError(Exception):
    """Base class: a door catches this, prints the message, and exits with ``exit_code``."""

    exit_code = 2


class ConfigError(SerError):
    """An experiment file, or a ``--set`` override, cannot be turned into an experiment."""


class CorpusError(SerError):
    """A corpus folder is missing files, or its annotations contradict each other.

    Attributes:
        problems: all of them, a line each, where the message names only the first.
    """

    def __init__(self, message: str, problems: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.problems = tuple(problems) or (message,)


class MuteCorpusError(CorpusError):
    """A network reads what nobody knows of a corpus, such as its phonemes."""


class EngineError(SerError):
    """A speech engine cannot be used: not installed, no model, or its service refuses us."""


class FeatureError(SerError):
    """A recording cannot be turned into frames (unreadable, too short, not finite)."""


class ModelError(SerError):
    """A saved model cannot be found or read, or lacks what a question needs."""


class ObjectNotFoundError(SerError, KeyError):
    """An object store has nothing under that key."""

    def __init__(self, key: str, store: str) -> None:
        self.key, self.store = key, store
        super().__init__(f"no object '{key}' in {store}")

    __str__ = Exception.__str__  # KeyError would show the repr

    def __reduce__(self) -> tuple[type, tuple[str, str]]:
        return type(self), (self.key, self.store)  # errors travel back from Ray workers


class CorruptObjectError(SerError):
    """A stored object is not what its digest says."""


class StoreError(SerError):
    """An object store cannot be reached, or refuses us (credentials, bucket, rights)."""


class ScratchError(SerError):
    """The disk of a machine cannot take the frames that memory does not hold."""


class ResultError(SerError):
    """A result lacks what is asked of it, or cannot be compared with another."""


class TrainingError(SerError):
    """A fold could not be trained: the loss is not finite, or its workers kept dying."""

    exit_code = 1


class WithdrawnError(SerError):
    """A fold stopped because nobody wants it any more; its progress is stored."""

    exit_code = 1


class WorkersError(SerError):
    """No worker group could be started, or none is left: the cluster is at fault, no setting."""

    exit_code = 1


class StudyError(SerError):
    """A study cannot go on: no trial finished, or its settings changed under the same name."""

    exit_code = 1


class StudyHeldError(SerError):
    """Another process runs the study, and only one may write it."""

    exit_code = 1


class StudyTakenError(SerError):
    """Another process has taken the study over from this one, which must not write it any more."""

    exit_code = 1


class StoppedError(SerError):
    """A study was asked to stop, and has; it can go on."""

    exit_code = 1


class TrackingError(SerError):
    """MLflow cannot be reached, or holds something else than we wrote."""
