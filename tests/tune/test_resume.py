"""A study goes on as long as it is the same, and says what differs when it is not."""

from pathlib import Path
from typing import Any

import optuna
import pytest
import ray

from ser_platform.config.schema import ExperimentFile
from ser_platform.errors import StudyError
from ser_platform.train.prepared import Prepared
from ser_platform.train.resident import Resident
from ser_platform.tune import attributes
from ser_platform.tune.resume import identity, key_of_study, refuse_other_file
from ser_platform.tune.storage import open_storage
from tests.runs import NOBODY
from tests.tune.studies import both, single

NOWHERE = Resident(ray.ObjectRef.nil(), ray.ObjectRef.nil(), ())


def data(digest: str = "0" * 64, code: str = "c0de") -> dict[str, Prepared]:
    prepared = Prepared(
        folds=(),
        code=code,
        whole=NOWHERE,
        sealed={},
        digest=digest,
        data={},
        phonemes=(),
        corpus="demo",
        utterances="0" * 8,
        synthetic=True,
        circumstances=NOBODY,
    )
    return {"wise": prepared}


@pytest.fixture
def file(tmp_path: Path) -> ExperimentFile:
    return single(tmp_path)


def begun(file: ExperimentFile, key: str = "abc", started_at: float = 1.0, **given: Any) -> None:
    """A study as an earlier run of the command left it."""
    study = optuna.create_study(
        storage=open_storage(file.study.storage), study_name=f"{file.name}-{key}"
    )
    study.set_user_attr(attributes.NAME, file.name)
    study.set_user_attr(attributes.KEY, key)
    study.set_user_attr(attributes.STARTED_AT, started_at)
    study.set_user_attr(attributes.IDENTITY, identity(file, data(**given)))


def changed(file: ExperimentFile, **study: Any) -> ExperimentFile:
    settings = file.model_dump(mode="json")
    settings["study"] |= study
    return ExperimentFile.model_validate(settings, strict=False)


def test_the_same_file_goes_on_with_its_study_whatever_it_is_called(file) -> None:
    begun(file, key="made-by-an-older-hash")
    storage = open_storage(file.study.storage)
    refuse_other_file(file, storage, "auto")
    assert key_of_study(file, storage, "auto", "abc", data()) == "made-by-an-older-hash"


@pytest.mark.parametrize(
    "study", [{"trials": 99}, {"sampler": {"kind": "random"}}, {"pruner": {"kind": "none"}}]
)
def test_how_it_searches_may_change(file, study: dict[str, Any]) -> None:
    begun(file)
    refuse_other_file(changed(file, **study), open_storage(file.study.storage), "auto")


def test_a_changed_space_is_refused_with_the_difference_and_what_to_do(file) -> None:
    begun(file)
    other = changed(file, search={"model.heads": {"choice": [1, 2]}}, seed=7)
    with pytest.raises(StudyError) as refused:
        refuse_other_file(other, open_storage(file.study.storage), "auto")
    assert str(refused.value) == (
        "study x-abc was made of something else:\n"
        '  study.search.model.dropout: {"uniform":[0.1,0.5]} -> nothing\n'
        '  study.search.model.heads: {"choice":[1,2,4]} -> {"choice":[1,2]}\n'
        "  study.seed: 0 -> 7\n"
        "Its trials cannot be compared with new ones. Take the change back to go on with it; or "
        "begin a new study, under another name (--set name=x-2) or beside it (--resume never)"
    )


def test_changed_data_or_code_are_refused_too(file) -> None:
    begun(file)
    with pytest.raises(StudyError) as refused:
        key_of_study(
            file, open_storage(file.study.storage), "auto", "abc", data("1" * 64, code="beef")
        )
    assert '\n  code: "c0de" -> "beef"\n  data of wise: "0000' in str(refused.value)


def test_a_setting_of_an_architecture_is_named_where_the_file_has_it(tmp_path: Path) -> None:
    file = both(tmp_path)
    begun(file)
    settings = file.model_dump(mode="json")
    settings["study"]["architectures"]["wise"]["model"]["text_hidden"] = 99
    other = ExperimentFile.model_validate(settings, strict=False)
    with pytest.raises(
        StudyError, match=r"study\.architectures\.wise\.model\.text_hidden: 150 -> 99"
    ):
        refuse_other_file(other, open_storage(file.study.storage), "auto")


def test_of_several_studies_of_a_name_the_one_that_is_the_same_goes_on(file) -> None:
    begun(file, key="first", started_at=1.0)
    begun(changed(file, seed=7), key="second", started_at=2.0)
    storage = open_storage(file.study.storage)
    assert key_of_study(file, storage, "auto", "x", data()) == "first"


def test_another_can_be_begun_beside_it(file) -> None:
    storage = open_storage(file.study.storage)
    assert key_of_study(file, storage, "never", "abc", data()) == "abc"
    begun(file)
    assert key_of_study(file, storage, "never", "abc", data()) == "abc-2"
    begun(file, key="abc-2", started_at=2.0)
    assert key_of_study(file, storage, "never", "abc", data()) == "abc-3"
    assert key_of_study(file, storage, "auto", "abc", data()) == "abc-2"


def test_a_study_that_must_be_there_is_missed_by_name(file) -> None:
    with pytest.raises(StudyError, match="there is no study 'x' to go on with"):
        refuse_other_file(file, open_storage(file.study.storage), "must")
