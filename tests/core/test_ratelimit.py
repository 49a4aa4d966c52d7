"""Rate limits: the window, the key, the answer, and a cache that is away."""

from __future__ import annotations

import pytest
from django.core.cache import caches
from django.core.cache.backends.redis import RedisCache
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from redis.connection import AbstractConnection

from apps.core import ratelimit
from apps.core.middleware import client_ip
from apps.core.ratelimit import Policy, TooMany, check, limited


@pytest.fixture(autouse=True)
def strict(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ratelimit.POLICIES, "strict", Policy("strict", 2, 60))


def test_limit_holds_within_a_window_and_ends_with_it() -> None:
    check("strict", "a", now=600)
    check("strict", "a", now=610)
    with pytest.raises(TooMany) as caught:
        check("strict", "a", now=615.5)
    assert caught.value.retry_after == 45
    check("strict", "a", now=660)


def test_keys_are_counted_apart() -> None:
    for key in ("a", "b", "a", "b"):
        check("strict", key, now=600)


def test_undeclared_policy_is_a_programming_error() -> None:
    with pytest.raises(KeyError):
        check("no such policy", "a")
    with pytest.raises(KeyError):
        limited("no such policy", by="token")


def test_secret_keys_do_not_reach_the_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    names: list[str] = []
    monkeypatch.setattr(ratelimit, "_count", lambda name, _seconds: names.append(name) or 1)
    check("strict", "very-secret-token")
    assert names
    assert "secret" not in names[0]


def test_cache_that_is_away_lets_everybody_in(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> int:
        raise ConnectionError("no cache")

    monkeypatch.setattr(ratelimit, "_count", broken)
    for _knock in range(5):
        check("strict", "a")


def page(request: HttpRequest, token: str) -> HttpResponse:
    def view(request: HttpRequest, token: str) -> HttpResponse:
        return HttpResponse(token)

    return limited("strict", by=client_ip)(limited("strict", by="token")(view))(request, token=token)


@pytest.mark.parametrize(("path", "content_type"), [("/s/x/", "text/html"), ("/api/x/", "application/problem+json")])
def test_page_answers_429_with_retry_after(rf: RequestFactory, path: str, content_type: str) -> None:
    for _knock in range(2):
        assert page(rf.get(path), token="x").status_code == 200
    response = page(rf.get(path), token="x")
    assert response.status_code == 429
    assert 1 <= int(response["Retry-After"]) <= 60
    assert response["Content-Type"].startswith(content_type)


def test_one_round_trip_per_check(monkeypatch: pytest.MonkeyPatch) -> None:
    if not isinstance(caches["ratelimit"], RedisCache):
        pytest.skip("needs REDIS_URL")
    check("strict", "a")
    sent: list[object] = []
    send = AbstractConnection.send_packed_command

    def counted(self: AbstractConnection, command: object, **options: object) -> object:
        sent.append(command)
        return send(self, command, **options)

    monkeypatch.setattr(AbstractConnection, "send_packed_command", counted)
    check("strict", "a")
    assert len(sent) == 1


@pytest.fixture
def two_processes() -> tuple[ratelimit._Numbers, ratelimit._Numbers]:
    if not isinstance(caches["ratelimit"], RedisCache):
        pytest.skip("needs REDIS_URL")
    return ratelimit._Numbers(), ratelimit._Numbers()


@pytest.mark.parametrize("limit", [1, 10, 39, 600])
def test_processes_together_let_in_no_more_than_the_limit(two_processes, limit: int) -> None:
    rule = ratelimit.Policy("together", limit, 60)
    numbers = [process.next(f"together-{limit}", rule) for _ in range(limit) for process in two_processes]
    let_in = [number for number in numbers if number <= limit]
    assert len(let_in) == len(set(let_in)) == limit, "both went on asking, so nothing was lost either"


def test_what_one_process_drew_in_vain_is_a_twentieth_at_most(two_processes) -> None:
    rule = ratelimit.Policy("vain", 600, 60)
    one, other = two_processes
    assert one.next("vain", rule) == 1
    let_in = sum(other.next("vain", rule) <= 600 for _ in range(700))
    assert 570 <= let_in < 600


def test_a_generous_policy_asks_redis_seldom(two_processes, monkeypatch) -> None:
    rule = ratelimit.Policy("seldom", 600, 60)
    asked: list[object] = []
    real = ratelimit._redis()
    monkeypatch.setattr(real, "incrby", lambda *given: asked.append(given) or type(real).incrby(real, *given))
    for _ in range(100):
        two_processes[0].next("seldom", rule)
    assert len(asked) == 4
