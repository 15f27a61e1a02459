"""Which study of a name goes on, and which is refused because it has become another one."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from optuna.storages import BaseStorage
from optuna.study import StudySummary

from ser_platform.config.schema import ExperimentFile
from ser_platform.errors import StudyError
from ser_platform.train.prepared import Prepared
from ser_platform.tune import attributes
from ser_platform.tune.history import studies_named
from ser_platform.tune.identity import Identity, difference, of_data, of_file

Resume = Literal["auto", "never", "must"]
"""``auto``: go on with the study of that name, if there is one and it is made of the same.
``never``: make a new one beside it. ``must``: refuse to make one."""


def refuse_other_file(file: ExperimentFile, storage: BaseStorage, resume: Resume) -> None:
    """Refuse what the file alone shows, before anything is prepared.

    Raises:
        StudyError: for studies of that name, none of which is of these settings and this space;
            for none at all, if there must be one.
    """
    known = studies_named(storage, file.name)
    if resume == "must" and not known:
        raise StudyError(f"there is no study '{file.name}' to go on with; leave --resume out")
    if resume != "never" and known and not _matching(known, of_file(file), "file"):
        raise _changed(file, known[-1], of_file(file), "file")


def key_of_study(
    file: ExperimentFile,
    storage: BaseStorage,
    resume: Resume,
    key: str,
    prepared: Mapping[str, Prepared],
) -> str:
    """The key of the study that goes on, or of a new one.

    Args:
        file: what is searched.
        storage: where studies are.
        resume: what the user asked for.
        key: what a new study is called by its identity.
        prepared: the data, by architecture.

    Raises:
        StudyError: when data or code of the studies of that name differ.
    """
    known = studies_named(storage, file.name)
    alike = _matching(known, of_file(file), "file")
    if resume == "never":
        keys = {summary.user_attrs[attributes.KEY] for summary in known}
        taken = [other for other in keys if other.partition("-")[0] == key]
        return f"{key}-{len(taken) + 1}" if taken else key
    same = _matching(alike, of_data(prepared), "data")
    if same:
        return same[-1].user_attrs[attributes.KEY]
    if alike:
        raise _changed(file, alike[-1], of_data(prepared), "data")
    return key


def identity(file: ExperimentFile, prepared: Mapping[str, Prepared]) -> dict[str, Identity]:
    """What a study keeps of itself, to be compared by."""
    return {"file": of_file(file), "data": of_data(prepared)}


def _matching(known: Sequence[StudySummary], own: Identity, part: str) -> list[StudySummary]:
    return [s for s in known if not difference(_identity(s)[part], own)]


def _changed(file: ExperimentFile, summary: StudySummary, own: Identity, part: str) -> StudyError:
    lines = "".join(f"\n  {line}" for line in difference(_identity(summary)[part], own))
    return StudyError(
        f"study {summary.study_name} was made of something else:{lines}\n"
        "Its trials cannot be compared with new ones. Take the change back to go on with it; or "
        f"begin a new study, under another name (--set name={file.name}-2) or beside it "
        "(--resume never)"
    )


def _identity(summary: StudySummary) -> dict[str, Any]:
    return summary.user_attrs[attributes.IDENTITY]
