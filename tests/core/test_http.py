"""Outgoing HTTP against a real server: what is repeated, what is not, and what the caller is told."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from django.core.cache import cache

from apps.core import http, request_context
from apps.core.http import breaker
from tests.fakes.exchange import Request, Response, json_response
from tests.fakes.server import FakeServer

pytestmark = pytest.mark.django_db


class Echo(FakeServer):
    """Answers with what it got."""

    def answer(self, request: Request) -> Response:
        if request.path == "/away":
            return Response(302, b"", {"Location": "/elsewhere"})
        return json_response({"path": request.path, "body": request.body.decode()}, headers={"Set-Cookie": "a=b"})


@pytest.fixture
def echo() -> Iterator[Echo]:
    cache.clear()
    with Echo() as server:
        yield server


class Waits(list[float]):
    """Takes the place of `time.sleep`."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


def client_of(echo: Echo, **options: object) -> tuple[http.Client, Waits]:
    waits = Waits()
    return http.Client("echo", echo.url, sleep=waits, **options), waits  # type: ignore[arg-type]


def test_request_carries_headers_and_request_id(echo: Echo) -> None:
    client, _ = client_of(echo, headers={"Authorization": "Bearer s3cret"})
    with request_context.trace("request-0001"):
        answer = client.request("POST", "/things", json={"name": "Ä"}, params={"dry": 1})
    sent = echo.requests[0]
    assert answer.status == 200
    assert answer.json()["body"] == '{"name":"Ä"}'
    assert sent.json() == {"name": "Ä"}
    assert sent.query == {"dry": "1"}
    assert sent.header("X-Request-Id") == "request-0001"
    assert sent.header("Authorization") == "Bearer s3cret"


def test_cookies_of_one_call_do_not_reach_the_next(echo: Echo) -> None:
    client, _ = client_of(echo)
    client.request("GET", "/one")
    client.request("GET", "/two")
    assert echo.requests[1].header("Cookie") == ""


def test_harmless_request_is_repeated_until_it_is_answered(echo: Echo) -> None:
    client, waits = client_of(echo)
    echo.behave(status=503, times=1)
    echo.behave(drop_connection=True, times=1)
    assert client.request("GET", "/things").status == 200
    assert len(echo.requests) == 3
    assert len(waits) == 2
    assert all(0 <= wait <= 2 for wait in waits)


def test_attempts_are_bounded(echo: Echo) -> None:
    client, _ = client_of(echo)
    echo.behave(status=500)
    with pytest.raises(http.Unavailable) as caught:
        client.request("GET", "/things")
    assert len(echo.requests) == 3
    assert (caught.value.status, caught.value.before_sent) == (500, False)


def test_retry_after_is_honoured_when_short_and_handed_on_when_long(echo: Echo) -> None:
    client, waits = client_of(echo)
    echo.behave(status=429, retry_after=7, times=1)
    client.request("GET", "/things")
    assert waits == [7]
    echo.behave(status=429, retry_after=120, times=1)
    with pytest.raises(http.Unavailable) as caught:
        client.request("GET", "/things")
    assert (caught.value.retry_after, caught.value.before_sent) == (120, True)
    assert waits == [7]


@pytest.mark.parametrize("trouble", [{"status": 503}, {"status": 429}, {"status": 500}])
def test_post_is_sent_once_even_when_refused(echo: Echo, trouble: dict[str, int]) -> None:
    client, waits = client_of(echo)
    echo.behave(**trouble)  # type: ignore[arg-type]
    with pytest.raises(http.Unavailable):
        client.request("POST", "/mail", json={})
    assert len(echo.requests) == 1
    assert waits == []


@pytest.mark.parametrize("moment", ["before", "after", "half_answer"])
def test_post_without_an_answer_is_unknown_and_never_repeated(echo: Echo, moment: str) -> None:
    client, _ = client_of(echo)
    echo.behave(drop_connection=moment)  # type: ignore[arg-type]
    with pytest.raises(http.Unknown):
        client.request("POST", "/mail", json={})
    assert len(echo.requests) == 1


def test_slow_answer_to_a_post_is_unknown(echo: Echo) -> None:
    client, _ = client_of(echo, read_seconds=0.2)
    echo.behave(delay=5)
    with pytest.raises(http.Unknown):
        client.request("POST", "/mail", json={})


