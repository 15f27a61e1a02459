"""A proxy in front of an S3 server, or another, that answers some requests with a fault."""

import http.client
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TypeVar
from urllib.parse import urlsplit

Proxy = TypeVar("Proxy", bound="FaultProxy")

ERRORS = {
    "slow-down": (503, "SlowDown"),
    "internal": (500, "InternalError"),
    "too-many": (429, "TooManyRequests"),
    "denied": (403, "AccessDenied"),
    "expired": (400, "ExpiredToken"),
    "skew": (403, "RequestTimeTooSkewed"),
}
NOT_FORWARDED = {"connection", "content-length", "date", "server", "transfer-encoding"}


class FaultProxy(ThreadingHTTPServer):
    """Answers by ``script`` first (None: no fault), then always by ``always``.

    Faults: a key of ``ERRORS``; ``reset`` (no answer), ``cut`` (breaks off in the body),
    ``short`` (half the body, said to be all of it), ``flip`` (one byte of the body changed),
    ``hang`` (answers after 60 s), ``no-checksum-headers`` (refuses a request that carries one).
    """

    daemon_threads = True

    def __init__(self, upstream: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.upstream = urlsplit(upstream).netloc
        self.script: list[str | None] = []
        self.always: str | None = None
        self.keep_checksums = False
        """Whether the server's checksums of what it sends are handed on."""
        self.requests: list[str] = []
        self.authorizations: list[str] = []

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def next_fault(self) -> str | None:
        return self.script.pop(0) if self.script else self.always

    def fault_for(self, command: str, path: str, port: int) -> str | None:
        """What a request from a port of this machine meets; those that look at it override it."""
        return self.next_fault()

    def answered(self, command: str, path: str, status: int) -> None:
        """The server's own answer to a request, before it is passed on; nobody looks here."""


def fault_proxy(upstream: str) -> AbstractContextManager[FaultProxy]:
    """A proxy to the server at ``upstream`` (a URL), as long as the block runs."""
    return running(FaultProxy(upstream))


@contextmanager
def running(proxy: Proxy) -> Iterator[Proxy]:
    """A proxy that serves in a thread."""
    thread = threading.Thread(target=proxy.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.shutdown()
        proxy.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def _proxy(self) -> FaultProxy:
        assert isinstance(self.server, FaultProxy)
        return self.server

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self._proxy.requests.append(self.command)
        self._proxy.authorizations.append(self.headers.get("Authorization", ""))
        fault = self._proxy.fault_for(self.command, self.path, self.client_address[1])
        if fault == "no-checksum-headers":
            fault = "denied" if self._carries_checksum() else None
        if fault in ERRORS:
            self._refuse(*ERRORS[fault])
        elif fault == "reset":
            self._break_off()
        elif fault == "hang":
            time.sleep(60)
            self._break_off()
        else:
            self._forward(body, fault)

    do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = do_PATCH = _answer  # noqa: N815 - names of http.server

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - name of http.server
        pass

    def _carries_checksum(self) -> bool:
        return any("checksum" in name.lower() for name in self.headers)

    def _forward(self, body: bytes, fault: str | None) -> None:
        upstream = http.client.HTTPConnection(self._proxy.upstream, timeout=60)
        upstream.request(self.command, self.path, body, dict(self.headers.items()))
        answer = upstream.getresponse()
        data = answer.read()
        self._proxy.answered(self.command, self.path, answer.status)
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower().startswith("x-amz-checksum") and not self._proxy.keep_checksums:
                continue
            if name.lower() not in NOT_FORWARDED:
                self.send_header(name, value)
        upstream.close()
        middle = len(data) // 2
        sent = {
            "cut": data[:middle],
            "short": data[:middle],
            "flip": data[:middle] + bytes(b ^ 0x55 for b in data[middle : middle + 1]),
        }.get(fault or "", data)
        if fault == "flip":
            sent += data[middle + 1 :]
        length = len(sent) if fault == "short" else len(data)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(sent)
        if fault == "cut":
            self._break_off()

    def _refuse(self, status: int, code: str) -> None:
        text = f"<Error><Code>{code}</Code><Message>by the proxy</Message></Error>".encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def _break_off(self) -> None:
        self.wfile.flush()
        linger_0_s = struct.pack("ii", 1, 0)  # the kernel sends RST at close
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_0_s)
        self.connection.close()
        self.close_connection = True
