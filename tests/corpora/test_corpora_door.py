"""`corpora check|stats|sample` through the command."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ser_platform.corpora.__main__ import main
from tests.corpora.conftest import Table, recording

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(
    table: Table,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """Exit code and what was printed, the corpus' folder shortened; 24 utterances."""
    rows = ["utterance_id,file,speaker,emotion,transcript"]
    for speaker in "pqrstu":
        for emotion in ("ang", "hap", "neu", "sad"):
            id_ = f"{speaker}_{emotion}"
            (table.root / "wav" / f"{id_}.wav").write_bytes(recording(0.5))
            rows.append(f"{id_},wav/{id_}.wav,{speaker},{emotion},Well then.")
    table.write("manifest.csv", *rows)
    monkeypatch.chdir(tmp_path)
    Path("x.yaml").write_text(
        f"name: x\ncorpus: {{kind: table, root: {table.root}, missing_alignment: even}}\n"
        "split: {by: speaker}\nfeatures: {kind: mfcc39}\nmodel: {kind: wise}\n"
    )

    def call(action: str, *options: str) -> tuple[int, str]:
        code = main([action, "x.yaml", *options])
        return code, capsys.readouterr().out.replace(str(table.root), "<root>")

    return call


def test_a_good_corpus_has_no_problem(run: Run) -> None:
    code, printed = run("check")
    assert code == 0
    assert printed.endswith("mine: 24 utterances, 6 folds, no problems\n")


def test_every_bad_recording_is_listed_not_only_the_first_twenty(run: Run, table: Table) -> None:
    wavs = sorted((table.root / "wav").glob("?_*.wav"))
    for path in wavs[:22]:
        path.write_bytes(b"")
    code, printed = run("check")
    assert code == 1
    assert printed.count("its recording is empty (0 bytes)") >= 22
    assert "problem: u_hap: its recording is empty (0 bytes): <root>/wav/u_hap.wav" in printed
    assert "problem: p_ang: its recording is empty (0 bytes): <root>/wav/p_ang.wav" in printed
    assert (
        "problem: 22 of 24 recordings cannot be used, more than corpus.max_bad_share: 0.005 lets "
        "be left out; mend them, or allow more" in printed
    )


def test_every_problem_of_a_manifest_is_listed(run: Run, table: Table) -> None:
    rows = [f"u{i},wav/gone{i}.wav,zoe,ang,Hi" for i in range(25)]
    table.write("manifest.csv", "utterance_id,file,speaker,emotion,transcript", *rows)
    code, printed = run("check")
    assert code == 1
    assert printed.count("its recording is missing") == 25
    assert printed.endswith("the corpus cannot be read: 25 problems\n")


def test_up_to_the_share_a_bad_recording_is_a_note(run: Run, table: Table) -> None:
    (table.root / "wav" / "p_ang.wav").write_bytes(b"")
    code, printed = run("check", "--set", "corpus.max_bad_share=0.05")
    assert code == 0
    assert "note: 1 of 24 utterances left out" in printed
    assert printed.endswith("mine: 23 utterances, 6 folds, no problems\n")


def test_folds_that_cannot_be_made_are_a_problem(run: Run) -> None:
    code, printed = run("check", "--set", "split.scenarios=2")
    assert code == 1
    assert "problem: split.scenarios needs the scenario of every utterance; 24 of 24" in printed


def test_stats_are_counted_and_drawn(run: Run) -> None:
    code, printed = run("stats")
    assert code == 0
    assert printed.startswith("mine: 24 utterances, 6 speakers\n")
    page = Path(".ser/stats/x/stats.html").read_text()
    assert page.count("<svg") == page.count("<figcaption>") == 4
    for cell in ("24", "0.50", "By speaker"):
        assert cell in page
        assert cell in printed


def test_stats_as_json_hold_the_same_numbers(run: Run) -> None:
    code, printed = run("stats", "--json", "--out", "there")
    assert code == 0
    assert Path("there/stats.html").is_file()
    stats = json.loads(printed)
    whole = stats["whole"]
    assert (stats["format"], stats["speakers"], whole["utterances"]) == (1, 6, 24)
    assert whole["emotions"] == {"ang": 6, "hap": 6, "neu": 6, "sad": 6}
    assert (whole["shortest_s"], whole["longest_s"], whole["words"]) == (0.5, 0.5, 2)
    assert whole["level_db"] == pytest.approx(-40, abs=0.5)  # noise of deviation 0.01
    assert [len(stats["by"][part]) for part in ("session", "speaker", "emotion")] == [6, 6, 4]


def test_a_sample_is_drawn_by_its_seed_from_each_class(run: Run) -> None:
    code, printed = run("sample", "--count", "2")
    assert code == 0
    assert printed.count("<root>/wav/") == 8
    assert "ang: 2 of 6\n" in printed
    assert "    well 0.00-0.25 then 0.25-0.50\n" in printed
    assert run("sample", "--count", "2")[1] == printed
    assert run("sample", "--count", "2", "--seed", "1")[1] != printed


def test_another_action_is_refused(run: Run) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["chekc", "x.yaml"])
