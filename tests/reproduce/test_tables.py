"""What the tables say, from made-up results, and that whatever happens they are written."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from ser_platform.errors import ConfigError
from ser_platform.evidence.assess import assess
from ser_platform.pages.page import Table
from ser_platform.reproduce import reproduction, running
from ser_platform.reproduce.latex import as_latex
from ser_platform.reproduce.markdown import as_markdown
from ser_platform.reproduce.outcome import Outcome, waiting
from ser_platform.reproduce.record import as_json
from ser_platform.reproduce.report import Report, report
from ser_platform.reproduce.rows import PaperRow, load_rows
from ser_platform.reproduce.running import Corpora, run_row
from ser_platform.reproduce.tables import Words, in_full
from ser_platform.storage import open_store
from ser_platform.train.session import Session
from tests.runs import run_result

PAPERS = Path(__file__).parents[2] / "experiments" / "papers"
ROWS = ("xu-t2-text", "xu-t2-concat", "xu-t2-dual-rnn", "xu-t2-alignment")
COMMAND = "python -m ser_platform.reproduce experiments/papers"


def rows(*overrides: str) -> list[PaperRow]:
    return load_rows(PAPERS, overrides, ROWS)


def done(row: PaperRow, right: float, corpus: str = "iemocap", **changes: Any) -> Outcome:
    """A row whose share ``right`` of the answers is right."""
    protocol = {"corpus": corpus, "split": {"by": "session"}}
    result = run_result(role="final", right=right, protocol=protocol, **changes)
    return Outcome(row, "done", (result,), assess([result]))


@pytest.fixture(scope="module")
def iemocap() -> Report:
    """The rows on the papers' corpus: the order of the first two is not as printed."""
    text, concat, dual, alignment = rows()
    failed = Outcome(dual, "failed", reason="fold 3: the loss is nan_ & 5% are | lost")
    return report([done(text, 0.7), done(concat, 0.5), failed, done(alignment, 0.8)], COMMAND)


@pytest.fixture(scope="module")
def demo() -> Report:
    """Two rows on synthetic speech; the others wait."""
    text, concat, dual, alignment = rows("corpus={kind: demo}")
    there = [done(row, 0.6, "demo", synthetic=True) for row in (text, concat)]
    return report([*there, waiting(dual), waiting(alignment)], COMMAND)


def cells(whole: Report) -> dict[str, Sequence[str]]:
    (table,) = in_full(whole).tables
    assert {len(row) for row in table.rows} == {len(table.columns)}
    return {row[0]: row for row in table.rows}


def test_a_row_stands_beside_what_is_printed(iemocap: Report) -> None:
    assert cells(iemocap)["xu-t2-text"] == [
        *("xu-t2-text", "text", "63.3/57.8", "70.0 [70.0, 70.0]", "70.0 [70.0, 70.0]"),
        *("+6.7/+12.2", "3 → 2", "0.004", cells(iemocap)["xu-t2-alignment"][8]),
        *("30 s", "-", "12,345"),
    ]


def test_the_order_is_of_rows_that_are_done_and_have_a_printed_ua(iemocap: Report) -> None:
    order = {name: row[6] for name, row in cells(iemocap).items()}
    assert order == {
        "xu-t2-text": "3 → 2",
        "xu-t2-concat": "2 → 3",
        "xu-t2-dual-rnn": "-",
        "xu-t2-alignment": "1 → 1",
    }


def test_every_row_is_tested_against_the_proposed_one_and_p_is_corrected(
    iemocap: Report,
) -> None:
    text, concat, _, alignment = iemocap.lines
    assert text.test is not None
    assert concat.test is not None
    assert alignment.test is None
    # Ten speakers: all 1024 ways to change sides, of which two are as far apart.
    assert text.test.p_values["ua"] == pytest.approx(2 / 1024)
    assert text.test.holm == pytest.approx({n: 2 * p for n, p in text.test.p_values.items()})
    assert text.test.differences["ua"].value == pytest.approx(-0.1)
    assert cells(iemocap)["xu-t2-alignment"][7] == "proposed"


