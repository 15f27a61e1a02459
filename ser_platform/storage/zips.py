"""Files in a zip of a store; sizes and names are looked at before anything is unpacked."""

from io import BytesIO
from zipfile import BadZipFile, ZipFile

from ser_platform.errors import CorruptObjectError

MOST_BYTES = 64 << 20
"""Of all files together; ours are some pictures of 100 kB."""


def zipped_files(data: bytes) -> dict[str, bytes]:
    """The files by name.

    Raises:
        CorruptObjectError: for no zip, a damaged one, one that unpacks to more than
            :data:`MOST_BYTES`, or a name that is a path.
    """
    try:
        with ZipFile(BytesIO(data)) as file:
            members = file.infolist()
            size = sum(member.file_size for member in members)
            if size > MOST_BYTES:  # no more than that is read, whatever lies behind it
                raise CorruptObjectError(
                    f"it unpacks to {size} bytes; at most {MOST_BYTES} are expected"
                )
            for member in members:
                if not member.filename or {"/", "\\"} & set(member.filename):
                    raise CorruptObjectError(f"it holds '{member.filename}', which is a path")
            return {member.filename: file.read(member) for member in members}
    except (BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise CorruptObjectError(f"it is no zip that can be read ({error})") from error
