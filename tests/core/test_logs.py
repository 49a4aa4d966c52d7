"""Logs: JSON with the request id, without secrets and personal data, whoever writes them."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

import pytest
import structlog
from celery import shared_task
from django.test import Client

from apps.core import celery_trace, logs, request_context

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJpZCI6MX0.c2lnbmF0dXJlLW9mLWEtbGluaw"


@pytest.fixture
def lines() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """What is written from now on, parsed."""
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.formatter("json"))
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.removeHandler(handler)
    root.setLevel(level)


def test_both_kinds_of_loggers_write_the_same_shape(lines) -> None:  # type: ignore[no-untyped-def]
    with request_context.trace("request-0001"):
        structlog.get_logger("ours").info("hello", count=3)
        logging.getLogger("theirs").warning("hello %s", "you", extra={"count": 3})
    ours, theirs = lines()
    assert ours == {
        "event": "hello",
        "count": 3,
        "logger": "ours",
        "level": "info",
        "timestamp": ours["timestamp"],
        "request_id": "request-0001",
    }
    theirs.pop("message", None)  # left on the record by pytest's own handler
    assert {**theirs, "timestamp": None} == {
        "event": "hello you",
        "count": 3,
        "logger": "theirs",
        "level": "warning",
        "timestamp": None,
        "request_id": "request-0001",
    }


class Talkative:
    def __str__(self) -> str:
        return f"<Request /s/{TOKEN}/>"


@pytest.mark.parametrize(
    "values",
    [
        {"password": "hunter2-leak"},
        {"details": {"deep": [{"api_key": "hunter2-leak"}]}},
        {"email": "hunter2-leak@example.org"},
        {"note": "mail to hunter2-leak@example.org failed"},
        {"note": "Authorization: Bearer hunter2-leak"},
        {"url": "redis://user:hunter2-leak@127.0.0.1:6379/0"},
        {"url": "/unsubscribe?token=hunter2-leak&x=1"},
        {"path": f"/s/{TOKEN}/"},
        {"request": Talkative()},
        {"note": "call +49 170 1234567"},
    ],
)
def test_secrets_and_people_are_not_in_the_logs(lines, values: dict[str, Any]) -> None:  # type: ignore[no-untyped-def]
    structlog.get_logger("ours").info("happened", **values)
    logging.getLogger("theirs").error("happened", extra=values)
    for line in lines():
        text = json.dumps(line)
        assert "hunter2-leak" not in text
        assert TOKEN not in text
        assert "1234567" not in text


def test_exception_is_written_and_redacted(lines) -> None:  # type: ignore[no-untyped-def]
    try:
        raise ValueError("no mailbox at someone@example.org")
    except ValueError:
        structlog.get_logger("ours").exception("failed")
        logging.getLogger("theirs").exception("failed")
    for line in lines():
        assert "ValueError: no mailbox at [address]" in line["exception"]
        assert "test_logs.py" in line["exception"]


def test_every_request_leaves_one_line(client: Client, lines) -> None:  # type: ignore[no-untyped-def]
    response = client.get(f"/nobody/{TOKEN}/", headers={"X-Request-Id": "request-0002"})
    (line,) = [line for line in lines() if line["event"] == "request"]
    assert response["X-Request-Id"] == "request-0002"
    assert line["request_id"] == "request-0002"
    assert (line["method"], line["route"], line["status"]) == ("GET", "unknown", 404)
    assert line["path"] == "/nobody/[redacted]/"
    assert line["ms"] >= 0
    assert TOKEN not in json.dumps(lines())


def test_probes_leave_no_line(client: Client, lines) -> None:  # type: ignore[no-untyped-def]
    client.get("/health/live")
    assert not [line for line in lines() if line["event"] == "request"]


seen: list[str] = []


@shared_task(name="core.test_note_request_id")
def note_request_id() -> None:
    seen.append(request_context.current().request_id)
    raise ZeroDivisionError


def test_request_id_goes_into_the_message() -> None:
    headers: dict[str, Any] = {}
    with request_context.trace("request-0003"):
        celery_trace._carry(headers=headers)
    assert headers == {celery_trace.HEADER: "request-0003"}


def test_request_id_is_restored_in_the_worker(lines) -> None:  # type: ignore[no-untyped-def]
    note_request_id.push_request(**{celery_trace.HEADER: "request-0004"})
    try:
        celery_trace._begin("task-1", note_request_id)
        assert request_context.current().request_id == "request-0004"
        celery_trace._end("task-1", note_request_id, "SUCCESS")
    finally:
        note_request_id.pop_request()
    assert request_context.current().request_id == ""
    ended = [line for line in lines() if line["event"] == "task_ended"]
    assert [(line["request_id"], line["outcome"]) for line in ended] == [("request-0004", "success")]


def test_task_without_a_request_gets_an_id_and_failures_are_errors(lines) -> None:  # type: ignore[no-untyped-def]
    seen.clear()
    note_request_id.apply(throw=False)
    (ended,) = [line for line in lines() if line["event"] == "task_ended"]
    assert seen == [ended["task_id"]]
    assert (ended["outcome"], ended["level"]) == ("failure", "error")
    assert request_context.current().request_id == ""


def test_usual_path_stays_readable(lines) -> None:  # type: ignore[no-untyped-def]
    structlog.get_logger("ours").info("request", path="/customers/12/visits/")
    assert lines()[0]["path"] == "/customers/12/visits/"