def test_a_row_that_failed_says_so_in_the_table_and_why_below(iemocap: Report) -> None:
    failed = cells(iemocap)["xu-t2-dual-rnn"]
    assert failed == ["xu-t2-dual-rnn", "dual RNN (Yoon)", "71.8/-", "failed", *["-"] * 8]
    said = "failed: xu-t2-dual-rnn: fold 3: the loss is nan_ & 5% are | lost"
    assert said in in_full(iemocap).notes


def test_figures_of_another_corpus_are_not_subtracted_and_a_banner_says_why(
    demo: Report, iemocap: Report
) -> None:
    assert in_full(iemocap).warnings == ()
    assert in_full(demo).warnings == (
        "Synthetic speech: scores mean nothing about people.",
        "Printed figures are of IEMOCAP, ours of demo: they cannot be compared. What can be read "
        "is the order of the systems, and the paired tests between ours.",
    )
    text = cells(demo)["xu-t2-text"]
    assert text[5:8] == ["another corpus", "2 → 1", "-"]  # equal scores share the first place
    later = "not run: xu-t2-dual-rnn, xu-t2-alignment: the same command goes on with them"
    assert later in in_full(demo).notes


def test_several_seeds_are_one_row_of_means() -> None:
    text, *_ = rows()
    results = tuple(
        run_result(n, role="final", right=right, seed=n, protocol={"corpus": "iemocap"})
        for n, right in enumerate((0.6, 0.8))
    )
    whole = report([Outcome(text, "done", results, assess(results))], COMMAND)
    assert cells(whole)["xu-t2-text"][3:6:2] == ["70.0 [70.0, 70.0]", "+6.7/+12.2"]
    assert cells(whole)["xu-t2-text"][9] == "60 s"
    assert "Scores are means over 2 seeds of training." in in_full(whole).notes


WORDS = Words(
    warnings=("Of _another_ corpus",),
    head=("Made by: it",),
    tables=(Table("Xu 2019, table 2", ("row", "WA"), [["a_b", "7 [6, 8]"], ["c|d", "50%"]], 1),),
    notes=("lost: 5% & <more>\nof it",),
)


def test_markdown_is_whole_and_takes_nothing_for_its_own() -> None:
    assert as_markdown(WORDS) == (
        "**Of \\_another\\_ corpus**\n\n"
        "Made by: it\n\n"
        "### Xu 2019, table 2\n\n"
        "| row | WA |\n| --- | ---: |\n| a\\_b | 7 [6, 8] |\n| c\\|d | 50% |\n\n"
        "- lost: 5% & \\<more> of it\n"
    )


def test_latex_is_whole_and_takes_nothing_for_its_own() -> None:
    assert as_latex(WORDS) == (
        "% needs \\usepackage{booktabs} and \\usepackage{graphicx}\n"
        "% Made by: it\n"
        "\\noindent\\textbf{Of \\_another\\_ corpus}\\par\n"
        "\\begin{table*}\n"
        "  \\centering\n"
        "  \\caption{Xu 2019, table 2}\n"
        "  \\label{tab:xu-2019--table-2}\n"
        "  \\resizebox{\\textwidth}{!}{%\n"
        "  \\begin{tabular}{lr}\n"
        "    \\toprule\n"
        "    row & WA \\\\\n"
        "    \\midrule\n"
        "    a\\_b & 7 [6, 8] \\\\\n"
        "    c|d & 50\\% \\\\\n"
        "    \\bottomrule\n"
        "  \\end{tabular}}\n"
        "\\end{table*}\n"
        "\\begin{itemize}\n"
        "  \\item lost: 5\\% \\& \\textless{}more\\textgreater{} of it\n"
        "\\end{itemize}\n"
    )


