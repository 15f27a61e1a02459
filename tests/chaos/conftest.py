"""A proxy before a server that takes everything."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from tests.chaos.proxy import ChaosProxy, chaos_proxy


class _Willing(BaseHTTPRequestHandler):
    """Says "ab" to every request."""

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ab")

    do_PUT = do_GET  # noqa: N815 - name of http.server

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - name of http.server
        pass


@pytest.fixture
def proxy() -> Iterator[ChaosProxy]:
    """Nothing is armed, nobody watches."""
    upstream = ThreadingHTTPServer(("127.0.0.1", 0), _Willing)
    Thread(target=upstream.serve_forever, args=(0.02,), daemon=True).start()
    with chaos_proxy(f"http://127.0.0.1:{upstream.server_port}") as proxy:
        yield proxy
    upstream.shutdown()
    upstream.server_close()
