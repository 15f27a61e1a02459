"""The page of a server in a real browser: a file is dropped, a microphone is heard."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from ser_platform import serve as page_folder
from ser_platform.pages.drawing import EMOTION_COLOURS
from tests.browser import chromium, wider_than_the_screen
from tests.serve.conftest import Server, serving

pytestmark = pytest.mark.slow

TOKEN = "a-token-only-for-tests-0123456789"


@pytest.fixture
def page(browser: Browser, server: Server):
    context = browser.new_context(viewport={"width": 900, "height": 900})
    shown = context.new_page()
    shown.goto(server.url)
    yield shown
    context.close()


def ask(page: Page, recording: Path, text: str = "well then") -> None:
    page.get_by_label("What is said").fill(text)
    page.locator("#file").set_input_files(recording)


def test_a_file_is_answered_with_its_words(page: Page, recording: Path, screenshots: Path) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    ask(page, recording)
    page.locator("#answer").wait_for()
    assert page.locator("#label").inner_text() in ("angry", "happy", "neutral", "sad")
    assert page.locator(".chance").count() == 4
    assert page.locator("#words").inner_text().split() == ["well", "then"]
    assert "tone.wav, 1.0 s" in page.locator("#about").inner_text()
    lasts_s = page.locator("#sound").evaluate(
        "a => new Promise(r => { a.onloadedmetadata = () => r(a.duration); a.load(); })"
    )
    assert lasts_s == pytest.approx(1.0, abs=0.05)
    assert said == []
    page.screenshot(path=screenshots / "serve-file.png", full_page=True)


def test_emotions_have_the_colours_that_they_have_elsewhere() -> None:
    style = (Path(page_folder.__file__).parent / "page" / "page.css").read_text()
    for name, colour in EMOTION_COLOURS.items():
        assert f".{name} {{ --emotion: {colour}; }}" in style


def test_what_is_no_sound_is_told_where_a_person_looks(page: Page, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no sound")
    ask(page, tmp_path / "notes.txt")
    problem = page.get_by_role("alert")
    problem.wait_for()
    assert "notes.txt: cannot be decoded" in problem.inner_text()


@pytest.mark.parametrize(("scheme", "width"), [("dark", 900), ("light", 390)])
def test_it_is_usable_in_the_dark_and_on_a_phone(
    browser: Browser,
    server: Server,
    recording: Path,
    screenshots: Path,
    tmp_path: Path,
    scheme,
    width: int,
) -> None:
    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 800})
    page = context.new_page()
    page.goto(server.url)
    long = tmp_path / f"{'x' * 90}.wav"
    shutil.copy(recording, long)
    ask(page, long, "w" * 90)
    page.locator("#answer").wait_for()
    assert wider_than_the_screen(page) == []
    page.screenshot(path=screenshots / f"serve-{scheme}-{width}.png", full_page=True)
    context.close()


def test_the_keyboard_reaches_everything(page: Page) -> None:
    reached = set()
    for _ in range(8):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.id || document.activeElement.tagName"))
    assert {"drop", "file", "record", "text", "A"} <= reached


def test_a_token_is_asked_for_where_one_is_needed(
    browser: Browser, tmp_path: Path, recording: Path
) -> None:
    (tmp_path / "token").write_text(TOKEN)
    (tmp_path / "token").chmod(0o600)
    with serving(tmp_path, f"--token-file={tmp_path / 'token'}") as guarded:
        page = browser.new_context().new_page()
        page.goto(guarded.url)
        ask(page, recording)
        page.get_by_label("of this server").wait_for()
        assert "Bearer" in page.get_by_role("alert").inner_text()
        page.get_by_label("of this server").fill(TOKEN)
        page.locator("#file").set_input_files([])
        page.locator("#file").set_input_files(recording)
        page.locator("#answer").wait_for()
        page.context.close()


@pytest.fixture
def heard(browser: Browser, server: Server) -> Iterator[Page]:
    """The page in a browser with Chromium's own pretended microphone, which beeps."""
    options = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    opened = browser.browser_type.launch(
        executable_path=chromium(), args=["--no-sandbox", *options]
    )
    page = opened.new_context(permissions=["microphone"]).new_page()
    page.goto(server.url)
    yield page
    opened.close()


def test_a_microphone_is_heard_and_estimated_while_it_is(heard: Page, screenshots: Path) -> None:
    heard.get_by_role("button", name="Record", exact=True).click()
    heard.get_by_text("so far, the last").wait_for(timeout=60_000)
    assert heard.get_by_role("button", name="Stop").get_attribute("aria-pressed") == "true"
    heard.screenshot(path=screenshots / "serve-recording.png", full_page=True)
    heard.get_by_role("button", name="Stop").click()
    heard.get_by_text("stream, ").wait_for(timeout=60_000)
    assert heard.get_by_role("button", name="Record", exact=True).is_visible()
    assert heard.get_by_role("alert").is_hidden()


COUNTING = """() => {
  window.microphones = [];
  const own = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (asked) => {
    await new Promise((r) => setTimeout(r, 300));  // as long as somebody is asked
    const found = await own(asked);
    window.microphones.push(found);
    return found;
  };
}"""


def test_a_second_recording_is_stopped_while_the_first_is_answered(heard: Page) -> None:
    """The socket of the first closes when its answer is there, which may be late."""
    heard.evaluate(COUNTING)
    for _ in range(2):
        heard.get_by_role("button", name="Record", exact=True).click()
        heard.get_by_role("button", name="Stop").wait_for()
        heard.wait_for_timeout(700)
        heard.get_by_role("button", name="Stop").click()
    heard.get_by_text("stream, ").wait_for(timeout=60_000)
    heard.wait_for_function(
        "window.microphones.length === 2 && window.microphones.every("
        "(m) => m.getTracks().every((track) => track.readyState === 'ended'))"
    )
    assert heard.get_by_role("button", name="Record", exact=True).is_visible()


def test_a_token_that_is_none_opens_no_microphone(heard: Page) -> None:
    heard.evaluate(COUNTING)
    heard.evaluate("document.getElementById('secret').hidden = false")
    heard.evaluate("document.getElementById('token').value = 'a b'")
    heard.get_by_role("button", name="Record", exact=True).click()
    alert = heard.get_by_role("alert")
    alert.wait_for()
    assert "This is no token" in alert.inner_text()
    assert heard.evaluate("window.microphones[0].getTracks()[0].readyState") == "ended"


def test_a_second_click_opens_no_second_microphone(heard: Page) -> None:
    heard.evaluate(COUNTING)
    heard.evaluate("[1, 2, 3].forEach(() => document.getElementById('record').click())")
    heard.get_by_role("button", name="Stop").click()
    heard.get_by_role("button", name="Record", exact=True).wait_for()
    assert heard.evaluate("window.microphones.length") == 1
    heard.wait_for_function(
        "window.microphones[0].getTracks().every((track) => track.readyState === 'ended')"
    )