def test_the_record_has_everything_unrounded(iemocap: Report) -> None:
    record = json.loads(as_json(iemocap))
    assert (record["corpus"], record["comparable"], record["synthetic"]) == (
        "iemocap",
        True,
        False,
    )
    text, _, dual, _ = record["rows"]
    assert text["difference"] == pytest.approx({"wa": 0.7 - 0.633, "ua": 0.7 - 0.578})
    assert text["evidence"]["pooled"]["ua"] == pytest.approx([0.7, 0.7, 0.7])
    assert (text["seconds"], text["gpu_seconds"], text["num_parameters"]) == (30.0, 0.0, 12_345)
    assert dual["state"] == "failed"
    assert dual["reason"].startswith("fold 3: ")


def test_a_row_whose_corpus_is_not_there_fails_and_says_why(tmp_path: Path) -> None:
    store = f"store={tmp_path}/store"
    first = rows(f"corpus.root={tmp_path}/absent", store)[0]
    outcome = run_row(cast(Session, None), first, Corpora(), 1)
    assert outcome.state == "failed"
    assert f"{tmp_path}/absent" in outcome.reason


def test_features_of_all_rows_are_computed_before_workers_hold_the_cpus(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    steps: list[str] = []

    @contextmanager
    def opened(*_: object) -> Iterator[bool]:
        steps.append("workers" if steps else "cluster")
        yield False

    given = SimpleNamespace(corpus=SimpleNamespace(synthetic=False))
    monkeypatch.setattr(running, "cluster", opened)
    monkeypatch.setattr(running, "staffed", opened)
    monkeypatch.setattr(running, "worker_groups", lambda *_, **__: 1)
    monkeypatch.setattr(Corpora, "first", lambda *_: given)
    monkeypatch.setattr(Corpora, "fill", lambda _, row: steps.append(row.name))
    with running.open_rows(rows(), Corpora(), 1):
        assert steps == ["cluster", *ROWS, "workers"]


def test_where_no_row_can_be_run_nothing_starts() -> None:
    asr = load_rows(PAPERS, ["corpus={kind: demo}"], ["xu-t1-text-asr"])
    with pytest.raises(ConfigError, match=r"^no row can be run; xu-t1-text-asr: it reads recog"):
        Corpora().first(asr)


@pytest.mark.parametrize("ends", ["a failure", "Ctrl-C"])
def test_what_is_done_is_written_whatever_ends_it(
    ends: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    attached: dict[str, bytes] = {}
    tracker = SimpleNamespace(attach=attached.update)
    lease = SimpleNamespace(confirm=lambda: None)

    @contextmanager
    def opened(*_: object) -> Iterator[Any]:
        store = open_store(str(tmp_path / "store"))
        yield SimpleNamespace(store=store, key="k", tracker=tracker, lease=lease)

    def run(_session: object, row: PaperRow, *_: object) -> Outcome:
        if row.name == "xu-t2-text":
            return done(row, 0.7)
        if ends == "Ctrl-C":
            raise KeyboardInterrupt
        return Outcome(row, "failed", reason="no such vectors")

    monkeypatch.setattr(reproduction, "open_rows", opened)
    monkeypatch.setattr(reproduction, "run_row", run)
    copies = {reproduction.MARKDOWN: tmp_path / "new" / "tables.md"}
    if ends == "Ctrl-C":
        with pytest.raises(KeyboardInterrupt):
            reproduction.reproduce(rows(), 1, COMMAND, copies)
    else:
        assert reproduction.reproduce(rows(), 1, COMMAND, copies) == 1
    written = (tmp_path / "new" / "tables.md").read_bytes()
    stored = tmp_path / "store" / "reproductions" / "k" / "reproduction.md"
    assert stored.read_bytes() == written == attached["reproduction/reproduction.md"]
    others = "not run" if ends == "Ctrl-C" else "failed"
    assert written.decode().count(f"| {others} |") == 3
    assert "| 70.0 [70.0, 70.0] |" in written.decode()
    assert str(stored) in capsys.readouterr().out
