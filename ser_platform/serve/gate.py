"""Who gets in: known hosts, no page of another site, the token, bodies of bearable size."""

import hmac
from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

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
        body_bytes: at most, of a request.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str], token: str, body_bytes: int) -> None:
        self._app, self._hosts = app, hosts
        self._token, self._body_bytes = token, body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or say why not (the interface of ASGI)."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        try:
            self._check(scope, headers)
        except ServeError as e:
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008, "reason": str(e)[:120]})
            else:
                await as_response(e)(scope, receive, send)
            return
        await self._counted(scope, receive, send)

    def _check(self, scope: Scope, headers: Headers) -> None:
        host = urlsplit(f"//{headers.get('host', '')}").hostname or ""
        if host not in self._hosts:
            raise ServeError(
                403, "forbidden", f"this server is not called '{host}'; --allow-host adds a name"
            )
        origin = headers.get("origin")
        if origin and origin != "null" and urlsplit(origin).netloc != headers["host"]:
            raise ServeError(403, "forbidden", "a page of another site may not ask this server")
        if origin == "null":
            raise ServeError(403, "forbidden", "a page without an origin may not ask this server")
        path = scope["path"]
        if path not in _OPEN and not path.startswith(_OPEN_FOLDERS) and not self._bears(headers):
            raise ServeError(401, "forbidden", "the header 'Authorization: Bearer TOKEN' lacks")
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > self._body_bytes:
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
            413, "too_large", f"a request may have {self._body_bytes:,} bytes, not more"
        )

    async def _counted(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, but no more of a body than it may have, whatever its header says."""
        taken, is_answered = 0, False

        async def limited() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self._body_bytes:
                raise self._too_large()
            return message

        async def noted(message: Message) -> None:
            nonlocal is_answered
            if taken <= self._body_bytes or is_answered:
                is_answered = True
                await send(message)
            # Else the application tells that it could not read the body, not why.

        try:
            await self._app(scope, limited, noted)
        except ServeError:
            if is_answered:
                raise
        if taken > self._body_bytes and not is_answered:
            await as_response(self._too_large())(scope, receive, send)
