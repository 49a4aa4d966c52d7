"""A sweep is published once, however often it is wanted, until it begins."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.core.cache import cache

from apps.core import waker

pytestmark = pytest.mark.django_db
SWEEP = "core.deliver_waiting_events"


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch, settings) -> list[str]:
    settings.CELERY_TASK_ALWAYS_EAGER = False
    sent: list[str] = []
    monkeypatch.setattr(waker.current_app, "send_task", lambda name, **_: sent.append(name))
    monkeypatch.setattr(waker, "_ensure_thread", lambda: None)
    waker._tasks.clear()
    cache.clear()
    return sent


def want(task: str = SWEEP) -> bool:
    waker.wake(task)
    return waker._publish()


def begin(task: str = SWEEP, args: tuple[object, ...] = ()) -> None:
    waker._begun(task=SimpleNamespace(name=task), args=args, kwargs={})


def test_a_waiting_sweep_is_not_published_again(published):
    assert want() and want() and want()
    assert published == [SWEEP]


def test_what_comes_after_its_beginning_needs_another_one(published):
    want()
    begin()
    want()
    assert published == [SWEEP, SWEEP]


def test_sweeps_do_not_hold_back_each_other(published):
    want()
    want("lake.upload_waiting")
    begin("lake.upload_waiting")
    want()
    assert published == [SWEEP, "lake.upload_waiting"]


def test_a_task_with_arguments_is_no_sweep(published):
    want()
    begin(args=(7,))
    want()
    assert published == [SWEEP]


def test_a_broker_that_is_away_is_tried_again(published, monkeypatch):
    def away(name: str, **_: object) -> None:
        raise ConnectionError

    with monkeypatch.context() as patch:
        patch.setattr(waker.current_app, "send_task", away)
        assert not want()
    want()
    assert published == [SWEEP]


def test_without_the_cache_it_is_published(published, monkeypatch):
    monkeypatch.setattr(waker, "cache", SimpleNamespace())
    monkeypatch.setattr(waker.connections, "close_all", lambda: None)
    want()
    want()
    assert published == [SWEEP, SWEEP]


def test_a_burst_does_not_keep_a_round_from_ending(published, monkeypatch):
    def send(name: str, **_: object) -> None:
        published.append(name)
        begin()
        # The next answer comes in while this one is being published.
        waker.wake(name)
        assert len(published) < 5, "the round never ends, so its pause never comes"

    monkeypatch.setattr(waker.current_app, "send_task", send)
    assert want()
    assert published == [SWEEP]
    assert waker._tasks == {SWEEP}, "the next round has something to do"
