"""What the leaderboard's page does in a real browser, by keyboard, in both schemes, on a phone."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, Request

from ser_platform.leaderboard.page import write_page
from tests.browser import wider_than_the_screen
from tests.leaderboard.page_boards import board

pytestmark = pytest.mark.slow

CONTRAST = """
() => {
  const channels = (text) => {
    const found = text.match(/[\\d.]+/g).map(Number);
    return [found[0], found[1], found[2], found[3] ?? 1];
  };
  const over = (top, below) => [0, 1, 2].map((i) => top[3] * top[i] + (1 - top[3]) * below[i]);
  const ground = (element) => {
    if (!element) return [255, 255, 255];
    const own = channels(getComputedStyle(element).backgroundColor);
    return own[3] === 1 ? own.slice(0, 3) : over(own, ground(element.parentElement));
  };
  const luminance = (colour) => {
    const [r, g, b] = colour.map((c) => c / 255)
      .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const weak = [];
  for (const element of document.querySelectorAll("body *")) {
    const hasText = [...element.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    if (!hasText || !element.checkVisibility()) continue;
    const style = getComputedStyle(element);
    const below = ground(element);
    const ink = channels(element.closest("svg") ? style.fill : style.color);
    const text = over([ink[0], ink[1], ink[2], ink[3] * style.opacity], below);
    const [low, high] = [luminance(text), luminance(below)].sort((a, b) => a - b);
    const ratio = (high + 0.05) / (low + 0.05);
    const what = `${element.tagName} ${element.textContent.trim()}`;
    if (ratio < 4.5) weak.push(`${ratio.toFixed(2)} ${what}`);
  }
  return weak;
}
"""
"""Every visible text with a contrast under 4.5 (WCAG 2.2, AA)."""

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("page") / "board.html"
    write_page(board(), path)
    return path.as_uri()


@pytest.fixture
def opened(browser: Browser, address: str) -> Iterator[Open]:
    """Opens the page; in the end nothing may have been reported on its console."""
    reports: list[str] = []
    contexts = []

    def note(request: Request) -> None:
        if _leaves(request):
            reports.append(request.url)

    def open_page(width: int = 1280, **options: Any) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: reports.append(message.text))
        page.on("pageerror", lambda error: reports.append(str(error)))
        page.on("request", note)
        page.goto(address)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert reports == []


def _leaves(request: Any) -> bool:
    return not request.url.startswith(("file:", "data:"))


def column(page: Page, name: str) -> list[str]:
    """Texts of a column of the first group."""
    return page.evaluate(
        """name => {
          const group = document.querySelector("section.group");
          const at = group.querySelector(`th[data-column=${name}]`).cellIndex;
          return [...group.querySelectorAll(".ranking tbody tr")].filter(row => !row.hidden)
            .map(row => row.cells[at].textContent.trim());
        }""",
        name,
    )


def runs(page: Page, container: str) -> list[str]:
    items = page.locator(f"section.group >> nth=0 >> css={container} > [data-row]")
    return [item.get_attribute("data-row") or "" for item in items.all()]


def test_a_column_is_sorted_by_keyboard_and_the_plot_follows(opened: Open) -> None:
    page = opened()
    assert column(page, "rank") == ["1", "2", "3", "4"]
    heading = page.locator("section.group th[data-column=ua]").first
    heading.locator("button").focus()
    page.keyboard.press("Enter")
    assert heading.get_attribute("aria-sort") == "descending"
    assert column(page, "rank") == ["1", "2", "3", "4"]
    page.keyboard.press("Space")
    assert heading.get_attribute("aria-sort") == "ascending"
    assert column(page, "rank") == ["4", "3", "2", "1"]
    assert runs(page, ".ranking tbody") == runs(page, ".lines") == runs(page, ".rows")


def test_a_filter_leaves_what_matches_and_says_how_many(opened: Open) -> None:
    page = opened()
    page.get_by_label("Filter").fill("ALIGN")
    assert page.locator("output").inner_text() == "1 of 7 systems"
    assert column(page, "model") == ["alignment"]
    assert page.locator("section.group:visible").count() == 1
    page.get_by_label("Filter").fill("")
    page.locator("select[name=protocol]").select_option(index=2)
    assert page.locator("output").inner_text() == "2 of 7 systems"
    page.locator("select[name=protocol]").select_option(index=0)
    assert page.locator("output").inner_text() == ""


def test_a_row_is_opened_by_its_name_and_has_another_beside_it(opened: Open) -> None:
    page = opened()
    details = page.locator("details.opened").first
    for _ in range(2):
        page.locator(".ranking tbody a").first.focus()
        page.keyboard.press("Enter")
        assert details.get_attribute("open") is not None
        # A browser follows a link after the key.
        page.wait_for_function("document.activeElement.tagName === 'SUMMARY'")
    own, other = details.locator(".own .matrix"), details.locator(".other .matrix")
    assert own.inner_text() != other.inner_text()
    details.locator(".other select").select_option(index=2)
    chosen = page.locator("details.opened").nth(3).locator(".own .matrix")
    assert other.text_content() == chosen.text_content()


def test_another_reference_is_tested_against(opened: Open) -> None:
    page = opened()
    before = column(page, "difference")
    assert before[0] == "reference"
    page.get_by_label("Compare with").first.select_option(index=3)
    after = column(page, "difference")
    assert after[3] == "reference"
    # The same pair from its other side: the sign is turned.
    assert after[0].split()[0] == before[3].split()[0].replace("\u2212", "+")
    page.locator(".ranking tbody a").first.click()
    caption = page.locator("details.opened .against").first.inner_text()
    assert "Less 4 · wise · demo (33333333)" in caption


def test_without_scripts_everything_is_there_to_read(opened: Open) -> None:
    page = opened(java_script_enabled=False)
    assert page.locator(".toolbar").is_hidden()
    page.locator("summary").first.click()
    assert page.locator("details.opened .matrix").first.is_visible()


@pytest.mark.parametrize(
    ("name", "width", "scheme"),
    [("light", 1280, "light"), ("dark", 1280, "dark"), ("phone", 390, "light")],
)
def test_all_texts_stand_out_and_the_page_never_scrolls_sideways(
    opened: Open, screenshots: Path, name: str, width: int, scheme: str
) -> None:
    page = opened(width, color_scheme=scheme)
    for details in page.locator("details.opened").all():
        details.evaluate("element => { element.open = true; }")
    page.screenshot(path=screenshots / f"leaderboard-{name}.png", full_page=True)
    assert page.evaluate(CONTRAST) == []
    assert wider_than_the_screen(page) == []


def test_a_caption_stays_readable_on_a_phone_while_its_table_scrolls(opened: Open) -> None:
    page = opened(390)
    for details in page.locator("details.opened").all():
        details.evaluate("element => { element.open = true; }")
    cut = """
    () => [...document.querySelectorAll("caption")].filter((e) => {
      if (!e.checkVisibility()) return false;
      const box = e.closest(".table");
      return [0, box.scrollWidth].some((far) => {
        box.scrollLeft = far;
        const [own, seen] = [e, box].map((each) => each.getBoundingClientRect());
        return own.left < seen.left - 1 || own.right > seen.right + 1;
      });
    }).map((e) => e.textContent)
    """
    assert page.locator("caption:visible").count() > 10
    assert page.evaluate(cut) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_table_wider_than_its_box_has_a_shadow_where_more_of_it_is(
    opened: Open, scheme: str
) -> None:
    page = opened(color_scheme=scheme)
    box = page.locator(".table:has(.ranking)").first
    table = box.locator("table")
    # So wide whatever the letters are.
    table.evaluate("table => { table.style.minWidth = '3000px'; }")
    assert shadows(box) == (False, True)
    box.evaluate("box => { box.scrollLeft = box.scrollWidth; }")
    assert shadows(box) == (True, False)
    table.evaluate(
        "table => { table.style.minWidth = 0; table.innerHTML = '<tr><td>-</td></tr>'; }"
    )
    assert shadows(box) == (False, False)


def shadows(box: Locator) -> tuple[bool, bool]:
    """Whether the left and the right end of a row of pixels are of another colour."""
    with Image.open(io.BytesIO(box.screenshot())) as image:
        pixels = np.asarray(image.convert("L"), dtype=int)
    row = pixels[min(30, len(pixels) // 2)]  # between the caption and the names
    paper = np.median(row)
    return abs(row[1] - paper) > 8, abs(row[-2] - paper) > 8
