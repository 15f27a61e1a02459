"""Who gets in: known hosts, no page of another site, the token, so many, so much, so soon."""

import asyncio
import hmac
from collections.abc import Collection
from contextlib import ExitStack
from time import monotonic
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ser_platform.serve.limits import Limits
from ser_platform.serve.places import Places
from ser_platform.serve.problems import ServeError, as_response

PROTOCOL = "ser.v1"
"""Of the stream: what a WebSocket's client offers, beside ``bearer.<token>`` where it must."""
_OPEN = ("/", "/healthz", "/readyz", "/docs", "/openapi.json")
"""What says nothing of anybody's recordings; a browser has no token for a page."""
_OPEN_FOLDERS = ("/static/",)


class Gate:
    """Stands before an application.

    Args:
        app: behind it.
        hosts: names under which it may be called; another one comes from a page that made its
            own name point here (DNS rebinding).
        token: that every request but for health and the page has to bear; empty: none.
        limits: of bodies.
        places: of requests that have one.
    """

    def __init__(
        self, app: ASGIApp, hosts: Collection[str], token: str, limits: Limits, places: Places
    ) -> None:
        self._app, self._hosts = app, {host.lower() for host in hosts}
        self._token, self._limits, self._places = token, limits, places

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or say why not (the interface of ASGI)."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        with ExitStack() as place:
            try:
                self._check(scope, Headers(scope=scope))
                if scope["type"] == "http" and scope["method"] == "POST":
                    place.enter_context(self._places.taken())
            except ServeError as e:
                if scope["type"] == "websocket":
                    await send({"type": "websocket.close", "code": 1008, "reason": str(e)[:120]})
                else:
                    await as_response(e)(scope, receive, send)
                return
            if scope["type"] == "http":
                await self._bounded(scope, receive, send)
            else:
                await self._app(scope, receive, send)

    def _check(self, scope: Scope, headers: Headers) -> None:
        host = _host_of(f"//{headers.get('host', '')}")
        if host not in self._hosts:
            raise ServeError(
                403, "forbidden", f"this server is not called '{host}'; --allow-host adds a name"
            )
        origin = headers.get("origin")
        if origin == "null":
            raise ServeError(403, "forbidden", "a page without an origin may not ask this server")
        if origin and (_host_of(origin) != host or _netloc(origin) != headers["host"].lower()):
            raise ServeError(403, "forbidden", "a page of another site may not ask this server")
        path = scope["path"]
        if path not in _OPEN and not path.startswith(_OPEN_FOLDERS) and not self._bears(headers):
            raise ServeError(401, "forbidden", "no, or a wrong, 'Authorization: Bearer TOKEN'")
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > self._limits.body_bytes:
            raise self._too_large()

    def _bears(self, headers: Headers) -> bool:
        if not self._token:
            return True
        given = headers.get("authorization", "").removeprefix("Bearer ")
        for offered in headers.get("sec-websocket-protocol", "").split(","):
            if offered.strip().startswith("bearer."):
                given = offered.strip().removeprefix("bearer.")
        return hmac.compare_digest(given.encode(), self._token.encode())

    def _too_large(self) -> ServeError:
        return ServeError(
            413, "too_large", f"a request may have {self._limits.body_bytes:,} bytes, not more"
        )

    async def _bounded(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, but no more of a body than it may have, whatever its header says, nor later."""
        end_s = monotonic() + self._limits.body_s
        taken, is_whole, is_answered = 0, False, False
        fault: ServeError | None = None

        async def limited() -> Message:
            nonlocal taken, is_whole, fault
            if is_whole:
                return await receive()  # waits until the client goes away
            try:
                message = await asyncio.wait_for(receive(), max(0.0, end_s - monotonic()))
            except TimeoutError:
                fault = ServeError(
                    408, "invalid", f"its body was not there after {self._limits.body_s:g} s"
                )
                raise fault from None
            taken += len(message.get("body", b""))
            is_whole = not message.get("more_body", False)
            if taken > self._limits.body_bytes:
                fault = self._too_large()
                raise fault
            return message

        async def noted(message: Message) -> None:
            nonlocal is_answered
            if fault is None or is_answered:
                is_answered = True
                await send(message)
            # Else the application tells that it could not read the body, not why.

        try:
            await self._app(scope, limited, noted)
        except ServeError:
            if is_answered:
                raise
        if fault is not None and not is_answered:
            await as_response(fault)(scope, receive, send)


def _host_of(url: str) -> str:
    """The name in it, in small letters; none in what is no URL."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _netloc(url: str) -> str:
    return urlsplit(url).netloc.lower()
