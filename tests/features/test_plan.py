from pathlib import Path

import pytest

from ser_platform.config.inputs import ShortTerm34Config
from ser_platform.errors import FeatureError
from ser_platform.features import make_extractor
from ser_platform.features.plan import Shard, plan_shards
from ser_platform.utterance import Utterance
from tests.features.conftest import Corpus

CONFIG = ShortTerm34Config()


def plan(utterances: list[Utterance], config: ShortTerm34Config = CONFIG) -> list[Shard]:
    return plan_shards(utterances, make_extractor(config))


def keys(shards: list[Shard]) -> list[str]:
    return [shard.key for shard in shards]


def test_a_shard_has_at_most_256_recordings_of_one_session(corpus: Corpus) -> None:
    (one,) = corpus(per_session=1, sessions=1)
    many = [
        Utterance(f"u{i:04d}", one.audio, "s", 1 if i < 300 else 2, "neu", "") for i in range(310)
    ]
    shards = plan(many)
    assert [len(shard.recordings) for shard in shards] == [256, 44, 10]
    assert [r.id for shard in shards for r in shard.recordings] == [u.id for u in many]


def test_the_order_of_the_corpus_does_not_matter(corpus: Corpus) -> None:
    utterances = corpus()
    assert plan(utterances[::-1]) == plan(utterances)


def test_what_frames_do_not_depend_on_is_not_in_the_key(corpus: Corpus) -> None:
    utterances = corpus()
    relabelled = [
        Utterance(u.id, u.audio, "other", u.session, "ang", "other words") for u in utterances
    ]
    assert keys(plan(relabelled)) == keys(plan(utterances))


def test_the_folder_is_not_in_the_key(corpus: Corpus, tmp_path: Path) -> None:
    utterances = corpus()
    before = keys(plan(utterances))
    (tmp_path / "wav").rename(tmp_path / "moved")
    moved = [
        Utterance(u.id, u.audio.replace("/wav/", "/moved/"), u.speaker, u.session, "neu", "")
        for u in utterances
    ]
    assert keys(plan(moved)) == before


def test_other_bytes_other_ids_or_other_settings_give_another_key(corpus: Corpus) -> None:
    utterances = corpus()
    first, second = keys(plan(utterances))

    assert not set(keys(plan(utterances, ShortTerm34Config(hop_s=0.005)))) & {first, second}
    assert not set(keys(plan(utterances, ShortTerm34Config(version="2018")))) & {first, second}

    u = utterances[0]
    renamed = Utterance("Ses01_F0000", u.audio, u.speaker, u.session, "neu", "")
    changed = keys(plan([renamed, *utterances[1:]]))
    assert changed[0] != first
    assert changed[1] == second

    with Path(u.audio).open("ab") as file:
        file.write(b"\0")
    changed = keys(plan(utterances))
    assert changed[0] != first
    assert changed[1] == second


def test_all_missing_recordings_are_named_at_once(corpus: Corpus) -> None:
    utterances = corpus()
    for u in utterances[1], utterances[4]:
        Path(u.audio).unlink()
    with pytest.raises(FeatureError) as failure:
        plan(utterances)
    assert str(failure.value) == (
        "2 recordings cannot be used:\n"
        f"  Ses01_F001: {utterances[1].audio}: no such recording; check the corpus folder\n"
        f"  Ses02_F001: {utterances[4].audio}: no such recording; check the corpus folder"
    )


def test_of_very_many_twenty_are_named() -> None:
    absent = [Utterance(f"u{i:03d}", "/absent.wav", "s", 1, "neu", "") for i in range(100)]
    with pytest.raises(FeatureError) as failure:
        plan(absent)
    lines = str(failure.value).splitlines()
    assert lines[0] == "100 recordings cannot be used:"
    assert lines[20].startswith("  u019: /absent.wav")
    assert lines[21:] == ["  ... and 80 more"]


def test_an_id_that_comes_twice_is_refused(corpus: Corpus) -> None:
    utterances = corpus()
    with pytest.raises(ValueError, match="ids must be unique"):
        plan([*utterances, utterances[0]])
