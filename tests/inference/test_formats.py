"""Models that were saved in the past answer as they did then."""

import json
from pathlib import Path

import numpy as np
import pytest

from ser_platform.inference.folder import read_model
from ser_platform.inference.predictor import Predictor
from tests.inference.formats.input import SAID, write_recording

STORED = Path(__file__).with_name("formats")
MODELS = sorted(path.parent for path in STORED.glob("*/*/setting.json"))


def test_every_format_that_was_ever_written_is_stored() -> None:
    formats = {json.loads((model / "setting.json").read_text())["format"] for model in MODELS}
    assert formats == {1, 2, 3, 4, 5}
    assert len(MODELS) == 4 * len(formats)


@pytest.mark.parametrize("model", MODELS, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_a_model_of_any_format_answers_as_it_did(model: Path, tmp_path: Path) -> None:
    recording = tmp_path / "recording.wav"
    write_recording(recording)
    answers = Predictor.load(model).predict([recording] * 2, [SAID, ()])
    then = json.loads((model / "answers.json").read_text())
    np.testing.assert_allclose(answers, then, atol=1e-6)


def test_what_a_format_did_not_say_is_empty_and_not_made_up() -> None:
    older, newest = (read_model(STORED / number / "wise") for number in "45")
    assert (older.temperatures, dict(older.front_end)) == ((), {})
    assert newest.temperatures == (1.5,)
    assert newest.front_end["features"]["kind"] == "mfcc39"  # pyright: ignore
