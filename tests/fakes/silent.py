"""A server that hangs: it accepts every connection and never says a word.

with SilentServer() as server: ...                              # silent from the start
with SilentServer(behind=("127.0.0.1", 5432)) as server:        # passes everything on …
    server.hush()                                               # … until now; lines stay open
"""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Self


class SilentServer:
    """Listens on loopback; `accepted` counts the connections."""

    def __init__(self, behind: tuple[str, int] | None = None) -> None:
        """`behind` is the real server that answers until `hush()`."""
        self.accepted = 0
        self.host, self.port = "127.0.0.1", 0
        self._behind = behind
        self._hushed = threading.Event()
        self._lines: list[socket.socket] = []
        self._listener: socket.socket | None = None

    def hush(self) -> None:
        """From now on nothing comes back, on open lines and on new ones."""
        self._hushed.set()

    def __enter__(self) -> Self:
        """Listen."""
        self._listener = socket.create_server((self.host, self.port))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=[self._listener], daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """Close every line."""
        assert self._listener is not None
        for line in [self._listener, *self._lines]:
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
            line.close()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                line, _ = listener.accept()
                self.accepted += 1
                self._lines.append(line)
                if self._behind and not self._hushed.is_set():
                    real = socket.create_connection(self._behind)
                    self._lines.append(real)
                    for source, target in ((line, real), (real, line)):
                        threading.Thread(target=self._pass_on, args=[source, target], daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(65536):
                if not self._hushed.is_set():
                    target.sendall(piece)
            if not self._hushed.is_set():
                target.shutdown(socket.SHUT_RDWR)
