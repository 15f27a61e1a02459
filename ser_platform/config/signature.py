"""A short name for "the same result": equal settings, equal signature."""

import hashlib
import json
from typing import Any

from ser_platform.config.schema import Experiment
from ser_platform.config.sections import Section

_NOT_IN_RESULTS = {
    "name": True,
    "corpus": {"root"},
    "transcript": {"path", "words"},
    "features": {"device"},
}
"""What it is called, where the same corpus and texts lie, where the same frames are computed;
any other setting counts."""


def signature(section: Section) -> str:
    """Eight hex digits over every setting that can change the result."""
    exclude = _NOT_IN_RESULTS if isinstance(section, Experiment) else None
    text = canonical_json(section.model_dump(mode="json", exclude=exclude))
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def canonical_json(value: Any) -> str:
    """JSON with one spelling per value: what every hash is taken over.

    Raises:
        ValueError: for a number that is not finite.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
