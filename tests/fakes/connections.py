"""The socket side of an HTTP fake: reads requests, writes answers, breaks the line on demand."""

import contextlib
import socket
import ssl
import sys
import threading
from http.client import HTTPMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol, cast

from tests.fakes.exchange import Request, Response
from tests.fakes.trouble import Trouble


class Fake(Protocol):
    """What a connection needs to know of the fake behind it."""

    def take_trouble(self, method: str, path: str) -> Trouble | None:
        """The trouble this request is to have."""

    def record(self, request: Request) -> None:
        """Remember a request."""

    def handle(self, request: Request, trouble: Trouble | None) -> Response | None:
        """The answer, None for none at all."""


class Listener(ThreadingHTTPServer):
    """A threaded server that can close its open connections, so that stopping waits for nobody."""

    daemon_threads = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], fake: Fake) -> None:
        """Bind at once; the caller serves."""
        self.fake = fake
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(address, Connection)

    def server_bind(self) -> None:
        """Bind without the reverse name look-up of the base class, which can take seconds."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember the connection while it lives."""
        with self._lock:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget the connection when it ends."""
        with self._lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """Close every open connection under its client's feet."""
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            break_line(connection)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news; anything else is a bug in a fake."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError | ssl.SSLError):
            super().handle_error(request, client_address)


class Connection(BaseHTTPRequestHandler):
    """One client connection, kept alive as HTTP/1.1 asks."""

    protocol_version = "HTTP/1.1"
    # One segment per answer: a header segment that waits for its ACK costs 40 ms each time.
    wbufsize = -1
    disable_nagle_algorithm = True
    server: Listener

    def serve(self) -> None:
        """Read one request, let the fake answer it, write the answer."""
        fake = self.server.fake
        request = Request(self.command, self.path, self._headers, b"")
        trouble = fake.take_trouble(self.command, request.path)
        drop = trouble.drop if trouble else None
        if drop == "during":
            self._lose_body(fake)
            return
        request = Request(self.command, self.path, self._headers, self._read_body())
        fake.record(request)
        if drop == "before":
            self._break()
            return
        response = fake.handle(request, trouble)
        if response is None or drop == "after":
            self._break()
            return
        self._write(response, half=drop == "half_answer")

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = serve

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the recorded requests are the log."""

    @property
    def _headers(self) -> HTTPMessage:
        """The parsed headers, with the type that the base class gives them at run time."""
        return cast("HTTPMessage", self.headers)

    def _read_body(self) -> bytes:
        if (self.headers.get("Transfer-Encoding") or "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        pieces = []
        while size := int(self.rfile.readline().split(b";")[0].strip() or b"0", 16):
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return b"".join(pieces)

    def _lose_body(self, fake: Fake) -> None:
        half = int(self.headers.get("Content-Length") or 0) // 2
        fake.record(Request(self.command, self.path, self._headers, self.rfile.read(half)))
        self._break()

    def _write(self, response: Response, *, half: bool) -> None:
        self.send_response(response.status)
        headers = {name.lower(): value for name, value in response.headers.items()}
        # An answer to HEAD speaks of a body that does not follow, so a fake may set the length itself.
        headers.setdefault("content-length", str(len(response.body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body[: len(response.body) // 2] if half else response.body)
        if half:
            self.wfile.flush()
            self._break()

    def _break(self) -> None:
        self.close_connection = True
        break_line(self.connection)


def break_line(connection: socket.socket) -> None:
    """Shut a socket down in both directions; one that is closed already is fine."""
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
