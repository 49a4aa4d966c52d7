"""The headers of a secret address: it must reach no other site, no cache and no search engine."""

from __future__ import annotations

HEADERS = {
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex, nofollow",
}
