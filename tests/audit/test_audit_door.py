"""The audit through its command: exit codes, JSON and page."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from ser_platform.audit.__main__ import main
from ser_platform.emotions import EMOTIONS

Run = Callable[..., tuple[int, dict[str, Any], str, str]]


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Three sessions of two speakers, a sentence of each class, each recording its own."""
    rng = np.random.default_rng(0)
    folder = tmp_path / "mine"
    folder.mkdir()
    rows = ["utterance_id,file,speaker,session,emotion,transcript"]
    for session in (1, 2, 3):
        for speaker in (f"{session}F", f"{session}M"):
            for emotion in EMOTIONS:
                id_ = f"{speaker}_{emotion}"
                soundfile.write(folder / f"{id_}.wav", rng.normal(0, 0.1, 4_000), 16_000)
                text = f"{speaker} said {emotion} things to {speaker}"
                rows.append(f"{id_},{id_}.wav,{speaker},{session},{emotion},{text}")
    (folder / "manifest.csv").write_text("\n".join(rows) + "\n")
    return folder


@pytest.fixture
def run(
    corpus: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """Exit code, ``audit.json``, the page, and what was printed."""
    monkeypatch.chdir(tmp_path)
    Path("mine.yaml").write_text(
        f"name: mine\ncorpus: {{kind: table, root: {corpus}, missing_alignment: even}}\n"
        "features: {kind: mfcc39}\nmodel: {kind: wise}\n"
    )

    def call(*options: str) -> tuple[int, dict[str, Any], str, str]:
        code = main(["mine.yaml", *options])
        folder = Path(options[1] if "--out" in options else ".ser/audit/mine")
        report = json.loads((folder / "audit.json").read_text())
        page = (folder / "audit.html").read_text()
        return code, report, page, capsys.readouterr().out

    return call


def test_a_clean_corpus_ends_with_0_and_writes_json_and_a_page_with_its_figures(run: Run) -> None:
    code, report, page, printed = run()
    assert code == 0
    assert set(report) == {
        *("format", "experiment", "corpus", "synthetic", "utterances", "scenarios_apart"),
        *("findings", "leaks", "baselines", "balance"),
    }
    assert (report["format"], report["corpus"], report["utterances"]) == (1, "mine", 24)
    assert {f["severity"] for f in report["findings"]} <= {"forbidden", "warning", "info"}
    for baseline in report["baselines"]:
        score = baseline["scores"]["all"]
        assert (score["utterances"], score["wa"]) == (24, pytest.approx(score["ua"]))
        assert f"{100 * score['ua']:.1f}" in page
        assert f"{100 * score['ua']:.1f}" in printed
    assert [balance["fold"] for balance in report["balance"]] == [
        *("session 1", "session 2", "session 3")
    ]
    assert report["balance"][0]["test"] == dict.fromkeys(EMOTIONS, 2)
    assert "no speakers on two sides" in printed


def test_the_page_is_one_file_that_loads_nothing(run: Run) -> None:
    page = run()[2]
    assert page.count("<svg") == 4
    assert page.count("<figcaption>") == 4
    assert "src=" not in page
    assert "<link" not in page
    assert "<script" not in page


def test_a_copied_recording_ends_with_1_and_is_named(run: Run, corpus: Path) -> None:
    shutil.copy(corpus / "1F_ang.wav", corpus / "3M_sad.wav")
    code, report, page, printed = run("--out", "elsewhere")
    assert code == 1
    first = report["findings"][0]
    assert (first["severity"], first["kind"]) == ("forbidden", "audio")
    for text in (page, printed):
        assert "identical recordings on two sides" in text
        assert "3M_sad" in text


def test_names_are_written_as_text_into_the_page(run: Run, corpus: Path) -> None:
    manifest = corpus / "manifest.csv"
    written = manifest.read_text().replace("1F said ang things", "<script>alert(1)</script> a b")
    manifest.write_text(written.replace("2F said ang things", "<script>alert(1)</script> a b"))
    page = run()[2]
    assert "<script" not in page
