"""A large corpus is cut where its recordings say so."""

from pathlib import Path

import pytest

from ser_platform.inference.listener import Listener
from ser_platform.predict import parts
from ser_platform.predict.asking import Unanswered
from ser_platform.predict.inputs import Asked
from ser_platform.predict.parts import Part, parts_of

WISE = Path(__file__).parents[1] / "inference" / "formats" / "5" / "wise"
NUMBER = 200


@pytest.fixture(scope="module")
def listener() -> Listener:
    return Listener(WISE, "wise")


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Asked]:
    """Files that are only hashed."""
    monkeypatch.chdir(tmp_path)  # digests are remembered below the working folder
    monkeypatch.setattr(parts, "_PER_PART", 8)
    found = []
    for number in range(NUMBER):
        path = tmp_path / f"{number:03}.wav"
        path.write_bytes(b"%d" % number * 50)
        found.append(Asked(path, "well"))
    return found


def keys(found: list[Part]) -> set[str]:
    return {part.key for part in found}


def test_all_are_in_parts_in_their_order(listener: Listener, asked: list[Asked]) -> None:
    found = list(parts_of(listener, asked))
    assert [one for part in found for one in part.asked] == asked
    assert NUMBER / 16 < len(found) < NUMBER / 4
    assert len(keys(found)) == len(found)
    assert keys(list(parts_of(listener, asked))) == keys(found)


@pytest.mark.parametrize("place", [0, 1, NUMBER // 2, NUMBER])
def test_a_recording_that_comes_changes_its_own_part_alone(
    listener: Listener, asked: list[Asked], tmp_path: Path, place: int
) -> None:
    before = keys(list(parts_of(listener, asked)))
    (tmp_path / "new.wav").write_bytes(b"new")
    grown = [*asked[:place], Asked(tmp_path / "new.wav", "well"), *asked[place:]]
    after = keys(list(parts_of(listener, grown)))
    assert len(before - after) <= 1
    assert len(after - before) <= 2


def test_one_that_cannot_be_read_is_in_no_key(listener: Listener, asked: list[Asked]) -> None:
    gone = Asked(asked[0].path.with_name("gone.wav"))
    first, *_ = parts_of(listener, [gone, *asked])
    assert first.missing == {
        0: Unanswered(str(gone.path), f"{gone.path}: no such recording; check the corpus folder")
    }
    assert first.readable == list(first.asked[1:])
    assert first.key == next(parts_of(listener, asked)).key


def test_a_part_has_no_more_bytes_than_it_may(
    listener: Listener, asked: list[Asked], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "_MOST_BYTES_PER_PART", 400)
    found = list(parts_of(listener, asked))
    assert [one for part in found for one in part.asked] == asked
    sizes = [sum(one.path.stat().st_size for one in part.asked) for part in found]
    assert max(sizes) <= 400


def test_how_words_are_given_is_a_part_of_the_key(listener: Listener, asked: list[Asked]) -> None:
    path = asked[0].path
    ways = [Asked(path, "well"), Asked(path, "then"), Asked(path), Asked(path, "well", ())]
    assert len({next(parts_of(listener, [way])).key for way in ways}) == len(ways)
