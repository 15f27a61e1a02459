"""The experiment files that we ship."""

from pathlib import Path

import pytest

from ser_platform.config import load_experiment_file
from ser_platform.config.search import holds, value_of
from ser_platform.leaderboard.published import PUBLISHED, Published

SHIPPED = Path(__file__).parents[2] / "experiments"
FILES = sorted(SHIPPED.rglob("*.yaml"))
PAPERS = sorted((SHIPPED / "papers").glob("*.yaml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_it_is_valid_searches_or_sweeps_and_says_how_to_run_it(path: Path) -> None:
    file = load_experiment_file(path)
    name = path.relative_to(SHIPPED.parent).as_posix()
    door = "train" if file.sweep else "tune"
    assert file.sweep or all(file.search_space(name) for name in file.architectures)
    assert f"python -m ser_platform.{door} {name}" in path.read_text(encoding="utf-8")


def test_every_row_of_the_papers_tables_has_its_file_and_no_file_is_without_a_row() -> None:
    assert {path.stem for path in PAPERS} == {row.name for row in PUBLISHED}
    assert len(PAPERS) == len(PUBLISHED)


@pytest.mark.parametrize("row", PUBLISHED, ids=lambda row: row.name)
def test_a_papers_file_names_its_row_and_the_figures_printed_there(row: Published) -> None:
    text = (SHIPPED / "papers" / f"{row.name}.yaml").read_text(encoding="utf-8")
    ua = "-" if row.ua is None else f"{100 * row.ua:.1f}"
    assert f"# {row.source}: " in text
    assert f"printed {100 * row.wa:.1f}/{ua}" in text
    file = load_experiment_file(SHIPPED / "papers" / f"{row.name}.yaml")
    assert (file.transcript.kind == "recognised") == (row.transcript == "ASR")


@pytest.mark.parametrize("path", PAPERS, ids=lambda path: path.stem)
def test_the_papers_own_setting_is_in_the_space_and_so_the_first_to_be_tried(path: Path) -> None:
    file = load_experiment_file(path)
    (name,) = file.architectures
    for setting, domain in file.search_space(name).items():
        assert holds(domain, value_of(file.experiment(name), setting)), setting


@pytest.mark.parametrize("name", ["wise", "alignment"])
def test_the_papers_own_setting_is_the_first_to_be_tried(name: str) -> None:
    file = load_experiment_file(SHIPPED / f"{name}.yaml")
    papers = {"wise": (100, 150, 200, 1), "alignment": (5, 40)}
    model = file.experiment(name).model.model_dump()
    fields = {
        "wise": ("audio_hidden", "text_hidden", "weights", "heads"),
        "alignment": ("heads", "weights"),
    }
    assert tuple(model[field] for field in fields[name]) == papers[name]
