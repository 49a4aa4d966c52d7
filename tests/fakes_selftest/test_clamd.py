"""The clamd fake, spoken to as clamd's manual says."""

import socket
import struct
from collections.abc import Iterator

import pytest

from tests.fakes.clamd import EICAR, Clamd


@pytest.fixture
def clamd() -> Iterator[Clamd]:
    with Clamd() as server:
        yield server


def say(clamd: Clamd, command: bytes, timeout: float = 5) -> bytes:
    with socket.create_connection((clamd.host, clamd.port), timeout=timeout) as line:
        line.sendall(command)
        answer = b""
        while piece := line.recv(4096):
            answer += piece
        return answer


def stream(*chunks: bytes) -> bytes:
    return b"zINSTREAM\0" + b"".join(struct.pack("!L", len(chunk)) + chunk for chunk in (*chunks, b""))


def test_ping_in_both_dialects(clamd: Clamd) -> None:
    assert say(clamd, b"zPING\0") == b"PONG\0"
    assert say(clamd, b"nPING\n") == b"PONG\n"
    assert say(clamd, b"zVERSION\0").startswith(b"ClamAV ")
    assert say(clamd, b"zDANCE\0") == b"UNKNOWN COMMAND\0"


def test_streams_are_scanned_across_chunks(clamd: Clamd) -> None:
    assert say(clamd, stream(b"hello", b" world")) == b"stream: OK\0"
    assert say(clamd, stream(b"x" + EICAR[:20], EICAR[20:] + b"y")) == b"stream: Win.Test.EICAR_HDB-1 FOUND\0"
    assert clamd.scanned == [b"hello world", b"x" + EICAR + b"y"]


def test_limits_and_troubles(clamd: Clamd) -> None:
    clamd.max_bytes = 4
    assert say(clamd, stream(b"hello")[:-4]) == b"INSTREAM size limit exceeded. ERROR\0"
    clamd.max_bytes = 100
    clamd.behave(error="Can't allocate memory", times=1)
    assert say(clamd, stream(b"a")) == b"Can't allocate memory ERROR\0"
    clamd.behave(drop_connection=True, times=1)
    assert say(clamd, stream(b"a")) == b""
    clamd.behave(garbage=True, times=1)
    assert b"stream:" not in say(clamd, stream(b"a"))
    clamd.behave(delay=30, times=1)
    with pytest.raises(TimeoutError):
        say(clamd, stream(b"a"), timeout=0.2)
    assert say(clamd, stream(b"a")) == b"stream: OK\0"
