"""Eight bytes that all processes of this machine see in the same moment: a file in VAR_DIR, mapped into memory."""

from __future__ import annotations

import mmap
import os
from pathlib import Path


class SharedMark:
    """Changed by one process, seen by all that opened the same file; reading it costs no system call."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            os.ftruncate(descriptor, 8)
            self._bytes = mmap.mmap(descriptor, 8)
        finally:
            os.close(descriptor)

    def read(self) -> bytes:
        """What it is now."""
        return self._bytes[:8]

    def change(self) -> None:
        """Make it another one. Random, so that two who change it at once need no lock."""
        self._bytes[:8] = os.urandom(8)
