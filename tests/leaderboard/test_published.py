import pytest

from ser_platform.leaderboard.published import PUBLISHED
from ser_platform.leaderboard.published_elsewhere import ELSEWHERE
from ser_platform.leaderboard.rank import rank
from ser_platform.leaderboard.reference import protocols, reference_rows

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


@pytest.mark.parametrize(
    ("paper", "model", "wa", "ua"),
    [
        ("SUPERB", "wav2vec 2.0 Base", 0.6343, None),
        ("SUPERB", "HuBERT Large", 0.6762, None),
        ("SUPERB", "WavLM Large", 0.7003, None),
        ("Ma 2023", "emotion2vec", 0.7179, None),
        ("Ma 2023 (on test)", "emotion2vec, selected on test", 0.7448, None),
        ("EmoBox 2024", "Whisper large v3", 0.7286, 0.7354),
        ("SpeechBrain", "wav2vec 2.0 Base, fine-tuned", 0.77, None),
        ("Yoon 2018 (own words)", "MDRE", 0.718, None),
    ],
)
def test_figures_of_others_are_as_their_sources_print_them(
    paper: str, model: str, wa: float, ua: float | None
) -> None:
    (row,) = [r for r in ELSEWHERE if (r.source.partition(", ")[0], r.model) == (paper, model)]
    assert (row.wa, row.ua) == (wa, ua)


def test_every_source_says_what_is_known_of_its_protocol_once() -> None:
    notes = protocols((*PUBLISHED, *ELSEWHERE))
    sources = {row.source.partition(", ")[0] for row in (*PUBLISHED, *ELSEWHERE)}
    assert sources <= set(notes)
    assert all("IEMOCAP" in note or note.startswith("the same") for note in notes.values())


def test_an_empty_board_has_the_papers_rows_only() -> None:
    assert reference_rows(rank([])) == PUBLISHED
