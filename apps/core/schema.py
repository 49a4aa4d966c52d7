"""What the description of the API leaves out."""

from __future__ import annotations

from typing import Any

Endpoint = tuple[str, str, str, Any]


def without_second_addresses(endpoints: list[Endpoint]) -> list[Endpoint]:
    """Addresses that answer with and without a slash at the end are described once, without it."""
    paths = {path for path, _regex, _method, _view in endpoints}
    return [each for each in endpoints if not (each[0].endswith("/") and each[0].rstrip("/") in paths)]
