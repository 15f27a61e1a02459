"""Ray Serve with the file of cluster/, by its own command: it answers as one process does."""

import json
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import soundfile
import yaml
from pydantic import ValidationError
from websockets.sync.client import connect

from ser_platform.errors import ConfigError
from ser_platform.serve.on_ray import Settings
from ser_platform.serve.server import token_in
from tests.ray_head import ROOT, ray_head
from tests.serve.conftest import MODEL
from tests.servers import free_port

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

CONFIG = Path(__file__).parents[2] / "cluster" / "serve" / "config.yaml"
SERVE = str(Path(sys.executable).parent / "serve")


@pytest.fixture(scope="module")
def token(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("token") / "serve-token"
    path.write_text(secrets.token_urlsafe(32))
    path.chmod(0o640)
    return path


@pytest.fixture(scope="module")
def served(token: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """``host:port`` of what ``serve run`` serves: the configuration of cluster/ with our model."""
    folder = tmp_path_factory.mktemp("served")
    config = yaml.safe_load(CONFIG.read_text())
    config["http_options"]["port"] = port = free_port()
    config["applications"][0]["args"] |= {"model": str(MODEL), "token_file": str(token)}
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    log = folder / "serve.log"
    bearing = {"Authorization": f"Bearer {token.read_text()}"}
    with ray_head({"PYTHONPATH": str(ROOT)}) as head, log.open("wb") as output:
        command = [SERVE, "run", "config.yaml", f"--address={head.address}"]
        process = subprocess.Popen(
            command, cwd=folder, env=head.environment, stdout=output, stderr=output
        )
        try:
            deadline = time.monotonic() + 240
            while not _is_ready(f"http://127.0.0.1:{port}/readyz", bearing):
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(0.5)
            yield f"127.0.0.1:{port}"
            process.terminate()
            process.wait(60)
        finally:
            process.kill()


def _is_ready(url: str, headers: dict[str, str]) -> bool:
    try:
        return httpx.get(url, headers=headers, timeout=5).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


@pytest.fixture
def bearing(served: str, token: Path) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {token.read_text()}"}
    with httpx.Client(base_url=f"http://{served}", headers=headers, timeout=60) as client:
        yield client


def test_it_answers_as_one_process_does(
    bearing: httpx.Client, client: httpx.Client, recording: Path
) -> None:
    def asked(of: httpx.Client) -> dict[str, object]:
        files = {"recording": ("tone.wav", recording.read_bytes())}
        return of.post("/v1/emotion", files=files, data={"text": "well then"}).json()

    assert asked(bearing) == asked(client)


def test_a_stream_is_answered_through_its_proxy(served: str, token: Path, recording: Path) -> None:
    sound = soundfile.read(recording, dtype="int16")[0].astype("<i2").tobytes()
    offered = ["ser.v1", f"bearer.{token.read_text()}"]
    with connect(f"ws://{served}/v1/stream", subprotocols=offered) as stream:  # pyright: ignore
        stream.send(json.dumps({"type": "start", "text": "well"}))
        stream.send(sound)
        stream.send('{"type": "end"}')
        told = json.loads(stream.recv(timeout=60))
        while told["type"] == "estimate":
            told = json.loads(stream.recv(timeout=60))
    assert told["type"] == "answer"
    assert told["answer"]["transcript"] == "well"


def test_who_bears_no_token_sees_the_page_alone(served: str, recording: Path) -> None:
    with httpx.Client(base_url=f"http://{served}", timeout=60) as client:
        assert client.get("/").status_code == 200
        for refused in (
            client.post("/v1/emotion", files={"recording": recording.read_bytes()}),
            client.get("/metrics"),
        ):
            assert refused.status_code == 401
            assert refused.json()["error"]["kind"] == "forbidden"


def test_another_name_is_refused(served: str) -> None:
    found = httpx.get(f"http://{served}/", headers={"Host": "elsewhere.example"})
    assert found.status_code == 403


def test_a_token_that_everybody_reads_or_that_is_not_there_is_refused(token: Path) -> None:
    with pytest.raises(ConfigError, match="the token cannot be read: No such file"):
        token_in(token.with_name("other"))
    for mode in (0o644, 0o660):
        token.chmod(mode)
        with pytest.raises(ConfigError, match="others may read this token"):
            token_in(token)
    token.chmod(0o640)
    assert token_in(token) == token.read_text()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"hosts": []}, "hosts"),
        ({"modle": "x"}, "modle"),
        ({"at_once": 0}, "at_once"),
        ({"token_file": None}, "token_file"),
    ],
)
def test_what_is_no_setting_is_refused(changed: dict[str, object], said: str) -> None:
    told = {"model": "m", "token_file": "t", "hosts": ["localhost"], **changed}
    with pytest.raises(ValidationError, match=said):
        Settings.model_validate(told)
