"""Which recordings lie in which stored shard, and the key of each shard.

A key is a digest of all that fixes the content: the layout of a shard, the extractor and its
settings, the loader, and the id and the bytes of every recording. What changes gets another
key, so nothing stored is ever out of date, and computing twice is harmless.
"""

import hashlib
import struct
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain, groupby

from ser_platform.config.signature import canonical_json
from ser_platform.errors import FeatureError
from ser_platform.features import audio
from ser_platform.features.base import FrameExtractor
from ser_platform.features.recordings import RecordingDigests, read_digest
from ser_platform.utterance import Utterance

SHARD_FORMAT = "v1"
_AT_ONCE = 64  # recordings that a thread hashes without asking for more
_MOST_PER_SHARD = 256  # about 12 MB: few enough requests, small enough to redo


@dataclass(frozen=True, slots=True)
class Recording:
    """An utterance as far as its frames go."""

    id: str
    path: str
    sha256: str
    """Of the bytes of the file."""


@dataclass(frozen=True, slots=True)
class Shard:
    """Recordings of one session that are computed and stored together, in order of their ids."""

    key: str
    recordings: tuple[Recording, ...]


def plan_shards(
    utterances: Sequence[Utterance],
    extractor: FrameExtractor,
    digests: RecordingDigests | None = None,
) -> list[Shard]:
    """Shards by session, then by utterance id.

    Args:
        utterances: in any order.
        extractor: what their frames come from.
        digests: of recordings hashed before; None: every recording is read now.

    Raises:
        FeatureError: for recordings that are missing or unreadable, all of them at once.
        ValueError: for an utterance id that comes twice.
    """
    in_order = sorted(utterances, key=lambda u: (u.session, u.id))
    if len({u.id for u in in_order}) < len(in_order):
        raise ValueError("utterance ids must be unique in a corpus")
    recordings = dict(zip((u.id for u in in_order), hashed(in_order, digests), strict=True))
    shards = []
    for _, of_session in groupby(in_order, key=lambda u: u.session):
        members = [recordings[u.id] for u in of_session]
        for start in range(0, len(members), _MOST_PER_SHARD):
            part = tuple(members[start : start + _MOST_PER_SHARD])
            shards.append(Shard(shard_key(extractor, part), part))
    return shards


def read_recording(recording: Recording) -> bytes:
    """Its file as it was when it was hashed.

    Raises:
        FeatureError: naming the utterance, when it cannot be read, or is another one now.
    """
    try:
        data = audio.read_bytes(recording.path)
    except FeatureError as error:
        raise FeatureError(f"{recording.id}: {error}") from error
    if hashlib.sha256(data).hexdigest() != recording.sha256:
        raise FeatureError(
            f"{recording.id}: {recording.path}: changed while it was read; run again"
        )
    return data


def refuse_problems(problems: Sequence[str]) -> None:
    """Raise what is wrong with some recordings as one error; nothing for none.

    Raises:
        FeatureError: naming the first twenty.
    """
    if not problems:
        return
    shown = "".join(f"\n  {problem}" for problem in problems[:20])
    more = f"\n  ... and {len(problems) - 20} more" if len(problems) > 20 else ""
    count = "a recording" if len(problems) == 1 else f"{len(problems)} recordings"
    raise FeatureError(f"{count} cannot be used:{shown}{more}")


def hashed(
    utterances: Sequence[Utterance], digests: RecordingDigests | None = None
) -> list[Recording]:
    """The recordings of utterances, in their order.

    Args:
        utterances: each has one.
        digests: of recordings hashed before; None: every one is read now.

    Raises:
        FeatureError: for recordings that are missing or unreadable, all of them at once.
    """
    digest_of = read_digest if digests is None else digests.of
    problems: list[str] = []

    def read(part: Sequence[Utterance]) -> list[Recording]:
        recordings = []
        for utterance in part:
            digest = ""
            try:
                digest = digest_of(utterance.audio)
            except FeatureError as error:
                problems.append(f"{utterance.id}: {error}")
            recordings.append(Recording(utterance.id, utterance.audio, digest))
        return recordings

    parts = [utterances[i : i + _AT_ONCE] for i in range(0, len(utterances), _AT_ONCE)]
    # Threads, for folders behind a network; hashing lets the others run.
    with ThreadPoolExecutor(8) as threads:
        recordings = list(threads.map(read, parts))
    if digests is not None:
        digests.save()
    refuse_problems(sorted(problems))
    return list(chain.from_iterable(recordings))


def shard_key(extractor: FrameExtractor, recordings: Iterable[Recording]) -> str:
    """Where the frames of recordings lie, as this machine's version of the extractor has them."""
    parts = [SHARD_FORMAT, canonical_json([extractor.identity(), audio.identity()])]
    for recording in recordings:
        parts += [recording.id, recording.sha256]
    digest = hashlib.sha256()
    for part in parts:
        # With its length before it, no two lists of parts are the same bytes.
        digest.update(struct.pack("<Q", len(part.encode())) + part.encode())
    name = digest.hexdigest()
    return f"features/{SHARD_FORMAT}/{name[:2]}/{name}.st"
