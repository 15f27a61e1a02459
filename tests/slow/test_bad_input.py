"""A user's mistakes, through the command: one message that names the thing, exit code 2."""

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
import yaml

from ser_platform.tune.__main__ import main
from tests.servers import S3Server, free_port

pytestmark = pytest.mark.slow

Refusal = Callable[..., str]


@pytest.fixture
def corpus(tmp_path: Path, rng: np.random.Generator) -> Path:
    """A table of eight utterances of four speakers in two sessions."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    rows = [["utterance_id", "file", "speaker", "session", "emotion", "transcript"]]
    words = [["utterance_id", "start_s", "end_s", "symbol"]]
    for i in range(16):
        name = f"u{i:02}"
        soundfile.write(folder / f"{name}.wav", rng.normal(scale=0.1, size=16_000), 16_000)
        emotion = ("ang", "hap", "neu", "sad")[i % 4]
        rows.append([name, f"{name}.wav", f"s{i // 4}", str(1 + i // 8), emotion, "well"])
        words.append([name, "0.1", "0.9", "well"])
    for file, lines in (("manifest.csv", rows), ("words.csv", words)):
        with (folder / file).open("w", newline="", encoding="utf-8") as stream:
            csv.writer(stream).writerows(lines)
    return folder


@pytest.fixture
def refusal(
    tmp_path: Path,
    corpus: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Refusal:
    """The message that ``tune`` ends with, exit code 2; nothing is left in the store."""
    monkeypatch.chdir(tmp_path)
    table = {"kind": "table", "root": str(corpus), "words": "words.csv"}
    settings = {
        "name": "bad",
        "corpus": table,
        "features": {"kind": "shortterm34"},
        "model": {"kind": "alignment"},
    }
    (tmp_path / "bad.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")

    def refuse(*overrides: str) -> str:
        arguments = [part for override in overrides for part in ("--set", override)]
        assert main(["bad.yaml", *arguments]) == 2
        assert not list(tmp_path.glob(".ser/store/**/*.st"))
        return capsys.readouterr().err

    return refuse


def test_an_unknown_setting_and_a_wrong_type_are_told_together(refusal: Refusal) -> None:
    message = refusal("model.dropuot=0.2", "train.epochs=many")
    assert "model.dropuot: no such setting; did you mean 'dropout'?" in message
    assert "train.epochs: found 'many'" in message


def test_a_missing_corpus_folder(refusal: Refusal) -> None:
    assert "nowhere" in refusal("corpus.root=nowhere")


def test_a_missing_recording(refusal: Refusal, corpus: Path) -> None:
    (corpus / "u03.wav").unlink()
    assert "u03: its recording is missing" in refusal()


def test_an_empty_recording(refusal: Refusal, corpus: Path) -> None:
    (corpus / "u03.wav").write_bytes(b"")
    assert "u03: its recording is empty (0 bytes)" in refusal()


def test_an_utterance_without_word_times(refusal: Refusal, corpus: Path) -> None:
    path = corpus / "words.csv"
    path.write_text("\n".join(path.read_text().splitlines()[:-1]) + "\n")
    message = refusal()
    assert "no word times for 1 of 16 utterances: u15" in message
    assert "corpus.missing_alignment: even" in message


def test_a_label_outside_the_map(refusal: Refusal, corpus: Path) -> None:
    path = corpus / "manifest.csv"
    path.write_text(path.read_text().replace("sad", "bored"))
    assert "bored" in refusal()


def test_a_store_that_cannot_be_reached(
    refusal: Refusal, monkeypatch: pytest.MonkeyPatch, s3: S3Server
) -> None:
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{free_port()}")
    assert "s3://bucket" in refusal("store=s3://bucket/prefix")


def test_wrong_credentials(
    refusal: Refusal, monkeypatch: pytest.MonkeyPatch, s3: S3Server
) -> None:
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-the-secret")
    message = refusal(f"store=s3://{s3.bucket}/prefix")
    assert "AWS_SECRET_ACCESS_KEY" in message
    assert "not-the-secret" not in message


def test_a_tracking_address_that_can_never_work(refusal: Refusal) -> None:
    assert "tracking.uri" in refusal("tracking.uri=ftp://somewhere")


def test_a_study_storage_that_cannot_be_opened(refusal: Refusal) -> None:
    assert "study.storage" in refusal("study.storage=nodb://somewhere/study")
