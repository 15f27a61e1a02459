"""Sound as it comes, over a WebSocket: running estimates, and in the end an answer.

A client sends ``{"type": "start", "rate_hz": 16000}``, then 16-bit little-endian mono samples as
binary messages, then ``{"type": "end"}``. It gets ``{"type": "estimate", "answer": ...}`` for the
last seconds of what there is, at most once a second, then ``{"type": "answer", "answer": ...}``
for all of it, or ``{"type": "error", "error": ...}``.
"""

import asyncio
import contextlib
import io
import wave
from time import monotonic
from typing import Annotated, Literal

from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.types import Message

from ser_platform.corpora.recordings import HIGHEST_RATE_HZ, LOWEST_RATE_HZ, SHORTEST_S
from ser_platform.errors import SerError
from ser_platform.inference.answer import Answer
from ser_platform.serve.desk import Desk
from ser_platform.serve.gate import PROTOCOL
from ser_platform.serve.limits import TEXT_LETTERS
from ser_platform.serve.problems import Problem, ServeError, problem_of

_EVERY_S = 1.0
_WINDOW_S = 10.0
"""Of the sound that an estimate is about."""
_SAMPLE_BYTES = 2
_GONE = (WebSocketDisconnect, RuntimeError)
"""What Starlette raises when something is sent to a client that has gone."""


class Start(BaseModel):
    """The first message."""

    model_config = ConfigDict(extra="forbid")
    type: Literal["start"]
    rate_hz: Annotated[int, Field(ge=LOWEST_RATE_HZ, le=HIGHEST_RATE_HZ)] = 16_000
    text: Annotated[str, Field(max_length=TEXT_LETTERS)] | None = None
    """What will be said, for the answer; estimates do without."""


class Told(BaseModel):
    """What a client gets."""

    type: Literal["estimate", "answer", "error"]
    answer: Answer | None = None
    error: Problem | None = None


class _Sound:
    """What has come so far."""

    def __init__(self, rate_hz: int, longest_s: float) -> None:
        self._rate_hz, self._most = rate_hz, int(longest_s * rate_hz) * _SAMPLE_BYTES
        self._longest_s, self._data = longest_s, bytearray()

    @property
    def seconds(self) -> float:
        return len(self._data) / _SAMPLE_BYTES / self._rate_hz

    def add(self, chunk: bytes) -> None:
        if len(self._data) + len(chunk) > self._most:
            raise ServeError(
                413, "too_large", f"a stream may last {self._longest_s:g} s, not longer"
            )
        self._data += chunk

    def wav(self, last_s: float | None = None) -> bytes:
        """As a file; only the last seconds where that is asked for."""
        whole = len(self._data) - len(self._data) % _SAMPLE_BYTES
        kept = whole if last_s is None else int(last_s * self._rate_hz) * _SAMPLE_BYTES
        first = max(0, whole - kept)
        file = io.BytesIO()
        with wave.open(file, "wb") as sound:
            sound.setparams((1, _SAMPLE_BYTES, self._rate_hz, 0, "NONE", ""))
            sound.writeframes(bytes(self._data[first:whole]))
        return file.getvalue()


def stream_route(desk: Desk) -> APIRouter:
    """Of a server with this desk."""
    router = APIRouter()

    @router.websocket("/v1/stream")
    async def stream(socket: WebSocket) -> None:
        await socket.accept(PROTOCOL if PROTOCOL in socket.scope["subprotocols"] else None)
        try:
            with desk.streams.taken():
                await _talk(socket, desk)
        except WebSocketDisconnect:
            return  # nobody is there to be told
        except Exception as e:  # noqa: BLE001  # told as any other problem
            told = Told(type="error", error=problem_of(e)[1])
            with contextlib.suppress(*_GONE):
                await _tell(socket, told)
                await socket.close(1008 if isinstance(e, SerError) else 1011)
            return
        await socket.close(1000)

    return router


async def _talk(socket: WebSocket, desk: Desk) -> None:
    start = await _started(socket, desk)
    sound = _Sound(start.rate_hz, desk.limits.sound_s)
    over = asyncio.Event()
    estimates = asyncio.create_task(_estimate(socket, desk, sound, over))
    try:
        async with asyncio.timeout(desk.limits.stream_s):
            await _listen(socket, desk, sound)
    except TimeoutError as e:
        raise ServeError(
            408, "invalid", f"a stream may take {desk.limits.stream_s:g} s, not longer"
        ) from e
    finally:
        # Not cancelled: a thread that works for it would go on, and nobody would count it.
        over.set()
        await estimates
    if sound.seconds < SHORTEST_S:
        raise ServeError(422, "unreadable", f"only {sound.seconds:.3f} s of sound came")
    answer = await desk.answer(sound.wav(), "stream", start.text)
    await _tell(socket, Told(type="answer", answer=answer))


async def _started(socket: WebSocket, desk: Desk) -> Start:
    message = await _received(socket, desk)
    try:
        return Start.model_validate_json(message.get("text") or "")
    except ValidationError as e:
        said = e.errors()[0]["msg"]
        raise ServeError(422, "invalid", f"the first message is no start: {said}") from e


async def _listen(socket: WebSocket, desk: Desk, sound: _Sound) -> None:
    """Take sound in until the client says that this was all."""
    while True:
        message = await _received(socket, desk)
        data, text = message.get("bytes"), message.get("text") or ""
        if data is not None:
            sound.add(data)
        elif text.replace(" ", "") == '{"type":"end"}':
            return
        else:
            raise ServeError(422, "invalid", 'neither sound nor {"type": "end"}')


async def _received(socket: WebSocket, desk: Desk) -> Message:
    try:
        # Not wait_for, which in Python 3.11 may lose the time limit around it.
        async with asyncio.timeout(desk.limits.silent_s):
            message = await socket.receive()
    except TimeoutError as e:
        silent_s = desk.limits.silent_s
        raise ServeError(408, "invalid", f"nothing came for {silent_s:g} s") from e
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", 1005))
    return message


async def _estimate(socket: WebSocket, desk: Desk, sound: _Sound, over: asyncio.Event) -> None:
    """Say what the last seconds sound like; where a model is slower than that, more seldom."""
    told_s, told_at_s = 0.0, -_EVERY_S
    while not over.is_set():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(over.wait(), _EVERY_S / 10)
        is_early = min(sound.seconds - told_s, monotonic() - told_at_s) < _EVERY_S
        if over.is_set() or is_early:
            continue
        told_s, told_at_s = sound.seconds, monotonic()
        try:
            answer = await desk.answer(sound.wav(_WINDOW_S), "stream", None)
        except SerError:
            continue  # of this moment nothing can be said: of the next one perhaps
        with contextlib.suppress(*_GONE):
            await _tell(socket, Told(type="estimate", answer=answer))


async def _tell(socket: WebSocket, told: Told) -> None:
    await socket.send_text(told.model_dump_json(exclude_none=True))
