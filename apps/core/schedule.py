"""Beat entries, declared in code by each app's `schedule.py` and written to the database after migrate.

An admin may change a row's rhythm or switch it off; it is made again only where it is missing.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


@dataclass(frozen=True)
class Every:
    """Run the named task every so many seconds."""

    task: str
    seconds: int


SCHEDULE: list[Every] = [
    Every("core.deliver_waiting_events", seconds=10),
    Every("core.forget_delivered_events", seconds=6 * 3600),
    Every("core.forget_old_idempotency_keys", seconds=3600),
    Every("core.scan_waiting_files", seconds=60),
    Every("core.forget_dead_processes_metrics", seconds=6 * 3600),
]


def declare(*entries: Every) -> None:
    """Add entries; called at the top of an app's `schedule.py`."""
    SCHEDULE.extend(entries)


def write_missing(sender: AppConfig, **_: object) -> None:
    """Make the rows of new entries (after migrate)."""
    from django_celery_beat.models import IntervalSchedule, PeriodicTask

    autodiscover_modules("schedule")
    for entry in SCHEDULE:
        if not PeriodicTask.objects.filter(name=entry.task).exists():
            interval, _created = IntervalSchedule.objects.get_or_create(
                every=entry.seconds, period=IntervalSchedule.SECONDS
            )
            PeriodicTask.objects.create(name=entry.task, task=entry.task, interval=interval)
