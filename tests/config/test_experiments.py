"""The experiment files that we ship."""

from pathlib import Path

import pytest

from ser_platform.config import load_experiment_file

FILES = sorted((Path(__file__).parents[2] / "experiments").rglob("*.yaml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_it_is_valid_searches_and_says_how_to_run_it(path: Path) -> None:
    file = load_experiment_file(path)
    assert all(file.search_space(name) for name in file.architectures)
    assert f"python -m ser_platform.tune experiments/{path.name}" in path.read_text(
        encoding="utf-8"
    )


@pytest.mark.parametrize("name", ["wise", "alignment"])
def test_the_papers_own_setting_is_the_first_to_be_tried(name: str) -> None:
    file = load_experiment_file(FILES[0].parent / f"{name}.yaml")
    papers = {"wise": (100, 150, 200, 1), "alignment": (5, 40)}
    model = file.experiment(name).model.model_dump()
    fields = {
        "wise": ("audio_hidden", "text_hidden", "weights", "heads"),
        "alignment": ("heads", "weights"),
    }
    assert tuple(model[field] for field in fields[name]) == papers[name]
