"""Text that a model wrote, made safe to show: plain, one line, no longer than allowed."""

from __future__ import annotations

import re
import unicodedata

_TAG = re.compile(r"<\s*/?\s*[a-zA-Z!][^>]*>?")
_LINK = re.compile(
    r"(?:https?|ftp|javascript|data|mailto):|\bwww\.|\b[\w-]+\.(?:com|net|org|io|de|info|biz|ru|xyz)\b|\]\(", re.I
)
_ADDRESS = re.compile(r"\S+@\S+")
_ENTITY = re.compile(r"&(?:#\d+|#x[0-9a-f]+|[a-z]+);", re.I)


def one_line(text: str) -> str:
    """Without control, formatting and direction signs, and with single spaces."""
    visible = "".join(" " if sign.isspace() else sign for sign in text if sign.isspace() or _is_shown(sign))
    return " ".join(unicodedata.normalize("NFC", visible).split())


def shortened(text: str, limit: int) -> str:
    """At most `limit` characters, cut between words."""
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    head = cut.rpartition(" ")[0] if " " in cut[limit // 2 :] else cut
    return head.rstrip(" ,;:-–—") + "…"


def is_plain(text: str) -> bool:
    """Whether a text holds neither HTML nor anything that a mail program would turn into a link."""
    return not any(pattern.search(text) for pattern in (_TAG, _LINK, _ADDRESS, _ENTITY))


def _is_shown(sign: str) -> bool:
    # Cc control, Cf format (direction overrides, zero-width; but the joiner belongs to emoji), Co, Cs, Cn: no text.
    return sign == "\u200d" or not unicodedata.category(sign).startswith("C")
