"""Which names a file in the lake may have. The same rule holds for every store."""

from __future__ import annotations

import re

# Letters, digits and a few signs that mean the same in Azure, on every file system and in a URL.
_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9._=@+-]{0,199}\Z")
MAX_LENGTH = 400


def is_safe(path: str) -> bool:
    """Whether `path` is relative, has no way up, no hidden or empty part and no ambiguous sign."""
    return len(path) <= MAX_LENGTH and all(_PART.match(part) for part in path.split("/"))
