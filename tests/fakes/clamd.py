"""ClamAV's daemon: PING, VERSION and INSTREAM over TCP, in the `z` (NUL) and `n` (newline) dialects.

Every stream that contains the EICAR test string is infected.
"""

import contextlib
import socket
import socketserver
import struct
import threading
from typing import Final, Self

from tests.fakes.connections import break_line
from tests.fakes.trouble import Troubles, make_trouble

# Put together here so that no scanner takes this very file for the test virus.
EICAR: Final = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
SIGNATURE: Final = "Win.Test.EICAR_HDB-1"


class Clamd:
    """`host` and `port` to scan with; `scanned` holds every stream that arrived whole."""

    host: Final = "127.0.0.1"

    def __init__(self, *, max_bytes: int = 26_214_400, port: int = 0) -> None:
        """`max_bytes` is StreamMaxLength: a longer stream is answered with an error."""
        self.port, self.max_bytes = port, max_bytes
        self.scanned: list[bytes] = []
        self.stopping = threading.Event()
        self.troubles = Troubles()
        self._server: _Listener | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """The address as tcp://host:port."""
        return f"tcp://{self.host}:{self.port}"

    def behave(
        self,
        *,
        error: str = "",
        delay: float = 0.0,
        garbage: bool = False,
        drop_connection: bool = False,
        times: int | None = None,
    ) -> None:
        """Have trouble with the next `times` commands: answer "`error` ERROR", wait `delay` seconds, answer
        bytes that mean nothing, or hang up without an answer.
        """
        trouble = make_trouble(code=error, delay=delay, garbage=garbage, drop_connection=drop_connection, times=times)
        self.troubles.add(trouble)

    def recover(self) -> None:
        """Forget every trouble that is still waiting."""
        self.troubles.clear()

    def reset(self) -> None:
        """Forget troubles and streams."""
        self.recover()
        self.scanned.clear()

    def start(self) -> Self:
        """Listen on loopback; returns itself."""
        if self._server is not None:
            raise RuntimeError("the fake already runs")
        self.stopping.clear()
        self._server = _Listener((self.host, self.port), self)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """Close the port and every connection. Safe to call twice; a new start takes the same port."""
        if self._server is None or self._thread is None:
            return
        self.stopping.set()
        self._server.shutdown()
        for connection in list(self._server.connections):
            break_line(connection)
        self._server.server_close()
        self._thread.join()
        self._server = self._thread = None

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.stop()


class _Listener(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = False

    def __init__(self, address: tuple[str, int], fake: Clamd) -> None:
        self.fake = fake
        self.connections: set[socket.socket] = set()
        super().__init__(address, _Dialogue)


class _Dialogue(socketserver.StreamRequestHandler):
    """One command, one answer, then the daemon hangs up, as clamd does outside a session."""

    server: _Listener

    def setup(self) -> None:
        """Remember the connection."""
        self.server.connections.add(self.request)
        super().setup()

    def finish(self) -> None:
        """Forget the connection."""
        self.server.connections.discard(self.request)
        super().finish()

    def handle(self) -> None:
        """Read a command and answer it in its dialect."""
        with contextlib.suppress(ConnectionError, struct.error):
            self._converse(self.server.fake)

    def _converse(self, fake: Clamd) -> None:
        end = {b"z": b"\0", b"n": b"\n"}.get(self.rfile.read(1), b"")
        command = self._read_until(end) if end else b""
        answer = "UNKNOWN COMMAND"
        if command == b"PING":
            answer = "PONG"
        elif command == b"VERSION":
            answer = "ClamAV 1.4.6/27800/Sat Nov 21 00:00:00 2026"
        elif command == b"INSTREAM":
            answer = self._scan(fake)
        trouble = fake.troubles.take()
        if trouble is not None:
            fake.stopping.wait(trouble.delay)
            if trouble.drop:
                return
            if trouble.garbage:
                answer = "\x01 what"
            elif trouble.code:
                answer = f"{trouble.code} ERROR"
        self.wfile.write(answer.encode() + (end or b"\n"))

    def _scan(self, fake: Clamd) -> str:
        data = b""
        while size := struct.unpack("!L", self.rfile.read(4))[0]:
            data += self.rfile.read(size)
            if len(data) > fake.max_bytes:
                return "INSTREAM size limit exceeded. ERROR"
        fake.scanned.append(data)
        return f"stream: {SIGNATURE} FOUND" if EICAR in data else "stream: OK"

    def _read_until(self, end: bytes) -> bytes:
        command = b""
        while (byte := self.rfile.read(1)) not in (end, b""):
            command += byte
        return command
