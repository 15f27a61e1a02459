"""Seconds and bytes of the leaderboard's page with systems of IEMOCAP's size.

    python tests/benchmarks/leaderboard_page.py [--systems 10]

Seconds are those of this process on a CPU, without ranking, which the terminal needs as well.
"""

import argparse
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from ser_platform.circumstances import Circumstances
from ser_platform.leaderboard.page import write_page
from ser_platform.leaderboard.rank import rank
from ser_platform.results import Predictions, RunResult
from tests.leaderboard.page_boards import logged
from tests.runs import run_result

UTTERANCES, DIALOGUES, FOLDS = 5531, 151, 5


def system(number: int) -> RunResult:
    """Answers at random, of which more are right the higher the number."""
    world, rng = np.random.default_rng(0), np.random.default_rng(number)
    ids = [f"u{n:04d}" for n in range(UTTERANCES)]
    dialogues = np.sort(np.arange(UTTERANCES) % DIALOGUES)
    folds = dialogues * FOLDS // DIALOGUES
    true = world.integers(0, 4, UTTERANCES)
    logits = rng.normal(size=(UTTERANCES, 4))
    logits[np.arange(UTTERANCES), true] += 1 + number / 20
    powers = np.exp(2 * logits)
    probabilities = powers / powers.sum(axis=1, keepdims=True)

    def part(rows: np.ndarray) -> Predictions:
        return Predictions(
            ids=tuple(ids[n] for n in rows),
            speakers=tuple(f"Ses{folds[n]}{'FM'[n % 2]}" for n in rows),
            true=tuple(true[rows].tolist()),
            probabilities=tuple(map(tuple, probabilities[rows].tolist())),
        )

    result = run_result(number, role="final")
    parts = [part(np.flatnonzero(folds == fold)) for fold in range(FOLDS)]
    tested = [
        fold.model_copy(update={"test": parts[n], "validation": parts[n - 1]})
        for n, fold in enumerate(result.folds)
    ]
    known = Circumstances(
        ids=tuple(ids),
        dialogues=tuple(f"dialogue{d}" for d in dialogues),
        sexes=tuple("FM"[n % 2] for n in range(UTTERANCES)),  # pyright: ignore
        styles=tuple("improvised" if d % 2 else "scripted" for d in dialogues),
        seconds=tuple(world.gamma(4, 1.1, UTTERANCES).tolist()),
        words=tuple(world.integers(1, 30, UTTERANCES).tolist()),
    )
    return result.model_copy(update={"folds": tuple(tested), "circumstances": known})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--systems", type=int, default=10)
    systems = parser.parse_args().systems
    board = rank(logged(*(system(n) for n in range(systems))))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "board.html"
        started = time.process_time()
        write_page(board, path)
        seconds, size = time.process_time() - started, path.stat().st_size
    print(f"{systems} systems: {seconds:.1f} s of CPU, {size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
