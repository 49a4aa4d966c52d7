"""A database or a Redis that accepts connections and says nothing: pages answer, soon, and ask only once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.core.cache import caches
from django.db import OperationalError, connection, connections
from django.db.utils import ConnectionHandler
from django.test import Client
from pytest_django import DjangoDbBlocker, Settings
from redis.exceptions import ConnectionError, TimeoutError

from apps.accounts.models import Membership
from apps.core import health, patience, ratelimit, redis_pool
from config.settings.database import REDIS_OPTIONS, database_from_url
from tests.fakes.silent import SilentServer

SignedIn = Callable[[Membership], Client]

# Without an end of ours these would hang for ever; half a minute is what nobody waits for any more.
TOO_LONG_SECONDS = 15


@pytest.fixture
def silent() -> Iterator[SilentServer]:
    with SilentServer() as server:
        yield server


@contextmanager
def database(url: str) -> Iterator[None]:
    """This thread asks the database behind `url`."""
    usual = connections["default"]
    connections["default"] = ConnectionHandler({"default": database_from_url(url)})["default"]
    try:
        yield
    finally:
        connections["default"].close()
        connections["default"] = usual


@contextmanager
def soon() -> Iterator[None]:
    started = time.monotonic()
    yield
    assert time.monotonic() - started < TOO_LONG_SECONDS


@pytest.mark.parametrize("path", ["/customers/", "/api/v1/customers/", "/accounts/login/"])
def test_page_of_a_database_that_never_spoke(
    silent: SilentServer, django_db_blocker: DjangoDbBlocker, path: str
) -> None:
    client = Client(raise_request_exception=False, headers={"Authorization": "Bearer cck_unknown_key"})
    client.cookies["sessionid"] = "a" * 32
    with django_db_blocker.unblock(), database(f"postgres://me@127.0.0.1:{silent.port}/compass"), soon():
        page = client.get(path)
    assert page.status_code == 503
    assert int(page["Retry-After"]) > 0
    assert b"psycopg" not in page.content and b"127.0.0.1" not in page.content
    assert silent.accepted == 1, "a failed attempt is not repeated within the request"


@pytest.mark.postgres
@pytest.mark.skipif(connection.vendor != "postgresql", reason="PostgreSQL only")
@pytest.mark.django_db(transaction=True)
class TestADatabaseThatFallsSilent:
    """The line is open, the thread has kept it, and then nothing comes back."""

    @pytest.fixture
    def hushing(self) -> Iterator[SilentServer]:
        used = connection.settings_dict
        with SilentServer(behind=(used["HOST"], int(used["PORT"] or 5432))) as server:
            with database(f"postgres://{used['USER']}:{used['PASSWORD']}@127.0.0.1:{server.port}/{used['NAME']}"):
                yield server

    def test_its_page_answers(self, hushing: SilentServer, settings: Settings) -> None:
        settings.DATABASE_PATIENCE_SECONDS = 1
        client = Client(raise_request_exception=False)
        client.cookies["sessionid"] = "a" * 32
        assert client.get("/customers/").status_code == 302
        client.cookies["sessionid"] = "a" * 32
        hushing.hush()
        with soon():
            assert client.get("/customers/").status_code == 503

    def test_a_statement_ends_the_line(self, hushing: SilentServer) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            hushing.hush()
            with patience.at_most(0.2), pytest.raises(OperationalError, match="no answer within"):
                cursor.execute("SELECT 2")
        assert not connection.is_usable()

    def test_only_where_somebody_said_so(self, hushing: SilentServer) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(0.3)")
            with patience.at_most(0.1), pytest.raises(OperationalError):
                cursor.execute("SELECT pg_sleep(2)")


def test_a_check_of_health_gives_up_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    limits: list[float | None] = []

    def check() -> str:
        limits.append(patience.seconds())
        return ""

    monkeypatch.setattr(health, "CHECKS", {"database": check})
    monkeypatch.setattr(health, "_running", {})
    assert health.problems() == {}
    assert limits == [health.GIVE_UP_SECONDS]
    assert patience.seconds() is None


@pytest.fixture
def redis_url(silent: SilentServer, settings: Settings) -> Iterator[str]:
    """Every cache of the product is behind a Redis that hangs."""
    usual, url = settings.CACHES, f"redis://127.0.0.1:{silent.port}/0"
    redis = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": url, "OPTIONS": REDIS_OPTIONS}
    settings.CACHES = {"default": redis, "ratelimit": {**redis, "KEY_PREFIX": "rate"}}
    ratelimit._redis.cache_clear()
    yield url
    settings.CACHES = usual
    ratelimit._redis.cache_clear()
    redis_pool._resting.clear()


@pytest.mark.django_db
def test_pages_do_without_a_silent_redis(
    silent: SilentServer, redis_url: str, client_of: SignedIn, admin_member: Membership
) -> None:
    client = client_of(admin_member)
    with soon():
        for path in ("/customers/", "/settings/providers/", "/api/v1/customers/", "/accounts/login/", "/metrics"):
            assert client.get(path, follow=True).status_code == 200, path
    assert silent.accepted == 1, "one attempt for all of them"


def test_what_one_thread_learned_holds_for_all(silent: SilentServer, redis_url: str) -> None:
    def ask() -> None:
        for name in ("default", "ratelimit"):
            with pytest.raises(ConnectionError):
                caches[name].get("x")

    with pytest.raises(TimeoutError):
        caches["default"].get("x")
    ask()
    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    assert silent.accepted == 1


def test_it_is_asked_again_after_a_rest(silent: SilentServer, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_pool, "REST_SECONDS", 0.05)
    for attempt in (1, 2):
        with pytest.raises(TimeoutError):
            caches["default"].get("x")
        assert silent.accepted == attempt
        time.sleep(0.06)
