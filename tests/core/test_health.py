"""Liveness and readiness."""

from __future__ import annotations

import threading

import pytest
from celery import current_app
from django.test import Client

from apps.core import health


@pytest.fixture
def only(monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """Replace the checks, and the memory of those still running."""

    def replace(**checks: health.Check) -> None:
        monkeypatch.setattr(health, "CHECKS", checks)
        monkeypatch.setattr(health, "_running", {})

    return replace


def test_live_touches_no_database(client: Client) -> None:
    response = client.get("/health/live")
    assert response.status_code == 200
    assert response.json() == {"status": "ok"}


@pytest.mark.django_db(transaction=True)
def test_ready_when_all_is_well(client: Client) -> None:
    response = client.get("/health/ready")
    assert response.json()["problems"] == {}
    assert response.status_code == 200
    assert response["Cache-Control"] == "no-store"


def test_ready_names_what_is_wrong(client: Client, only) -> None:  # type: ignore[no-untyped-def]
    def broken() -> str:
        raise ConnectionError("postgres://user:password@db")

    only(database=broken, migrations=lambda: "2 migrations are not applied", broker=lambda: "")
    response = client.get("/health/ready")
    assert response.status_code == 503
    assert response.json()["problems"] == {
        "database": "ConnectionError",
        "migrations": "2 migrations are not applied",
    }
    assert b"password" not in response.content


def test_a_check_that_hangs_is_given_up_and_not_started_again(only) -> None:  # type: ignore[no-untyped-def]
    release, starts = threading.Event(), []

    def hangs() -> str:
        starts.append(1)
        release.wait()
        return ""

    only(database=hangs, broker=lambda: "")
    try:
        assert health.problems(limit_seconds=0.05) == {"database": "no answer"}
        assert health.problems(limit_seconds=0.05) == {"database": "no answer"}
        assert len(starts) == 1
    finally:
        release.set()
    assert health.problems(limit_seconds=5) == {}


def test_broker_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    away = current_app.connection_for_write("redis://127.0.0.1:1/0")
    monkeypatch.setattr(current_app, "connection_for_write", lambda: away)
    with pytest.raises(Exception, match="1"):
        health.broker()
