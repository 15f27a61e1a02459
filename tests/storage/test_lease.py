"""One writer per study: who is refused, who waits, who takes over, and who is told."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import ser_platform
from ser_platform.errors import StoreError, StudyHeldError, StudyTakenError
from ser_platform.process import this_process
from ser_platform.storage import ObjectStore, claim, open_store
from ser_platform.storage.claim import Claim, acquire, claim_key, packed, read_claim
from ser_platform.storage.lease import Lease, held
from ser_platform.storage.local import LocalStore
from tests.fault_proxy import FaultProxy

pytestmark = pytest.mark.slow

ROOT = Path(ser_platform.__file__).parents[1]
HOLDER = """
import sys, time
from ser_platform.errors import SerError
from ser_platform.storage import lease, open_store
lease.BEAT_S = 0.2
try:
    with lease.held(open_store(sys.argv[1]), "tiny", "key", "ser tune tiny.yaml", 2.0) as held:
        print("holds", held.claim.fence, flush=True)
        for line in sys.stdin:
            held.confirm()
            print("writes", flush=True)
except SerError as e:
    print(type(e).__name__, e, flush=True)
"""


@contextmanager
def holder(url: str) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the study until its input ends; confirms at each line of it."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, url],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def ask(process: subprocess.Popen[str]) -> str:
    """Have it commit something; what it says."""
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()
    return said(process)


def current(store: ObjectStore) -> Claim:
    found = read_claim(store, claim_key("key"))
    assert found is not None
    assert found[0] is not None
    return found[0]


def of_another_machine(fence: int = 3) -> Claim:
    """Whether its process lives cannot be seen from here."""
    return Claim(
        study="tiny",
        process="node-7 4711 0",
        numbering="elsewhere",
        command="ser tune tiny.yaml",
        token="a",
        fence=fence,
    )


def leave(store: ObjectStore, found: Claim) -> None:
    store.write(claim_key("key"), packed(claim_key("key"), found))


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beats and looks of hundredths of a second."""
    monkeypatch.setattr("ser_platform.storage.lease.BEAT_S", 0.05)
    monkeypatch.setattr("ser_platform.storage.lease._AGAIN_S", 0.02)
    monkeypatch.setattr(claim, "_LOOK_S", 0.01)
    monkeypatch.setattr(claim, "_PATIENCE_S", 0.1)


def test_a_second_process_is_refused_while_the_first_lives_and_served_once_it_has_let_go(
    tmp_path: Path,
) -> None:
    store = open_store(str(tmp_path))
    with holder(store.url) as first:
        assert said(first) == "holds 1"
        started = time.monotonic()
        with pytest.raises(StudyHeldError) as refusal:
            acquire(store, "tiny", "key", "ser tune tiny.yaml")
        assert time.monotonic() - started < 5
        host = this_process().split()[0]
        assert str(refusal.value) == (
            f"study tiny is run by process {first.pid} on {host} (`ser tune tiny.yaml`), and only "
            "one may write it. `python -m ser_platform.tune status EXPERIMENT` tells how far it "
            "is; end it with `python -m ser_platform.tune stop EXPERIMENT` or with Ctrl-C where "
            "it runs, or wait until it has ended"
        )
        first.communicate("")
    assert current(store).released
    assert acquire(store, "tiny", "key", "").fence == 2


def test_what_a_killed_process_of_this_machine_held_is_taken_over_at_once(tmp_path: Path) -> None:
    store = open_store(str(tmp_path))
    with holder(store.url) as first:
        assert said(first) == "holds 1"
        first.kill()
        first.wait()
        started = time.monotonic()
        assert acquire(store, "tiny", "key", "").fence == 2
        assert time.monotonic() - started < 2


def test_a_stopped_process_is_replaced_when_its_lease_has_stood_still_and_writes_nothing_more(
    tmp_path: Path, quick: None
) -> None:
    store = open_store(str(tmp_path))
    with holder(store.url) as first:
        assert said(first) == "holds 1"
        assert ask(first) == "writes"
        first.send_signal(signal.SIGSTOP)
        with held(store, "tiny", "key", "ser tune tiny.yaml", lease_s=0.5) as second:
            assert second.claim.fence == 2
            first.send_signal(signal.SIGCONT)
            assert ask(first).startswith("StudyTakenError study tiny was taken over by process ")
            second.confirm()


@pytest.mark.slow
def test_two_processes_at_a_real_s3_server(s3_settings, quick: None) -> None:
    store = open_store(f"s3://{s3_settings.bucket}/leases-of-two")
    with holder(store.url) as first:
        assert said(first) == "holds 1"
        with pytest.raises(StudyHeldError):
            acquire(store, "tiny", "key", "")
        first.send_signal(signal.SIGSTOP)
        with held(store, "tiny", "key", "", lease_s=0.5) as second:
            first.send_signal(signal.SIGCONT)
            assert ask(first).startswith("StudyTakenError study tiny was taken over by process ")
            second.confirm()
    assert (current(store).fence, current(store).released) == (2, True)


