"""Somebody who walks through pages over HTTP: keeps cookies, follows redirects, fills forms in as they stand there."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

MOST_REDIRECTS = 5
Fields = list[tuple[str, str]]


@dataclass(frozen=True)
class Answer:
    """What came back, and from where."""

    status: int
    path: str
    text: str
    headers: http.client.HTTPMessage

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.text)

    @property
    def forms(self) -> list[Form]:
        """The forms that post, in their order on the page."""
        reader = _FormReader()
        reader.feed(self.text)
        return [form for form in reader.forms if form.method == "post"]

    def form(self, *names: str) -> Form:
        """The first form with fields of all these names."""
        return next(form for form in self.forms if set(names) <= {name for name, _ in form.fields} | form.choices)


@dataclass
class Form:
    """Where a form leads, what it holds, and which fields are still to be chosen."""

    method: str
    action: str
    fields: Fields = field(default_factory=list)
    choices: set[str] = field(default_factory=set)


class _FormReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._open: Form | None = None
        self._select = ""
        self._options: list[tuple[str, bool]] = []
        self._area: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name, kind = given.get("name", ""), given.get("type", "text")
        if tag == "form":
            self._open = Form(given.get("method", "get").lower(), given.get("action", ""))
            self.forms.append(self._open)
        elif self._open is None or ("disabled" in given):
            return
        elif tag == "input" and name:
            if kind in ("checkbox", "radio") and "checked" not in given:
                self._open.choices.add(name)
            elif kind not in ("submit", "file"):
                self._open.fields.append((name, given.get("value", "on" if kind == "checkbox" else "")))
        elif tag == "select":
            self._select, self._options = name, []
        elif tag == "option" and self._select:
            self._options.append((given.get("value", ""), "selected" in given))
        elif tag == "textarea":
            self._area = ""
            self._open.fields.append((name, ""))

    def handle_data(self, data: str) -> None:
        if self._area is not None and self._open is not None:
            self._area += data
            self._open.fields[-1] = (self._open.fields[-1][0], self._area.removeprefix("\n"))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        elif tag == "textarea":
            self._area = None
        elif tag == "select" and self._open is not None and self._select:
            chosen = [value for value, is_chosen in self._options if is_chosen] or [o[0] for o in self._options[:1]]
            self._open.fields += [(self._select, value) for value in chosen]
            self._select = ""


class Walker:
    """One person or machine with one keep-alive connection. Not for two threads at once."""

    def __init__(self, address: str, headers: dict[str, str] | None = None) -> None:
        self.address, self.headers = address, headers or {}
        self.cookies: SimpleCookie = SimpleCookie()
        parts = urlsplit(address)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)

    def get(self, path: str) -> Answer:
        """The page, after redirects."""
        return self._ask("GET", path, None, {})

    def post(self, path: str, fields: Fields) -> Answer:
        """Send a form."""
        body = urlencode(fields).encode()
        return self._ask("POST", path, body, {"Content-Type": "application/x-www-form-urlencoded"})

    def post_json(self, path: str, body: Any) -> Answer:
        """Send JSON."""
        return self._ask("POST", path, json.dumps(body).encode(), {"Content-Type": "application/json"})

    def submit(self, page: Answer, form: Form, **values: str | list[str]) -> Answer:
        """Fill a form of `page` in and send it; what is not named stays as it stands there."""
        kept = [(name, value) for name, value in form.fields if name not in values]
        for name, value in values.items():
            kept += [(name, each) for each in (value if isinstance(value, list) else [value])]
        return self.post(urljoin(page.path, form.action) if form.action else page.path, kept)

    def _ask(self, method: str, path: str, body: bytes | None, more: dict[str, str]) -> Answer:
        for _ in range(MOST_REDIRECTS):
            headers = {**self.headers, **more, "Accept-Language": "en"}
            if self.cookies:
                headers["Cookie"] = "; ".join(f"{name}={morsel.value}" for name, morsel in self.cookies.items())
            try:
                answer = self._once(method, path, body, headers)
            except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
                if method != "GET":
                    # The server closes idle connections; only this case is safe to repeat by itself.
                    self._connection.close()
                    raise
                self._connection.close()
                answer = self._once(method, path, body, headers)
            if answer.status not in (301, 302, 303):
                return answer
            method, path, body, more = "GET", urljoin(path, answer.headers["Location"]), None, {}
            path = path.removeprefix(self.address)
        raise RuntimeError(f"too many redirects, last to {path}")

    def _once(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        self._connection.request(method, path, body, headers)
        response = self._connection.getresponse()
        text = response.read().decode()
        for cookie in response.headers.get_all("Set-Cookie") or []:
            self.cookies.load(cookie)
        return Answer(response.status, path, text, response.headers)
