"""``python -m ser_platform.predict`` as a person, and a program, sees it."""

import csv
import io
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
from playwright.sync_api import Browser

from ser_platform.corpora import Corpus
from ser_platform.emotions import EMOTIONS
from ser_platform.inference.answer import Answer
from ser_platform.predict.__main__ import main
from tests.browser import wider_than_the_screen

MODELS = Path(__file__).parents[1] / "inference" / "formats" / "5"
WISE = str(MODELS / "wise")
Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def recordings(demo: Corpus, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two recordings with a list of what they say, and a file that is none."""
    folder = tmp_path_factory.mktemp("recordings")
    lines = ["file,transcript"]
    for name, utterance in zip(("one.wav", "two.wav"), demo.utterances, strict=False):
        shutil.copy(utterance.audio, folder / name)
        lines.append(f'{name},"{utterance.transcript}"')
    (folder / "list.csv").write_text("\n".join(lines))
    (folder / "broken.wav").write_bytes(b"no sound")
    return folder


def test_a_person_reads_a_line_for_each_and_warnings_once(recordings, capsys: Capture) -> None:
    assert main([WISE, str(recordings / "list.csv")]) == 0
    out = capsys.readouterr().out
    assert out.count("words are unknown to the model") >= 1
    answered = [line for line in out.splitlines() if line.startswith(str(recordings))]
    assert len(answered) == 2
    assert all(f"{name} 0." in answered[0] for name in EMOTIONS)
    assert " s  " in answered[0]


def test_words_are_shown_with_their_attention(recordings, demo: Corpus, capsys: Capture) -> None:
    one = str(recordings / "one.wav")
    assert main([WISE, one, "--text", demo.utterances[0].transcript]) == 0
    out = capsys.readouterr().out
    for word in demo.utterances[0].words:
        assert f" s  {word.text}" in out
    assert "█" in out


def test_a_program_reads_an_object_per_line_also_of_what_failed(
    recordings, capsys: Capture
) -> None:
    files = [str(recordings / name) for name in ("one.wav", "broken.wav")]
    assert main([str(MODELS / "dual_rnn"), *files, "--json"]) == 1
    first, second = capsys.readouterr().out.splitlines()
    assert Answer.model_validate_json(first).recording == files[0]
    failed = json.loads(second)
    assert failed["recording"] == files[1]
    assert failed["error"].startswith(f"{files[1]}: cannot be decoded")


def test_a_spreadsheet_gets_a_row_for_each(recordings, capsys: Capture) -> None:
    assert main([WISE, str(recordings / "list.csv"), str(recordings / "no.wav"), "--csv"]) == 1
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["recording"][-7:] for row in rows] == ["one.wav", "two.wav", "/no.wav"]
    assert sum(float(rows[0][name]) for name in EMOTIONS) == pytest.approx(1, abs=1e-3)
    assert rows[0]["label"] in EMOTIONS
    assert "no such recording" in rows[2]["error"]
    assert rows[2]["label"] == ""


@pytest.mark.parametrize("kind", ["AIFF", "AU", "W64", "OGG", "MP3"])
def test_whatever_libsndfile_reads_is_taken(
    kind: str, recordings, tmp_path, capsys: Capture
) -> None:
    samples, _ = soundfile.read(recordings / "one.wav")
    path = tmp_path / f"one.{kind.lower()}"
    soundfile.write(path, np.repeat(samples, 2), 44_100 if kind == "AU" else 32_000, format=kind)
    assert main([WISE, str(path), "--text", "well then", "--json"]) == 0
    answer = Answer.model_validate_json(capsys.readouterr().out)
    assert answer.label in EMOTIONS


def test_hours_in_a_small_file_are_refused(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "long.flac"
    with soundfile.SoundFile(path, "w", 8000, 1, format="FLAC") as file:
        for _ in range(5):
            file.write(np.zeros(8000 * 3600, np.int16))
    assert main([WISE, str(path), "--text", "well"]) == 1
    assert "18000 s long; at most 14400 s is expected" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["no/such/model", "a.wav"], "no/such/model: no such folder"),
        (["{tmp}", "a.wav"], "no model: neither setting.json nor artifacts/*/setting.json"),
        (["ser-demo@champion", "a.wav"], "an MLflow model is written models:/NAME@champion"),
        ([WISE, "a.wav", "--recogniser", "ears"], "recogniser 'ears': kind: Input tag 'ears'"),
        (
            [WISE, "a.wav", "--recogniser", "faster_whisper,modle=x"],
            "recogniser 'faster_whisper,modle=x': model: Field required; modle: Extra",
        ),
        ([WISE, "a.wav", "b.wav", "--text", "well"], "--text says what is in one recording"),
        ([WISE, "a.wav", "--store", "s4://x"], "store: no store for 's4://'"),
    ],
)
def test_bad_arguments_are_said_and_end_with_2(
    arguments: list[str], said: str, tmp_path: Path, capsys: Capture
) -> None:
    assert main([a.replace("{tmp}", str(tmp_path)) for a in arguments]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("longest", ["0.01", "-1", "nan", "inf", "long"])
def test_a_stretch_that_could_not_be_cut_is_refused(longest: str, capsys: Capture) -> None:
    with pytest.raises(SystemExit) as caught:
        main([WISE, "a.wav", "--longest", longest])
    assert caught.value.code == 2
    assert "argument --longest: " in capsys.readouterr().err


@pytest.fixture
def page(recordings, tmp_path: Path) -> Path:
    # No place to break a line at, and wider than a telephone.
    long = tmp_path / ("x" * 90)
    long.mkdir()
    for name in ("list.csv", "one.wav", "two.wav"):
        shutil.copy(recordings / name, long / name)
    path = tmp_path / "answers" / "page.html"
    files = [str(long / "list.csv"), str(recordings / "broken.wav")]
    assert main([WISE, *files, "--page", str(path)]) == 1
    return path


@pytest.mark.slow
@pytest.mark.parametrize(("scheme", "width"), [("light", 1100), ("dark", 1100), ("light", 390)])
def test_the_page_shows_and_plays_each_recording(
    page: Path, browser: Browser, screenshots: Path, scheme, width: int
) -> None:
    context = browser.new_context(
        color_scheme=scheme, viewport={"width": width, "height": 900}, offline=True
    )
    shown = context.new_page()
    said: list[str] = []
    shown.on("console", lambda message: said.append(message.text))
    shown.goto(page.as_uri())
    assert shown.locator("section.answer").count() == 2
    assert shown.locator("section.answer svg").count() == 2
    assert "broken.wav" in shown.locator("section").last.inner_text()
    assert wider_than_the_screen(shown) == []
    # The sound is really one.
    lasts_s = shown.locator("audio").first.evaluate(
        "a => new Promise(r => { a.onloadedmetadata = () => r(a.duration); a.load(); })"
    )
    assert 0.5 < lasts_s < 20
    assert said == []
    shown.screenshot(path=screenshots / f"answers-{scheme}-{width}.png", full_page=True)
    context.close()
