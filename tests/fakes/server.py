"""The common ground of every HTTP fake: a threaded HTTP/1.1 server on loopback that records and misbehaves.

A fake implements `answer(request)`; everything else is the same for all: port 0, keep-alive, chunked
bodies, optional TLS, `requests`, `behave(...)`. A stopped fake that is started again takes the same port, so
that "down for a while" can be played.
"""

import ssl
import sys
import tempfile
import threading
import time
import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from cryptography.hazmat.primitives.asymmetric import ec

from tests.fakes.certificates import self_signed
from tests.fakes.connections import Listener
from tests.fakes.exchange import Request, Response, json_response
from tests.fakes.trouble import GARBAGE, DropMoment, Trouble, Troubles, make_trouble


class FakeServer(ABC):
    """Start, stop, record, misbehave. Subclasses say what a good day's answer and the provider's errors look like."""

    def __init__(self, *, port: int = 0, tls: bool = False) -> None:
        """`port` 0 takes a free one. With `tls` the URL is https and `ca_file` is the certificate to trust."""
        self.port = port
        self.ca_file: Path | None = None
        self._tls = tls
        self._lock = threading.RLock()
        self._arrived = threading.Condition(self._lock)
        self._requests: list[Request] = []
        self._troubles = Troubles()
        self._stopping = threading.Event()
        self._server: Listener | None = None
        self._thread: threading.Thread | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    @abstractmethod
    def answer(self, request: Request) -> Response:
        """What the provider answers on a good day."""

    def failure(self, status: int, trouble: Trouble) -> Response:
        """The provider's own error shape for a status that `behave` asked for."""
        return json_response({"error": trouble.code or f"status {status}"}, status)

    @property
    def url(self) -> str:
        """Where the fake listens, without a slash at the end."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    @property
    def requests(self) -> list[Request]:
        """Every request so far, oldest first (a copy)."""
        with self._lock:
            return list(self._requests)

    def wait_for_requests(self, count: int, *, seconds: float = 10) -> list[Request]:
        """Wait until that many requests came in, for work that happens in another thread or process."""
        with self._arrived:
            if not self._arrived.wait_for(lambda: len(self._requests) >= count, seconds):
                raise TimeoutError(f"{len(self._requests)} of {count} requests came in {seconds:g} s")
            return list(self._requests)

    def behave(
        self,
        *,
        status: int | None = None,
        code: str = "",
        retry_after: float | None = None,
        delay: float = 0.0,
        times: int | None = None,
        garbage: bool = False,
        drop_connection: bool | DropMoment = False,
        wrong_schema: Any = None,
        method: str = "",
        path: str = "",
    ) -> None:
        """Have trouble with the next `times` requests that match `method` and `path` (a regular expression).

        `status` answers the provider's error with that status (`code` picks the provider's error code,
        `retry_after` adds the header, in seconds); `delay` waits first, in seconds; `garbage` answers 200
        with bytes that are no JSON; `wrong_schema` answers 200 with that value as JSON; `drop_connection`
        is True or a `DropMoment`. Several calls queue up.
        """
        self._troubles.add(
            make_trouble(
                status=status,
                code=code,
                retry_after=retry_after,
                delay=delay,
                times=times,
                garbage=garbage,
                drop_connection=drop_connection,
                wrong_schema=wrong_schema,
                method=method,
                path=path,
            )
        )

    def recover(self) -> None:
        """Forget every trouble that is still waiting."""
        self._troubles.clear()

    def reset(self) -> None:
        """Forget troubles and recorded requests, for a fake that lives longer than one test."""
        self.recover()
        with self._lock:
            self._requests.clear()

    def start(self) -> Self:
        """Listen on loopback; returns itself."""
        if self._server is not None:
            raise RuntimeError("the fake already runs")
        self._stopping.clear()
        self._server = Listener(("127.0.0.1", self.port), self)
        if self._tls:
            self._server.socket = self._tls_context().wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.port = self._server.server_address[1]
        # A short poll, because `shutdown` waits for one and a suite stops hundreds of fakes.
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """Close the port and every open connection, and wait for the threads. Safe to call twice."""
        if self._server is None or self._thread is None:
            return
        self._stopping.set()
        self._server.shutdown()
        self._server.hang_up()
        self._server.server_close()
        self._thread.join()
        self._server = self._thread = None

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.stop()
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = self.ca_file = None

    def handle(self, request: Request, trouble: Trouble | None) -> Response | None:
        """The answer of good and bad days, None when the fake is stopped while it waits.

        A bug in a fake shows as a 500 with its traceback.
        """
        if trouble is not None:
            if trouble.delay and self._stopping.wait(trouble.delay):
                return None
            if trouble.garbage:
                return Response(trouble.status or 200, GARBAGE, {"Content-Type": "application/json"})
            if trouble.wrong_schema is not None:
                return json_response(trouble.wrong_schema, trouble.status or 200)
            if trouble.status is not None:
                response = self.failure(trouble.status, trouble)
                if trouble.retry_after is None:
                    return response
                return Response(
                    response.status,
                    response.body,
                    {**response.headers, "Retry-After": f"{trouble.retry_after:g}"},
                )
        try:
            return self.answer(request)
        except Exception:
            return Response(500, traceback.format_exc().encode(), {"Content-Type": "text/plain"})

    def take_trouble(self, method: str, path: str) -> Trouble | None:
        """The trouble this request is to have, if any."""
        return self._troubles.take(method, path)

    def record(self, request: Request) -> None:
        """Remember a request."""
        with self._arrived:
            self._requests.append(request)
            self._arrived.notify_all()

    def _tls_context(self) -> ssl.SSLContext:
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory()
            certificate = self_signed(ec.generate_private_key(ec.SECP256R1()), common_name="127.0.0.1")
            self.ca_file = Path(self._folder.name) / "ca.pem"
            self.ca_file.write_bytes(certificate.certificate_pem)
            (Path(self._folder.name) / "key.pem").write_bytes(certificate.key_pem)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(Path(self._folder.name) / "ca.pem", Path(self._folder.name) / "key.pem")
        return context


def run_forever(fake: FakeServer, announcement: Callable[[], str]) -> None:
    """Run one fake in the foreground until Ctrl-C; `announcement` is printed once the port is known."""
    with fake:
        sys.stdout.write(f"{announcement()}\n")
        sys.stdout.flush()
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            return
