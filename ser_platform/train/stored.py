"""Where the folds of a run lie in the object store, and their results read back.

Apart from the training, so that a trial, which only waits for its folds, loads no torch.
"""

import logging
from dataclasses import dataclass
from functools import partial

from pydantic import ValidationError

from ser_platform.results import FoldResult
from ser_platform.storage.base import ObjectStore
from ser_platform.storage.intact import read_or_put_aside
from ser_platform.storage.sealed import sealed_json, unsealed_json

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


def write_result(store: ObjectStore, key: str, result: FoldResult) -> None:
    """Store a result under a seal."""
    store.write(key, sealed_json(key, result.model_dump_json()))


def read_result(store: ObjectStore, key: str) -> FoldResult | None:
    """A stored result, if there is one that is intact and that this version can read.

    What is damaged, or has no seal because an older version wrote it, goes into quarantine.
    """
    content = read_or_put_aside(store, key, partial(unsealed_json, key))
    if content is None:
        return None
    try:
        return FoldResult.model_validate_json(content)
    except ValidationError as e:
        _log.warning("%s in %s: not a result of this version (%s); done again", key, store.url, e)
        return None
