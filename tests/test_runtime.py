"""How Ray is started, and what is said when it does not start."""

import inspect
import logging
import os
import signal
import socket
import stat
import sys
from pathlib import Path

import pytest
import ray
from ray._private import node
from ray.exceptions import AuthenticationError

from ser_platform.errors import WorkersError
from ser_platform.interruption import ending
from ser_platform.runtime.connection import RAY_SETTINGS, cluster

LATE = "The current node timed out during startup."


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home, and a Ray that only takes note of how it is started."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("RAY_ADDRESS", "RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"):
        monkeypatch.delenv(name, raising=False)
    for name, value in RAY_SETTINGS.items():
        monkeypatch.setenv(name, value)  # what is set here is gone after the test
    return tmp_path


def test_a_machine_too_busy_to_start_ray_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ray raises no type of its own, so its words are what it is known by."""
    assert LATE[:-1] in inspect.getsource(node)

    def init(**_: object) -> None:
        raise Exception(f"{LATE} This could happen because")  # as Ray does

    monkeypatch.setattr(ray, "init", init)
    monkeypatch.setattr(os, "getloadavg", lambda: (27.2, 0, 0))
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    with pytest.raises(WorkersError) as caught, cluster():
        pass
    assert str(caught.value) == (
        "Ray did not come up in 5 attempts: this machine is too busy (load average 27 on 2 "
        "cores); run the same command again when it has less to do: what is stored is not repeated"
    )


def test_any_other_failure_of_ray_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def init(**_: object) -> None:
        raise ZeroDivisionError("ours")

    monkeypatch.setattr(ray, "init", init)
    with pytest.raises(ZeroDivisionError), cluster():
        pass


def test_an_address_where_nobody_listens_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
    monkeypatch.setattr(ray, "init", None)
    for said in (address, f"ray://{address}"):
        monkeypatch.setenv("RAY_ADDRESS", said)
        with pytest.raises(WorkersError) as caught, cluster():
            pass
        assert str(caught.value) == (
            f"no Ray cluster answers at RAY_ADDRESS={said}: [Errno 111] Connection refused; start "
            "it, give the token of its RAY_AUTH_MODE, or unset RAY_ADDRESS to run on this machine"
        )


def test_a_token_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def init(**_: object) -> None:
        raise AuthenticationError(
            "RAY_AUTH_TOKEN_PATH is set but file cannot be opened: x. Ensure"
        )

    monkeypatch.setattr(ray, "init", init)
    with pytest.raises(WorkersError) as caught, cluster():
        pass
    assert str(caught.value) == (
        "Ray has no token (RAY_AUTH_TOKEN_PATH is set but file cannot be opened: x); name the "
        "file of the cluster's token with RAY_AUTH_TOKEN_PATH"
    )


def test_ray_takes_no_signal_and_leaves_no_alarm(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its handler in C++ sets one that aborts 3 s later, in the middle of an orderly end."""

    def init(**_: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.alarm(60)

    monkeypatch.setattr(ray, "init", init)
    monkeypatch.setattr(ray, "cluster_resources", lambda: {"CPU": 2})
    before = signal.getsignal(signal.SIGTERM)
    with cluster():
        assert signal.getsignal(signal.SIGTERM) == before
        assert signal.alarm(0) == 0


def test_a_sigterm_while_ray_starts_is_one_as_any_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def init(**_: object) -> None:
        sys.exit(signal.SIGTERM)  # as Ray's handler does

    monkeypatch.setattr(ray, "init", init)
    with pytest.raises(KeyboardInterrupt), cluster():
        pass
    assert ending() == ("terminated", 143)


def test_ray_that_does_not_come_up_at_once_is_started_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    started: list[bool] = []

    def init(**_: object) -> None:
        started.append(True)
        if len(started) == 1:
            raise Exception(LATE)  # as Ray does

    monkeypatch.setattr(ray, "init", init)
    monkeypatch.setattr(ray, "cluster_resources", lambda: {"CPU": 2})
    with caplog.at_level(logging.INFO, "ser_platform"), cluster():
        pass
    assert caplog.messages == [
        "ray: did not come up, attempt 1 of 5",
        "ray: started on this machine, 2 CPUs",
    ]


def test_ray_starts_without_a_dashboard_and_its_token_is_the_users_alone(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[dict[str, object]] = []
    monkeypatch.setattr(ray, "init", lambda **options: started.append(options))
    monkeypatch.setattr(ray, "cluster_resources", lambda: {"CPU": 2})
    token = home / ".ray" / "auth_token"
    with cluster():
        made = token.read_text()
        assert (len(made), stat.S_IMODE(token.stat().st_mode)) == (64, 0o600)
        assert [path.name for path in token.parent.iterdir()] == ["auth_token"]
    token.chmod(0o644)  # as Ray writes it
    with cluster():
        assert (token.read_text(), stat.S_IMODE(token.stat().st_mode)) == (made, 0o600)
    assert [(s["address"], s["include_dashboard"]) for s in started] == 2 * [("local", False)]


def test_a_home_that_takes_no_token_is_told(home: Path) -> None:
    (home / ".ray").write_text("in the way")
    with pytest.raises(WorkersError) as caught, cluster():
        pass
    assert str(caught.value) == (
        f"{home}/.ray/auth_token: File exists; Ray's token lies there: make the folder yours, or "
        "name a file of your own with RAY_AUTH_TOKEN_PATH"
    )


def test_no_worker_unpickles_a_model() -> None:
    assert RAY_SETTINGS["MLFLOW_ALLOW_PICKLE_DESERIALIZATION"] == "false"
