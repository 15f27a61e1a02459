"""A real Chromium for tests of pages: ``from tests.browser import browser`` is in conftest.py."""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The machine's own Chromium; without one the test is skipped.

    Not for longer than a module: while it is open an event loop runs in this thread, and no other
    test could start one.

    ``SER_BROWSER=required`` makes it a failure, for where one must be.
    """
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None:
        missing = f"no browser: none of {', '.join(_NAMES)} is on the PATH"
        if os.environ.get("SER_BROWSER") == "required":  # noqa: TID251
            pytest.fail(f"{missing}, and SER_BROWSER=required")
        pytest.skip(missing)
    with sync_playwright() as playwright:
        # Without a sandbox: containers, where tests often run, forbid what it is made of.
        opened = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield opened
        opened.close()