def test_the_lease_of_another_machine_is_waited_for_with_a_line_of_the_log(
    tmp_path: Path, quick: None, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    store = open_store(str(tmp_path))
    leave(store, of_another_machine())
    assert acquire(store, "tiny", "key", "", lease_s=0.3).fence == 4
    assert caplog.messages == [
        "study  tiny: process 4711 on node-7, who holds it, shows no sign of life; it is taken "
        "over when there is none for 0.3 s",
        "study  tiny: taken over from process 4711 on node-7, which is gone",
    ]


def test_the_same_number_in_another_container_of_the_same_name_is_no_proof_of_death(
    tmp_path: Path, quick: None
) -> None:
    store = open_store(str(tmp_path))
    host = this_process().split()[0]
    leave(store, of_another_machine().model_copy(update={"process": f"{host} 1073741824 0"}))
    started = time.monotonic()
    acquire(store, "tiny", "key", "", lease_s=0.3)
    assert time.monotonic() - started >= 0.3


def test_no_clock_of_anybody_else_is_read(tmp_path: Path, quick: None, monkeypatch) -> None:
    """A holder that lives is one whatever the time is here; F19."""
    monkeypatch.setattr(time, "time", lambda: 0.0)
    store = open_store(str(tmp_path))
    with held(store, "tiny", "key", ""), pytest.raises(StudyHeldError):
        acquire(store, "tiny", "key", "", lease_s=5)


def test_of_two_who_take_over_at_once_one_is_refused(tmp_path: Path, quick: None) -> None:
    class Slow(LocalStore):
        """Somebody else always replaces first."""

        def replace(self, key: str, data: bytes, version: str) -> bool:
            leave(open_store(self.url), of_another_machine(fence=9))
            return super().replace(key, data, version)

    leave(open_store(str(tmp_path)), of_another_machine(fence=3))
    with pytest.raises(StudyHeldError, match="process 4711 on node-7"):
        acquire(Slow(tmp_path), "tiny", "key", "", lease_s=0.1)


def test_a_server_that_ignores_conditions_still_leaves_one_writer(
    tmp_path: Path, quick: None
) -> None:
    class Ignorant(LocalStore):
        def create(self, key: str, data: bytes) -> bool:
            self.write(key, data)
            return True

        def replace(self, key: str, data: bytes, version: str) -> bool:
            self.write(key, data)
            return True

    store = Ignorant(tmp_path)
    first = Lease(store, "key", acquire(store, "tiny", "key", ""))
    second = Lease(store, "key", of_another_machine())
    leave(store, second.claim)  # both believe that they won
    with pytest.raises(StudyTakenError):
        first.confirm()
    second.confirm()


def test_an_answer_that_was_lost_is_no_loss_of_the_lease(tmp_path: Path, quick: None) -> None:
    class Deaf(LocalStore):
        """Stores, and says that it did not: as a repeated request is told."""

        def create(self, key: str, data: bytes) -> bool:
            super().create(key, data)
            return False

        def replace(self, key: str, data: bytes, version: str) -> bool:
            super().replace(key, data, version)
            return False

    store = Deaf(tmp_path)
    with held(store, "tiny", "key", "") as lease:
        lease.confirm()
        assert lease.claim.beat >= 1
    assert current(store).released


def test_who_is_to_know_of_the_loss_is_told_once_by_the_thread_that_renews(
    tmp_path: Path, quick: None
) -> None:
    store, told = open_store(str(tmp_path)), list[StudyTakenError]()
    with held(store, "tiny", "key", "") as lease:
        lease.when_lost(told.append)
        leave(store, of_another_machine())
        wait_until(lambda: bool(told))
        with pytest.raises(StudyTakenError):
            lease.check()
        with pytest.raises(StudyTakenError):
            lease.confirm()
    assert len(told) == 1
    assert current(store).process == "node-7 4711 0"  # and was not let go in its name


@pytest.mark.parametrize("outage", ["none", "short", "longer than the lease"])
@pytest.mark.usefixtures("no_waiting", "quick")
def test_an_outage_of_the_store(
    proxy: FaultProxy, outage: str, caplog: pytest.LogCaptureFixture
) -> None:
    store = open_store("s3://bucket")
    with held(store, "tiny", "key", "", lease_s=0.5) as lease:
        fence = lease.claim.fence
        proxy.always = None if outage == "none" else "internal"
        if outage == "longer than the lease":
            with pytest.raises(StoreError, match="the server kept failing"):
                lease.confirm()
            proxy.always = None
        elif outage == "short":
            proxy.script, proxy.always = ["internal"] * 12, None  # two requests, tried out
        lease.confirm()
        lease.check()
        assert (current(store).fence, current(store).token) == (fence, lease.claim.token)
    warnings = [m for m in caplog.messages if "its lease is not renewed" in m]
    assert len(warnings) <= 1


def test_a_damaged_lease_is_put_aside_once_it_stood_still(tmp_path: Path, quick: None) -> None:
    store = open_store(str(tmp_path))
    store.write(claim_key("key"), b"{}")
    assert acquire(store, "tiny", "key", "", lease_s=0.2).fence == 1
    assert store.read("quarantine/leases/key.json") == b"{}"


def wait_until(is_so: Callable[[], bool]) -> None:
    until_s = time.monotonic() + 10
    while not is_so():
        assert time.monotonic() < until_s
        time.sleep(0.01)
