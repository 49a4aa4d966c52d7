"""Every task has a queue that somebody explained, and beat starts only what exists."""

from __future__ import annotations

from fnmatch import fnmatch

from django.apps import apps
from django.conf import settings
from django.utils.module_loading import autodiscover_modules

from apps.core.schedule import SCHEDULE
from config.celery import app


def our_tasks() -> dict[str, str]:
    """Name → module, of the tasks in our apps."""
    app.loader.import_default_modules()
    return {name: task.__module__ for name, task in app.tasks.items() if task.__module__.startswith("apps.")}


def test_every_task_is_named_after_its_app() -> None:
    strangers = {name: module for name, module in our_tasks().items() if name.split(".")[0] != module.split(".")[1]}
    assert not strangers


def test_every_task_has_an_explained_queue() -> None:
    for name in our_tasks():
        queue = app.amqp.router.route({}, name).get("queue")  # type: ignore[attr-defined]
        queue_name = getattr(queue, "name", queue) or settings.CELERY_TASK_DEFAULT_QUEUE
        assert queue_name in settings.CELERY_TASK_QUEUES_EXPLAINED, f"{name} goes to {queue_name}"


def test_every_route_has_a_task_or_an_app() -> None:
    names = [*our_tasks(), *(f"{config.label}.x" for config in apps.get_app_configs())]
    for pattern in settings.CELERY_TASK_ROUTES:
        assert any(fnmatch(name, pattern) for name in names), pattern


def test_every_beat_entry_names_a_real_task_once() -> None:
    autodiscover_modules("schedule")
    scheduled = [entry.task for entry in SCHEDULE]
    assert set(scheduled) <= set(our_tasks())
    assert len(scheduled) == len(set(scheduled))
    assert all(entry.seconds > 0 for entry in SCHEDULE)
