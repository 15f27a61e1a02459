"""Circumstances of utterances, from a corpus and its frames."""

import numpy as np

from ser_platform.circumstances import Circumstances
from ser_platform.features.cache import FrameTable
from ser_platform.features.parts import StoredFrames
from ser_platform.train.given import Given
from ser_platform.transcripts.wer import num_words, word_errors


def circumstances(given: Given, table: FrameTable | StoredFrames) -> Circumstances:
    """Of every utterance of a corpus; its frames tell how long it lasts."""
    seconds = dict(zip(table.ids, (np.diff(table.offsets) * table.hop_s).tolist(), strict=True))
    heard = given.corpus.utterances
    own = {u.id: u for u in (given.said or given.corpus).utterances}
    said = [own[u.id] for u in heard]
    return Circumstances(
        ids=tuple(u.id for u in heard),
        dialogues=tuple(u.dialogue for u in heard),
        sexes=tuple(u.sex for u in heard),
        styles=tuple(u.style for u in heard),
        seconds=tuple(seconds[u.id] for u in heard),
        words=tuple(map(num_words, said)),
        word_errors=None if given.errors is None else tuple(word_errors(said, heard)),
    )
