"""Status codes of RFC 3463 in what servers say."""

from __future__ import annotations

import re

_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")


def status_of(text: str) -> str:
    """The first status in a reply ("550 5.1.1 unknown" → "5.1.1"), "" without one."""
    found = _STATUS.search(text)
    return found.group(1) if found else ""
