"""The application: gate, questions, stream, page."""

from collections.abc import Collection
from importlib import metadata
from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles
from fastapi_offline import FastAPIOffline
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ser_platform.inference.listener import Listener
from ser_platform.serve.desk import Desk
from ser_platform.serve.gate import Gate
from ser_platform.serve.limits import Limits
from ser_platform.serve.problems import handle_problems
from ser_platform.serve.routes import routes
from ser_platform.serve.stream import stream_route

_PAGE = Path(__file__).with_name("page")
_POLICY = (
    "default-src 'self'; img-src 'self' data:; media-src 'self' blob:; frame-ancestors 'none'; "
    "style-src 'self' 'unsafe-inline'; script-src 'self'"
)
_HEADERS = {
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
    b"cache-control": b"no-store",
}


def make_app(listener: Listener, limits: Limits, hosts: Collection[str], token: str) -> FastAPI:
    """The application for one model.

    Args:
        listener: the model.
        limits: how much is taken.
        hosts: names under which it may be called.
        token: that requests have to bear; empty: none.
    """
    desk = Desk(listener, limits)
    app = FastAPIOffline(
        title="ser-platform",
        version=metadata.version("ser-platform"),
        description="Which emotion an utterance carries, from its sound and its words.",
        redoc_url=None,
        docs_url="/docs",
        static_url="/static/docs",
        middleware=[
            Middleware(_WithHeaders),
            Middleware(Gate, hosts=hosts, token=token, limits=limits, places=desk.questions),
        ],
    )
    handle_problems(app)
    app.include_router(routes(desk))
    app.include_router(stream_route(desk))

    @app.get("/", include_in_schema=False)
    async def page() -> FileResponse:
        return FileResponse(_PAGE / "index.html")

    app.mount("/static/page", StaticFiles(directory=_PAGE), name="page")
    return app


class _WithHeaders:
    """What browsers are told of every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                # FastAPI starts its own page of the interface in the page itself.
                policy = _POLICY + " 'unsafe-inline'" * (scope["path"] == "/docs")
                own = (b"content-security-policy", policy.encode())
                message["headers"] = [*message["headers"], own, *_HEADERS.items()]
            await send(message)

        await self._app(scope, receive, with_headers if scope["type"] == "http" else send)
