"""The leaderboard's page, as text; what it does in a browser is in test_page_in_browser.py."""

import io
import re
import wave
from pathlib import Path

import numpy as np
import pytest

from ser_platform.emotions import EMOTIONS
from ser_platform.errors import SerError
from ser_platform.leaderboard.page import page_html, write_page
from ser_platform.leaderboard.page_tests import against_each, in_words
from ser_platform.leaderboard.rank import Board, rank
from ser_platform.tracking.layout import ON_TEST_NOTE, SYNTHETIC_NOTE
from tests.leaderboard.page_boards import HOSTILE, SYNTHETIC, board, final, logged
from tests.strict_html import Element, addresses, read_html


@pytest.fixture(scope="module")
def shown() -> Board:
    return board()


@pytest.fixture(scope="module")
def html(shown: Board) -> str:
    return page_html(shown)


@pytest.fixture(scope="module")
def elements(html: str) -> list[Element]:
    return read_html(html)


def of(elements: list[Element], name: str, **attributes: str) -> list[Element]:
    wanted = {key.rstrip("_").replace("_", "-"): value for key, value in attributes.items()}
    return [e for e in elements if e.name == name and wanted.items() <= e.attributes.items()]


def test_nothing_is_loaded_from_anywhere(html: str, elements: list[Element]) -> None:
    assert all(address.startswith(("#", "data:")) for address in addresses(elements))
    assert not re.search(r"""url\(|@import|https?://|["'(]//""", html)
    (policy,) = of(elements, "meta", http_equiv="Content-Security-Policy")
    assert policy.attributes["content"].startswith("default-src 'none'; ")


def test_every_ranked_row_is_in_the_table_the_plot_and_the_details(
    shown: Board, elements: list[Element]
) -> None:
    runs = [row.run_id for group in shown.groups for row in group.rows]
    assert len(runs) == 7
    for name in ("tr", "li", "details"):
        found = [
            e.attributes["data-row"] for e in of(elements, name) if "data-row" in e.attributes
        ]
        assert found == runs
    assert len(of(elements, "svg", class_="chart")) == 3 * len(runs)
    assert len(of(elements, "table", class_="matrix")) == len(runs)
    assert [e.text for e in of(elements, "td") if e.text == "4 of 5 folds are finished"]


def test_a_cell_shows_the_score_with_its_interval(shown: Board, elements: list[Element]) -> None:
    ua = shown.groups[0].rows[0].evidence.pooled["ua"]
    row = of(elements, "tr", data_row=shown.groups[0].rows[0].run_id)[0]
    value, low, high = (f"{100 * share:.1f}" for share in ua)
    assert f"{value} {low} to {high}" in row.text
    plot = of(elements, "svg", role="img", aria_label=f"UA {value}, 95 % interval {low} to {high}")
    assert len(plot) == 1


def test_names_are_text_and_never_markup(html: str, elements: list[Element]) -> None:
    assert HOSTILE not in html
    assert [e for e in of(elements, "td") if e.text == HOSTILE]
    scripts = of(elements, "script")
    assert len(scripts) == 3 + 1  # tests of three groups, the page's own


def test_banners_stand_where_scores_mean_less(elements: list[Element]) -> None:
    banners = [e.text for e in of(elements, "p") if "banner" in e.attributes.get("class", "")]
    assert banners[:2] == [SYNTHETIC_NOTE, ON_TEST_NOTE]
    assert banners[2].startswith(f"{ON_TEST_NOTE} Chosen without looking,")


def test_printed_figures_stand_beside_results_of_their_corpus_alone() -> None:
    people, machine = (
        page_html(rank(logged(final(1, 0.8, **changes))))
        for changes in ({}, {"protocol": SYNTHETIC, "synthetic": True})
    )
    assert people.count('class="printed"') > 20
    assert machine.count('class="printed"') == 0
    assert "Shen 2020, table 1" in machine  # in their own table


def test_any_row_may_be_the_reference_and_the_other_way_round_only_signs_change(
    shown: Board,
) -> None:
    group = shown.groups[0]
    tests = against_each(group)
    assert set(tests) == {row.run_id for row in group.rows}
    first, last = group.rows[0].run_id, group.rows[-1].run_id
    there, back = tests[first][last].differences["ua"], tests[last][first].differences["ua"]
    assert there.value < 0
    assert (back.value, back.low, back.high) == (-there.value, -there.high, -there.low)
    assert tests[first][last].p_values == tests[last][first].p_values


