"""A study while everything around it is killed, slowed and corrupted, and what is true in the end.

    python -m tests.chaos --seed 7 [--faults 6] [--only s3-flip kill-driver]

The seed says what breaks and when; the schedule is printed first. Ends with 1 when anything that
was promised does not hold. Logs and stores stay in the folder that is named.
"""

import argparse
import sys
import time
from pathlib import Path
from tempfile import mkdtemp

from tests.chaos.plan import SORTS, draw
from tests.chaos.report import schedule_lines
from tests.chaos.soak import lines, soak
from tests.chaos.study import GRID, reach


def main() -> int:
    """Draw, run, judge."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--faults", type=int, default=6, help="how many (default: 6)")
    parser.add_argument("--only", nargs="+", choices=list(SORTS), default=[], metavar="KIND")
    parser.add_argument("--trials", type=int, choices=range(2, GRID + 1), default=GRID)
    arguments = parser.parse_args()
    schedule = draw(arguments.seed, arguments.faults, reach(arguments.trials), arguments.only)
    folder = Path(mkdtemp(prefix="chaos-"))
    print("\n".join(schedule_lines(arguments.seed, schedule)), flush=True)
    print(f"everything is kept in {folder}", flush=True)
    started = time.monotonic()
    found = soak(folder, arguments.seed, schedule, arguments.trials)
    report = "\n".join([*schedule_lines(arguments.seed, schedule), *lines(found)])
    (folder / "report.txt").write_text(report + "\n")
    print("\n".join(lines(found)))
    verdict = "all promises hold" if found.holds else "NOT AS PROMISED"
    print(f"{verdict}; {time.monotonic() - started:.0f} s; {folder / 'report.txt'}")
    return 0 if found.holds else 1


if __name__ == "__main__":
    sys.exit(main())
