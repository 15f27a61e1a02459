"""The server as a process: its address, its token, its model."""

import gc
import ipaddress
import logging
import os
import re
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import uvicorn

from ser_platform.config.recognition import RecognitionConfig
from ser_platform.errors import ConfigError, EngineError
from ser_platform.features.base import SAMPLE_RATE_HZ
from ser_platform.inference.listener import Listener
from ser_platform.inference.pieces import Question
from ser_platform.inference.threads import spare_threads
from ser_platform.predict.fetch import model_folder
from ser_platform.serve.app import make_app
from ser_platform.serve.limits import Limits

_log = logging.getLogger(__name__)

_TOKEN_FILE = Path(".ser/serve-token")
_LEAST_LETTERS = 16
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Address:
    """Where a server listens, and who may ask."""

    host: str
    port: int
    names: tuple[str, ...] = ()
    """By which it may be called, besides its host."""
    token_file: Path | None = None

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine gets there."""
        try:
            return self.host == "localhost" or ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def hosts(self) -> tuple[str, ...]:
        """All names that it may be called by."""
        return tuple(dict.fromkeys((*_LOOPBACK, self.host, *self.names)))


def serve(
    model: str,
    *,
    uri: str,
    recogniser: RecognitionConfig | None,
    address: Address,
    limits: Limits,
) -> None:
    """Serve a model until a signal ends it.

    Args:
        model: as :func:`model_folder` takes it.
        uri: of MLflow.
        recogniser: hears words that nobody gives.
        address: where.
        limits: how much is taken.

    Raises:
        ConfigError: for a token file that others may read, or that holds too little.
        ModelError: when there is no such model.
    """
    token = token_of(address)
    app = make_app(ready(model, uri, recogniser), limits, address.hosts, token)
    shown = f"[{address.host}]" if ":" in address.host else address.host
    _log.info("serve: %s at http://%s:%d (interface: /docs)", model, shown, address.port)
    uvicorn.run(
        app,
        host=address.host,
        port=address.port,
        log_level="warning",
        server_header=False,
        ws_max_size=2**17,
        timeout_graceful_shutdown=10,
    )


def ready(model: str, uri: str, recogniser: RecognitionConfig | None) -> Listener:
    """A model that has been asked once.

    Raises:
        ModelError: when there is no such model.
    """
    # A path says nothing to clients, and something about this machine.
    name = model if ":/" in model else Path(model).name
    with model_folder(model, uri) as folder:
        listener = Listener(folder, name, recogniser)
    spare_threads(listener.experiment.features)
    # A first question takes longer than any other: before somebody asks one.
    noise = np.random.default_rng(0).normal(scale=300, size=SAMPLE_RATE_HZ).astype(np.int16)
    try:
        listener.answer(Question("warm-up", noise))
    except EngineError as e:
        _log.warning("serve: only recordings that come with their words are answered: %s", e)
        listener.answer(Question("warm-up", noise, "", ()))
    # What is there stays: the collector would look through it for 0.2 s while somebody waits.
    gc.collect()
    gc.freeze()
    return listener


def token_of(address: Address) -> str:
    """What requests have to bear; empty where only this machine gets there and nobody asks for it.

    Raises:
        ConfigError: for a file that others may read, or that holds too little.
    """
    file = address.token_file
    if file is None:
        if address.is_loopback:
            return ""
        file = _TOKEN_FILE
    if not file.exists():
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(opened, "w") as new:
                new.write(secrets.token_urlsafe(32))
        except OSError as e:
            raise ConfigError(
                f"{file}: a token cannot be made here: {e.strerror or e}; name another file "
                "with --token-file"
            ) from e
        _log.info("serve: a token was made: %s", file)
    return token_in(file)


def token_in(file: Path) -> str:
    """What requests have to bear.

    Raises:
        ConfigError: for a file that is not there, that everybody may read, or that holds too
            little.
    """
    try:
        mode = file.stat().st_mode
        token = file.read_text(encoding="utf-8").strip()
    except OSError as e:
        raise ConfigError(f"{file}: the token cannot be read: {e.strerror or e}") from e
    # Its group may: files that Kubernetes mounts belong to root and a group of the pod.
    if mode & (stat.S_IWGRP | stat.S_IRWXO):
        raise ConfigError(f"{file}: others may read this token; chmod 600 {file}")
    if len(token) < _LEAST_LETTERS:
        raise ConfigError(
            f"{file}: {len(token)} characters; a token has {_LEAST_LETTERS} and more, such as "
            "`openssl rand -hex 32` makes"
        )
    if not re.fullmatch(r"[A-Za-z0-9._~-]+", token):
        raise ConfigError(
            f"{file}: browsers send letters, digits and . _ ~ - in the token of a stream, nothing "
            "else; take one that `openssl rand -hex 32` makes"
        )
    return token
