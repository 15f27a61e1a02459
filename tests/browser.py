"""A real Chromium for tests of pages, and where its pictures go: fixtures of conftest.py."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome")

_WIDER = """
() => {
  const width = document.documentElement.clientWidth;
  const scrolls = (element) => element
    && (getComputedStyle(element).overflowX === "auto" || scrolls(element.parentElement));
  const found = () => document.documentElement.scrollWidth <= width ? [] :
    [...document.querySelectorAll("body *")]
      .filter((e) => e.checkVisibility() && !scrolls(e.parentElement))
      .filter((e) => e.getBoundingClientRect().right > width)
      .map((e) => `${e.tagName} to ${Math.round(e.getBoundingClientRect().right)} of ${width} px:`
        + ` ${e.textContent.trim().slice(0, 80)}`);
  const spacing = new CSSStyleSheet();
  spacing.replaceSync(`* { letter-spacing: .12em !important; word-spacing: .16em !important;
    line-height: 1.5 !important; }`);
  const asItIs = found();
  document.adoptedStyleSheets.push(spacing);
  const spaced = found();
  document.adoptedStyleSheets.pop();
  return [...asItIs, ...spaced];
}
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The machine's own Chromium; without one the test is skipped.

    Not for longer than a module: while it is open an event loop runs in this thread, and no other
    test could start one.

    ``SER_BROWSER=required`` makes it a failure, for where one must be.
    """
    found = chromium()
    with sync_playwright() as playwright:
        # Without a sandbox: containers, where tests often run, forbid what it is made of.
        opened = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield opened
        opened.close()


def chromium() -> str:
    """Where the machine's browser is; skips, or fails, without one."""
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None:
        missing = f"no browser: none of {', '.join(_NAMES)} is on the PATH"
        if os.environ.get("SER_BROWSER") == "required":  # noqa: TID251
            pytest.fail(f"{missing}, and SER_BROWSER=required")
        pytest.skip(missing)
    return found


@pytest.fixture
def screenshots(tmp_path: Path) -> Path:
    """``SER_SCREENSHOTS`` keeps them, for people to look at."""
    folder = Path(os.environ.get("SER_SCREENSHOTS", tmp_path))  # noqa: TID251
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def wider_than_the_screen(page: Page) -> list[str]:
    """What makes a page scroll sideways: as it is, and with the spacing of WCAG 2.2, 1.4.12.

    The second stands for the fonts of other machines, whose letters are wider.
    """
    return page.evaluate(_WIDER)
