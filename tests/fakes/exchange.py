"""One HTTP exchange as a fake sees it: the recorded request and the answer."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPMessage
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came over the wire; `target` is the raw path with query, `path` is decoded."""

    method: str
    target: str
    headers: HTTPMessage
    body: bytes

    @property
    def raw_path(self) -> str:
        """The path exactly as sent, still percent-encoded (signatures are over this)."""
        return urlsplit(self.target).path

    @property
    def path(self) -> str:
        """The decoded path."""
        return unquote(self.raw_path)

    @property
    def query(self) -> dict[str, str]:
        """Query parameters; the last of a repeated one wins."""
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    @property
    def form(self) -> dict[str, str]:
        """The body read as application/x-www-form-urlencoded."""
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))

    def json(self) -> Any:
        """The body read as JSON; raises ValueError when it is not."""
        return json.loads(self.body)

    def header(self, name: str) -> str:
        """One header, empty when absent."""
        return self.headers.get(name) or ""


@dataclass(frozen=True, slots=True)
class Response:
    """What a fake answers."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def json_response(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON answer."""
    body = json.dumps(value, ensure_ascii=False).encode()
    return Response(status, body, {"Content-Type": "application/json", **(headers or {})})