def test_an_opened_row_shows_mcnemar_as_it_is_and_corrected(shown: Board) -> None:
    group = shown.groups[0]
    leader, *others = group.rows
    tests = against_each(group)[leader.run_id]
    lines = [e.text for e in of(read_html(page_html(shown)), "tr") if e.text.startswith("McNemar")]
    for row, line in zip(others, lines[1 : len(group.rows)], strict=True):
        test, cells = tests[row.run_id], line.removeprefix("McNemar, right answers").split()
        if len(row.results) > 1:
            assert (test.mcnemar, test.mcnemar_holm) == (None, None)
            assert cells == 2 * ["\N{EN DASH}"]
        else:
            assert test.mcnemar is not None
            assert test.mcnemar_holm is not None
            assert cells == [in_words(test.mcnemar), in_words(test.mcnemar_holm)]


def test_of_more_than_twelve_rows_the_best_alone_is_a_reference() -> None:
    (group,) = rank(logged(*(final(n, 0.5 + n / 50) for n in range(13)))).groups
    tests = against_each(group)
    assert list(tests) == [group.rows[0].run_id]
    assert len(tests[group.rows[0].run_id]) == 12


def test_an_empty_board_says_how_to_fill_it() -> None:
    text = " ".join(e.text for e in of(read_html(page_html(Board((), ()))), "section"))
    assert "No complete result is there. Run python -m ser_platform.tune" in text


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(SerError) as error:
        write_page(Board((), ()), tmp_path / "file" / "board.html")
    path = tmp_path / "file" / "board.html"
    reason = "File exists"
    assert str(error.value) == f"--page: {path} cannot be written ({reason}); name another"


def picture() -> bytes:
    from PIL import Image

    file = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 255, (60, 1100, 3), np.uint8)
    Image.fromarray(noise).save(file, "png")
    return file.getvalue()


def spoken(root: Path, *utterances: str) -> None:
    """Six seconds of noise each, where the demo corpus keeps its recordings."""
    folder = root / "Session1" / "sentences" / "wav" / "dialogue"
    folder.mkdir(parents=True)
    samples = np.random.default_rng(0).integers(-3000, 3000, 6 * 16000).astype("<i2")
    for utterance in utterances:
        with wave.open(str(folder / f"{utterance}.wav"), "wb") as file:
            file.setparams((1, 2, 16000, 0, "NONE", "not compressed"))
            file.writeframes(samples.tobytes())


def test_attention_is_heard_only_where_a_machine_spoke(tmp_path: Path) -> None:
    corpus = {"kind": "demo", "root": str(tmp_path)}
    experiment = {"name": "demo", "corpus": corpus, "model": {"kind": "wise"}}
    # Of each class the first right answer: all are equally certain.
    spoken(tmp_path, *(f"fold1-{n}" for n in range(4)))
    for synthetic, sounds in ((True, 4), (False, 0)):
        result = final(1, 0.9, experiment=experiment, synthetic=synthetic)
        pictures = {f"{name}-right.png": picture() for name in EMOTIONS}
        attention = {"0" * 32: pictures}
        text = page_html(rank(logged(result)), attention)
        found = read_html(text)
        assert len(of(found, "img")) == 4
        assert len(of(found, "audio")) == sounds
        assert ("No sound: the corpus's licence" in text) is not synthetic


def test_clips_that_are_not_where_the_corpus_was_are_left_out_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    corpus = {"kind": "demo", "root": "corpora/demo"}
    experiment = {"name": "demo", "corpus": corpus, "model": {"kind": "wise"}}
    result = final(1, 0.9, experiment=experiment, synthetic=True)
    attention = {"0" * 32: {f"{name}-right.png": picture() for name in EMOTIONS}}
    assert "<audio" not in page_html(rank(logged(result)), attention)
    assert caplog.messages == [
        "4 clips of the demo corpus left out of the page: not in corpora/demo; where that is no "
        "full path, run this in the folder that the study ran in"
    ]
    spoken(tmp_path / "corpora/demo", *(f"fold1-{n}" for n in range(4)))
    assert page_html(rank(logged(result)), attention).count("<audio") == 4
    assert len(caplog.messages) == 1


def test_pictures_stop_at_the_page_s_budget_and_the_page_says_so() -> None:
    from ser_platform.leaderboard import pictures

    big = {"0" * 32: {"ang-right.png": picture()}}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pictures, "_BUDGET", 1000)
        text = page_html(rank(logged(final(1, 0.9))), big)
    assert "<img" not in text
    assert f"1 more in MLflow, under attention/ of run {'0' * 32}." in text


def test_a_recall_stands_in_the_row_of_its_class(shown: Board, elements: list[Element]) -> None:
    row = shown.groups[0].rows[0]
    table = of(elements, "table", class_="matrix")[0].text
    for emotion, name in (("ang", "angry"), ("sad", "sad")):
        recall = 100 * row.evidence.recalls[emotion].value
        assert f"{recall:.1f}" in table.rpartition(name)[2]
