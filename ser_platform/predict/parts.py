"""A large corpus as parts that are answered and kept together, and where the answers of each lie.

``answers/v1/<2 hex>/<key>.st``: a key is a digest of all that fixes answers: the model's files,
the engines, the front end, the bytes and the words of every recording.
"""

import dataclasses
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from ser_platform.config.cache import CacheConfig
from ser_platform.config.signature import canonical_json
from ser_platform.errors import FeatureError
from ser_platform.features.audio import cannot_read
from ser_platform.features.plan import Recording
from ser_platform.features.recordings import RecordingDigests
from ser_platform.inference.listener import Listener
from ser_platform.predict.asking import Unanswered
from ser_platform.predict.inputs import Asked

_FORMAT = "v1"
"""Counted up whenever the same recordings are answered otherwise."""
_PER_PART, _MOST_PER_PART, _MOST_BYTES_PER_PART = 32, 128, 64 << 20
"""On average, and at most."""
_HASHED_AT_ONCE = 256
FOLDER = f"answers/{_FORMAT}/"


@dataclass(frozen=True)
class Part:
    """Recordings that are answered and kept together."""

    key: str
    """Where their answers lie."""
    asked: tuple[Asked, ...]
    recordings: tuple[Recording, ...]
    """Those of them that can be read."""
    missing: Mapping[int, Unanswered]
    """By their places the others; they are in no key."""

    @property
    def readable(self) -> list[Asked]:
        """As many as there are recordings."""
        return [one for place, one in enumerate(self.asked) if place not in self.missing]


def parts_of(listener: Listener, asked: Sequence[Asked]) -> Iterator[Part]:
    """Neighbours that are answered and stored together: few enough that little is lost.

    A part ends where the bytes of a recording say so, so that one that comes or goes changes its
    own part and leaves the others as they are.
    """
    members: list[Asked] = []
    found: list[Recording | Unanswered] = []
    size_bytes = 0
    for one, recording, own_bytes in _hashed(asked):
        if members and size_bytes + own_bytes > _MOST_BYTES_PER_PART:
            yield _part(listener, members, found)
            members, found, size_bytes = [], [], 0
        members.append(one)
        found.append(recording)
        size_bytes += own_bytes
        if len(members) == _MOST_PER_PART or _is_last(recording):
            yield _part(listener, members, found)
            members, found, size_bytes = [], [], 0
    if members:
        yield _part(listener, members, found)


def _is_last(recording: Recording | Unanswered) -> bool:
    """Whether a part ends with it."""
    return isinstance(recording, Recording) and int(recording.sha256[:8], 16) % _PER_PART == 0


def _hashed(asked: Sequence[Asked]) -> Iterator[tuple[Asked, Recording | Unanswered, int]]:
    """Each with the digest and the number of its bytes, which are remembered for the next run."""
    digests = RecordingDigests(Path(CacheConfig().folder), "predict")

    def read(one: Asked) -> tuple[Asked, Recording | Unanswered, int]:
        name = str(one.path)
        try:
            found = Recording(one.path.stem, name, digests.of(name))
            return one, found, one.path.stat().st_size
        except FeatureError as error:
            return one, Unanswered(name, str(error)), 0
        except OSError as error:  # gone since it was hashed
            return one, Unanswered(name, cannot_read(name, error)), 0

    # Threads, for folders behind a network; hashing lets the others run.
    try:
        with ThreadPoolExecutor(8) as threads:
            for start in range(0, len(asked), _HASHED_AT_ONCE):
                yield from threads.map(read, asked[start : start + _HASHED_AT_ONCE])
    finally:
        digests.save()


def _part(
    listener: Listener, asked: Sequence[Asked], found: Sequence[Recording | Unanswered]
) -> Part:
    recordings = tuple(one for one in found if isinstance(one, Recording))
    missing = {place: one for place, one in enumerate(found) if isinstance(one, Unanswered)}
    readable = [one for place, one in enumerate(asked) if place not in missing]
    return Part(key_of(listener, readable, recordings), tuple(asked), recordings, missing)


def without(listener: Listener, part: Part, gone: Mapping[str, str]) -> Part:
    """The same part without recordings that cannot be read any more.

    Args:
        listener: the model.
        part: as it was planned.
        gone: by their paths, why.
    """
    by_path = {recording.path: recording for recording in part.recordings}
    found: list[Recording | Unanswered] = []
    for place, one in enumerate(part.asked):
        name = str(one.path)
        if place in part.missing:
            found.append(part.missing[place])
        elif name in gone:
            found.append(Unanswered(name, gone[name]))
        else:
            found.append(by_path[name])
    return _part(listener, part.asked, found)


def key_of(listener: Listener, asked: Sequence[Asked], recordings: Sequence[Recording]) -> str:
    """Where the answers lie, as this machine would give them."""
    inputs = [
        [recording.sha256, one.text, one.words and [dataclasses.asdict(w) for w in one.words]]
        for one, recording in zip(asked, recordings, strict=True)
    ]
    identity = [_FORMAT, identities(listener, asked), inputs]
    name = hashlib.sha256(canonical_json(identity).encode()).hexdigest()
    return f"{FOLDER}{name[:2]}/{name}.st"


def identities(listener: Listener, asked: Sequence[Asked]) -> list[dict[str, object]]:
    """What fixes answers besides the inputs, for each way in which words are given."""
    ways = {(one.text is None, one.words is None): one for one in asked}
    return [listener.identity(ways[way].text, ways[way].words) for way in sorted(ways)]
