"""A short name for "the same result": equal settings, equal signature."""

import hashlib
import json
from typing import Any

from ser_platform.config.schema import Experiment
from ser_platform.config.sections import Section

NOT_IN_RESULTS: dict[str, Any] = {
    "name": True,
    "corpus": {"root"},
    "transcript": {"path", "words", "project"},
    "features": {"device"},
}
"""What it is called, where the same corpus and texts lie, where the same frames are computed; any
other setting counts, that of the aligner where it may be asked."""


def signature(section: Section) -> str:
    """Eight hex digits over every setting that can change the result."""
    exclude: dict[str, Any] | None = None
    if isinstance(section, Experiment):
        unused = {} if section.may_align else {"alignment": True}
        # Only where it differs, so that results from before there was a choice keep their names.
        honest = {"selection": True} if section.selection == "validation" else {}
        exclude = {**NOT_IN_RESULTS, **unused, **honest}
    text = canonical_json(section.model_dump(mode="json", exclude=exclude))
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def canonical_json(value: Any) -> str:
    """JSON with one spelling per value: what every hash is taken over.

    Raises:
        ValueError: for a number that is not finite.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
