import pytest

from ser_platform.leaderboard.published import PUBLISHED

PRINTED = {(row.source, row.model): row for row in PUBLISHED}


@pytest.mark.parametrize(
    ("source", "model", "transcript", "wa", "ua"),
    [
        ("Xu 2019, table 1", "alignment (proposed)", "ASR", 0.704, 0.695),
        ("Xu 2019, table 2", "alignment (proposed)", "oracle", 0.725, 0.709),
        ("Xu 2019, table 2", "dual RNN (Yoon)", "oracle", 0.718, None),
        ("Shen 2020, table 1", "WISE (proposed)", "not stated", 0.759, 0.764),
        ("Shen 2020, table 2", "HR + DMF: no interaction", "not stated", 0.734, 0.741),
    ],
)
def test_figures_are_as_the_papers_print_them(
    source: str, model: str, transcript: str, wa: float, ua: float | None
) -> None:
    row = PRINTED[source, model]
    assert (row.transcript, row.wa, row.ua) == (transcript, wa, ua)


def test_all_rows_of_the_four_tables_are_there() -> None:
    tables = ["Xu 2019, table 1", "Xu 2019, table 2", "Shen 2020, table 1", "Shen 2020, table 2"]
    assert [sum(row.source == table for row in PUBLISHED) for table in tables] == [8, 5, 6, 4]
    assert len(PRINTED) == len(PUBLISHED)


def test_every_row_says_how_far_its_protocol_is_known() -> None:
    assert all("IEMOCAP" in row.note for row in PUBLISHED)
    assert "random folds" in PRINTED["Xu 2019, table 1", "dual RNN (Yoon)"].note
    assert "four sessions train" in PRINTED["Shen 2020, table 1", "LSTM + attention (Xu)"].note
