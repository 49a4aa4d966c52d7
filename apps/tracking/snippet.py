"""The script for websites, as small as it can be without a build: comments and indentation do not leave the house."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache

from django.conf import settings

NAME = "track/t.js"
LARGEST = 1024


@dataclass(frozen=True)
class Snippet:
    """What is sent: plain and packed, and a name for exactly this content."""

    text: bytes
    packed: bytes
    etag: str


@cache
def snippet() -> Snippet:
    """The script; read once by each process."""
    text = shortened(_source()).encode()
    return Snippet(text, gzip.compress(text, 9, mtime=0), f'"{hashlib.sha256(text).hexdigest()[:16]}"')


def shortened(source: str) -> str:
    """Without whole-line comments, indentation and empty lines."""
    lines = (line.strip() for line in source.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//")) + "\n"


def _source() -> str:
    return (settings.BASE_DIR / "static" / NAME).read_text(encoding="utf-8")