def test_gateway_timeout_of_a_post_is_unknown(echo: Echo) -> None:
    client, _ = client_of(echo)
    echo.behave(status=504)
    with pytest.raises(http.Unknown):
        client.request("POST", "/mail", json={})


def test_post_that_may_be_repeated_is(echo: Echo) -> None:
    client, _ = client_of(echo)
    echo.behave(drop_connection="after", times=1)
    assert client.request("POST", "/search", json={}, retryable=True).status == 200
    assert len(echo.requests) == 2


def test_nobody_listens(echo: Echo) -> None:
    client, waits = client_of(echo)
    echo.stop()
    with pytest.raises(http.Unavailable) as caught:
        client.request("POST", "/mail", json={})
    assert caught.value.before_sent
    assert waits == []


def test_rejection_keeps_what_was_said(echo: Echo) -> None:
    client, _ = client_of(echo)
    echo.behave(status=422, code="bad address")
    with pytest.raises(http.Rejected) as caught:
        client.request("POST", "/mail", json={})
    assert caught.value.status == 422
    assert json.loads(caught.value.body) == {"error": "bad address"}


def test_nonsense_is_an_invalid_response(echo: Echo) -> None:
    client, _ = client_of(echo)
    echo.behave(garbage=True, times=1)
    with pytest.raises(http.InvalidResponse):
        client.request("GET", "/things").json()
    with pytest.raises(http.InvalidResponse, match="302"):
        client.request("GET", "/away")


def test_endless_answer_is_cut(echo: Echo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.core.http.client.MAX_ANSWER_BYTES", 10)
    with pytest.raises(http.InvalidResponse, match="longer"):
        client_of(echo)[0].request("GET", "/things")


def test_a_persons_address_must_be_public(echo: Echo) -> None:
    client, _ = client_of(echo, user_given_url=True)
    with pytest.raises(http.Rejected):
        client.request("GET", "/metadata")
    assert echo.requests == []


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_breaker_opens_probes_and_closes(echo: Echo) -> None:
    clock = Clock()
    client, _ = client_of(echo, attempts=1, organization_id=7, clock=clock)
    other, _ = client_of(echo, attempts=1, organization_id=8, clock=clock)
    echo.behave(status=500)
    for _call in range(breaker.FAILURES_TO_OPEN):
        with pytest.raises(http.Unavailable):
            client.request("GET", "/things")
    calls = len(echo.requests)
    with pytest.raises(http.Unavailable, match="open") as caught:
        client.request("GET", "/things")
    assert caught.value.before_sent
    assert caught.value.retry_after == breaker.PAUSE_SECONDS
    assert len(echo.requests) == calls, "an open circuit sends nothing"
    assert set(breaker.phases(clock.now).values()) == {breaker.OPEN}

    clock.now += breaker.PAUSE_SECONDS
    with pytest.raises(http.Unavailable, match="500"):
        client.request("GET", "/things")
    with pytest.raises(http.Unavailable, match="open"):
        client.request("GET", "/things")

    echo.recover()
    assert other.request("GET", "/things").status == 200, "another organisation's circuit is its own"
    clock.now += breaker.PAUSE_SECONDS
    assert client.request("GET", "/things").status == 200
    assert breaker.phases(clock.now) == {}
    assert client.request("GET", "/things").status == 200


def test_half_open_lets_one_probe_through(echo: Echo) -> None:
    clock = Clock()
    host = echo.url.removeprefix("http://")
    for _failure in range(breaker.FAILURES_TO_OPEN):
        circuit = breaker.Breaker(host, None, clock=clock)
        circuit.pause()
        circuit.failed()
    clock.now += breaker.PAUSE_SECONDS
    assert breaker.Breaker(host, None, clock=clock).pause() is None
    assert breaker.Breaker(host, None, clock=clock).pause() is not None


def test_rejections_and_patience_do_not_open_the_circuit(echo: Echo) -> None:
    client, _ = client_of(echo)
    echo.behave(status=404)
    for _call in range(breaker.FAILURES_TO_OPEN + 1):
        with pytest.raises(http.Rejected):
            client.request("GET", "/things")
    echo.recover()
    assert client.request("GET", "/things").status == 200


def test_a_cache_that_is_away_stops_no_call(echo: Echo, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ConnectionError("no cache")

    monkeypatch.setattr(cache, "get", broken)
    assert client_of(echo)[0].request("GET", "/things").status == 200
