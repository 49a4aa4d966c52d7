"""Client of ClamAV's daemon: sends a file with INSTREAM and reads the verdict."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterable

TIMEOUT_SECONDS = 30.0


class ScannerUnavailable(Exception):
    """No verdict: the daemon is away, refused the file or spoke nonsense. The file stays where it is."""


def scan(chunks: Iterable[bytes], *, address: str) -> str:
    """The name of the virus, or "" for a clean file. `address` is `host:port` or the path of a socket."""
    try:
        with _connected(address) as line:
            line.sendall(b"zINSTREAM\0")
            for chunk in chunks:
                if chunk:
                    line.sendall(struct.pack("!L", len(chunk)) + chunk)
            line.sendall(struct.pack("!L", 0))
            answer = _until_end(line)
    except OSError as error:
        raise ScannerUnavailable(type(error).__name__) from error
    verdict = answer.removeprefix("stream: ")
    if verdict == "OK":
        return ""
    if verdict.endswith(" FOUND"):
        return verdict.removesuffix(" FOUND")
    raise ScannerUnavailable(verdict[:200] or "no answer")


def _connected(address: str) -> socket.socket:
    if address.startswith("/"):
        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        line.settimeout(TIMEOUT_SECONDS)
        line.connect(address)
        return line
    host, _, port = address.removeprefix("tcp://").rpartition(":")
    return socket.create_connection((host, int(port)), timeout=TIMEOUT_SECONDS)


def _until_end(line: socket.socket) -> str:
    answer = b""
    while not answer.endswith(b"\0") and len(answer) < 4096:
        received = line.recv(4096)
        if not received:
            break
        answer += received
    return answer.rstrip(b"\0").decode("utf-8", "replace").strip()
