"""Where the folds of a run lie in the object store, and their results read back.

Apart from the training, so that a trial, which only waits for its folds, loads no torch.
"""

import logging
from dataclasses import dataclass

from pydantic import ValidationError

from ser_platform.errors import ObjectNotFoundError
from ser_platform.results import FoldResult
from ser_platform.storage.base import ObjectStore

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class FoldKeys:
    """Where a fold of a run lies in the object store."""

    run_key: str
    fold: int

    def _under(self, name: str) -> str:
        return f"runs/{self.run_key}/fold{self.fold}/{name}"

    @property
    def progress(self) -> str:
        """What going on needs; gone once the fold is trained."""
        return self._under("progress.st")

    @property
    def weights(self) -> str:
        """The network of the best epoch."""
        return self._under("weights.st")

    @property
    def trained(self) -> str:
        """The result on validation."""
        return self._under("trained.json")

    @property
    def scored(self) -> str:
        """The result with the test part, written once the setting is selected."""
        return self._under("scored.json")

    @property
    def attention(self) -> str:
        """Pictures of what the network attends to, a zip file."""
        return self._under("attention.zip")


def read_result(store: ObjectStore, key: str) -> FoldResult | None:
    """A stored result, if there is one that this version can read."""
    try:
        return FoldResult.model_validate_json(store.read(key))
    except ObjectNotFoundError:
        return None
    except ValidationError as e:
        _log.warning("%s in %s: not a result of this version (%s); done again", key, store.url, e)
        return None
