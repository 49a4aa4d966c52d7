"""Outgoing HTTP: every call that leaves the machine goes through `http.Client`.

    client = http.Client("sendgrid", settings.SENDGRID_URL, organization_id=7, headers={"Authorization": …})
    answer = client.request("POST", "/v3/mail/send", json=body)       # never sent twice
    rows = client.request("GET", "/v3/stats", params={"days": 7}).json()   # retried when that is harmless

It raises `Unavailable` (try later, nothing happened there), `Unknown` (it may have happened: never repeat by itself),
`Rejected` (the other side said no) and `InvalidResponse` (it spoke nonsense); all are `OutgoingError`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apps.core.http.errors import InvalidResponse, OutgoingError, Rejected, Unavailable, Unknown

if TYPE_CHECKING:
    from apps.core.http.client import Answer, Client

__all__ = ["Answer", "Client", "InvalidResponse", "OutgoingError", "Rejected", "Unavailable", "Unknown"]


def __getattr__(name: str) -> Any:
    """Load the client, and the HTTP library behind it (130 ms), when somebody first uses it."""
    if name not in ("Answer", "Client"):
        raise AttributeError(name)
    from apps.core.http import client

    return getattr(client, name)
