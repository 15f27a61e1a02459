"""The board, the champion and its card in MLflow's own pages, seen with a real browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from ser_platform.leaderboard.show import show
from ser_platform.tracking import ModelFiles
from ser_platform.tracking.board_view import view_key
from ser_platform.tracking.connection import connect
from tests.mlflow_server import mlflow_server
from tests.postgres import PostgresServer
from tests.runs import PROTOCOL, run_result
from tests.tracking.looking import EXPERIMENT, new_tracker

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

OTHER = {**PROTOCOL, "selection": "nested"}
PATIENCE_MS = 60_000
A_PICTURE = "[...document.images].some(image => image.naturalWidth > 700)"
"""Ours are; MLflow's own are small."""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(PATIENCE_MS)
    yield page
    page.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def uri(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A server over either database."""
    if request.param == "sqlite":
        with mlflow_server(tmp_path, request.getfixturevalue("empty_database")) as server:
            yield server.uri
    else:
        postgres: PostgresServer = request.getfixturevalue("postgres")
        with mlflow_server(tmp_path, backend=postgres.url("mlflow")) as server:
            yield server.uri


def log_finals(uri: str, files: ModelFiles) -> None:
    """Two of one protocol, one of another; the first wins its study."""
    tracker = new_tracker(uri, architectures=("wise", "alignment"))
    tracker.start()
    tracker.log(run_result(1, role="final", right=0.6, seed=3), files)
    tracker.log(run_result(2, role="final", right=0.8, architecture="alignment"))
    tracker.log(run_result(3, role="final", right=0.9, architecture="tdnn", protocol=OTHER))
    assert tracker.finish(timeout_s=300) == 0


def test_mlflow_shows_the_board_the_champion_and_its_card(
    uri: str,
    files: ModelFiles,
    page: Page,
    screenshots: Path,
    request: pytest.FixtureRequest,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = screenshots / f"mlflow-{request.node.callspec.params['uri']}"
    log_finals(uri, files)
    log_finals(uri, files)  # which changes nothing
    assert len(connect(uri).search_model_versions("name = 'ser-iemocap'")) == 1
    show(uri, EXPERIMENT)
    own = view_key(run_result().protocol_id)
    (link,) = [line for line in capsys.readouterr().out.split() if line.endswith(own)]
    look_at_board(page, link, folder)
    version = connect(uri).get_model_version_by_alias("ser-iemocap", "champion")
    assert version.tags["ser.champion"].startswith("champion: yes, there was none; ")
    look_at_model(page, uri, version.version, folder)
    look_at_artifacts(page, f"{link.partition('?')[0]}/{version.run_id}/artifacts", folder)


def look_at_board(page: Page, link: str, folder: Path) -> None:
    page.goto(link)
    page.get_by_text("alignment final").first.wait_for()
    page.get_by_text("test_ua_low").first.wait_for()
    page.screenshot(path=folder / "board.png")
    names = page.locator("[row-index] a[href*='/runs/']").all_inner_texts()
    assert [name for name in names if name.endswith("final")] == ["alignment final", "wise final"]
    headers = page.locator("[role=columnheader]").all_inner_texts()
    assert {"test_ua", "test_ua_low", "test_ua_high"} <= {h.strip() for h in headers}


def look_at_model(page: Page, uri: str, version: str, folder: Path) -> None:
    page.goto(f"{uri}/#/models/ser-iemocap")
    page.get_by_text("champion", exact=False).first.wait_for()
    page.screenshot(path=folder / "model.png")
    page.goto(f"{uri}/#/models/ser-iemocap/versions/{version}")
    page.get_by_role("heading", name="For whom it works").wait_for()
    page.screenshot(path=folder / "card.png", full_page=True)


def look_at_artifacts(page: Page, address: str, folder: Path) -> None:
    """Each opens in MLflow's own preview; an open page does not look for another file."""
    for name in ("reliability.png", "curves.png", "confusion.png"):
        page.goto("about:blank")
        page.goto(f"{address}/{name}")
        page.wait_for_function(A_PICTURE)
        page.screenshot(path=folder / name)
    page.goto("about:blank")
    page.goto(f"{address}/model_card.md")
    page.get_by_role("heading", name="For whom it works").wait_for()
    page.screenshot(path=folder / "model_card.png")
