"""From the journal into MLflow, a record at a time; done again, nothing changes."""

from pathlib import Path
from typing import TYPE_CHECKING

from ser_platform.errors import CorruptObjectError
from ser_platform.tracking.journal import Journal
from ser_platform.tracking.records import FilesRecord, ResultRecord

if TYPE_CHECKING:
    from ser_platform.tracking.projection import Projection


def send(record: ResultRecord | FilesRecord, projection: "Projection") -> str:
    """Write a record, and what the study's own numbers are with it.

    After each, and not only after the last: so the history of those numbers is the same whether
    MLflow was there or not.

    Returns:
        Why MLflow refuses the record, now and always; empty when it is written.
    """
    refusal = record.write(projection)
    projection.summarise()
    return refusal


def send_stored(journal: Journal, path: Path, projection: "Projection") -> str:
    """Send a record of the journal and delete it, or set it aside.

    Returns:
        What was set aside, where and why; empty when MLflow has it.
    """
    why, problem = "damaged", ""
    try:
        with journal.opened(path) as record:
            # The end of a study that went on is void; one that did not is written by the caller.
            if isinstance(record, ResultRecord | FilesRecord):
                why, problem = "refused", send(record, projection)
    except CorruptObjectError as e:
        problem = str(e)
    if problem:
        return f"a record is {why} and set aside as {journal.set_aside(path, why)}: {problem}"
    journal.remove(path)
    return ""
