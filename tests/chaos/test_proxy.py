"""What is broken, and in which request: progress is counted as it passes by."""

import urllib.error
import urllib.request

import pytest

from tests.chaos.plan import Unit
from tests.chaos.proxy import ChaosProxy, Request

FOLD = "/bucket/prefix/runs/0a/fold1"


def ask(proxy: ChaosProxy, command: str, path: str) -> bytes:
    data = b"x" if command == "PUT" else None
    request = urllib.request.Request(proxy.endpoint + path, data, method=command)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.read()


def test_epochs_and_folds_are_counted_as_they_are_stored(proxy: ChaosProxy) -> None:
    for name in ("progress.st", "progress.st", "weights.st", "trained.json", "scored.json"):
        ask(proxy, "PUT", f"{FOLD}/{name}")
    ask(proxy, "GET", f"{FOLD}/trained.json")
    assert proxy.counts == {"request": 6, "epoch": 2, "fold": 2}
    assert proxy.stored[f"{FOLD}/progress.st"] == 2


def test_who_watches_sees_the_nth_write_before_it_is_stored_and_may_lose_it(
    proxy: ChaosProxy,
) -> None:
    seen: list[tuple[Unit, int]] = []

    def lose_the_second(request: Request, unit: Unit, count: int) -> bool:
        seen.append((unit, count))
        return (unit, count) == ("epoch", 2)

    proxy.watch = lose_the_second
    ask(proxy, "PUT", f"{FOLD}/progress.st")
    with pytest.raises((urllib.error.URLError, ConnectionError)):
        ask(proxy, "PUT", f"{FOLD}/progress.st")
    assert seen == [("request", 1), ("epoch", 1), ("request", 2), ("epoch", 2)]
    assert proxy.stored[f"{FOLD}/progress.st"] == 1


def test_a_flipped_byte_waits_for_an_object_that_is_read(proxy: ChaosProxy) -> None:
    proxy.arm("flip", 1)
    assert ask(proxy, "GET", f"{FOLD}/trained.json") == b"ab"
    ask(proxy, "PUT", f"{FOLD}/trained.json")
    assert proxy.armed == 1
    assert ask(proxy, "GET", f"{FOLD}/trained.json") == b"a" + bytes([ord("b") ^ 0x55])
    assert proxy.armed == 0
