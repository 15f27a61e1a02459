"""A door, with faults: ``SER_FAULTS="kill@epoch2 hang@epoch3" python -m tests.injection tune X``.

Marks are left in ``SER_MARKS``, a folder.
"""

import os
import sys
from pathlib import Path

from ser_platform.__main__ import main
from tests.injection import injected

if __name__ == "__main__":
    variables = os.environ  # noqa: TID251  # the only way into a command
    injected(variables["SER_FAULTS"].split(), Path(variables["SER_MARKS"]))
    sys.exit(main())
