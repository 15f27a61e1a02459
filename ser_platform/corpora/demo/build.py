"""Makes the demo corpus in a folder that appears whole or not at all."""

import hashlib
import json
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from ser_platform.corpora.demo import acting, actors, labels, plan, sound
from ser_platform.corpora.demo.dialogues import Turn
from ser_platform.corpora.demo.lines import FILE, read_lines
from ser_platform.corpora.demo.speech import Synthesiser
from ser_platform.corpora.demo.tree import Recording, write_dialogue

VERSION = 1
"""Raise it with every change to what is made: folders of another version are not read."""
MANIFEST = "SYNTHETIC.json"
STATEMENT = (
    "This speech is synthetic: a machine (espeak-ng) read sentences that were written for "
    "ser_platform. It imitates IEMOCAP's layout and holds nothing of it. "
    "Scores on it mean nothing."
)


def identity(size: str, seed: int) -> dict[str, Any]:
    """What decides the bytes of a corpus, apart from the release of espeak-ng."""
    return {"generator": VERSION, "size": size, "seed": seed, "settings": _settings_digest()}


def build(folder: Path, size: str, seed: int) -> None:
    """Make the corpus; another process that makes the same one at the same time does no harm.

    Raises:
        CorpusError: there is no espeak-ng.
        OSError: the folder cannot be written.
    """
    with _appearing_whole(folder) as unfinished:
        rng = np.random.default_rng(seed)
        espeak = Synthesiser(int(rng.integers(2**31)))
        dialogues = plan.plan(plan.SIZES[size], read_lines(), rng)
        for dialogue in dialogues:
            recordings = [_record(turn, espeak, rng) for turn in dialogue.turns]
            write_dialogue(unfinished, dialogue, recordings, rng)
        manifest = {
            "synthetic": True,
            "statement": STATEMENT,
            **identity(size, seed),
            "espeak_ng": espeak.version,
            "utterances": sum(len(dialogue.turns) for dialogue in dialogues),
        }
        text = json.dumps(manifest, indent=2) + "\n"
        (unfinished / MANIFEST).write_text(text, encoding="utf-8")


def _record(turn: Turn, espeak: Synthesiser, rng: np.random.Generator) -> Recording:
    actor = actors.ACTORS[turn.session, turn.sex]
    performance = acting.act(turn.emotion, actor, rng)
    spoken = espeak.say(turn.text, actor.voice, performance.delivery)
    samples, start_s = sound.recorded(sound.voiced(spoken.samples, performance), rng)
    return Recording(samples, spoken.words, start_s)


@contextmanager
def _appearing_whole(folder: Path) -> Iterator[Path]:
    """A folder beside the wanted one, renamed to it at the end, removed when that fails."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = folder.with_name(f".{folder.name}.{uuid.uuid4().hex}")
    try:
        unfinished.mkdir()
        yield unfinished
        try:
            unfinished.rename(folder)
        except OSError:
            # Someone else was faster; theirs has the same bytes.
            if not (folder / MANIFEST).is_file():
                raise
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _settings_digest() -> str:
    """Of the words, and of every number that the corpus is made with."""
    digest = hashlib.sha256(FILE.read_bytes())
    for module in (actors, acting, labels, plan, sound):
        numbers = {name: value for name, value in vars(module).items() if name.isupper()}
        digest.update(repr(sorted(numbers.items())).encode())
    return digest.hexdigest()[:16]
