"""What is due from time to time: announcements, changed days, partitions, deleting what is too old."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction

from apps.core import audit
from apps.core.audit import System
from apps.core.outbox import announce
from apps.tracking import partitions, queries
from apps.tracking.actions.forgetting import forget_erased
from apps.tracking.events import DaysChanged, EventsReceived
from apps.tracking.metrics import FOLLOWED
from apps.tracking.models import ChangedDay, Event, Source, TrackingSettings

# By then a batch that was received is stored, or nobody will ever store it.
SETTLED = timedelta(seconds=15)
AT_ONCE = 5000


@transaction.atomic
def announce_received(source: Source, *, now: datetime) -> int:
    """Announce what came in from this source since the last time, as one event; returns how many there were.

    What is about erased customers is taken away before. `follow` does that at once for whoever says a name; this is
    for the rest: robots, calls with nothing but a user id, and names that the process took for known.
    """
    source = Source.objects.select_for_update().get(pk=source.pk)
    since, until = source.announced_until, now - SETTLED
    if until <= since:
        return 0
    events = Event.objects.owned_by(source.organization_id).filter(source=source)
    came = events.filter(received_at__gt=since, received_at__lte=until)
    if forgotten := forget_erased(source.organization_id, came):
        FOLLOWED.labels("erased", "forgotten").inc(forgotten)
    count = came.count()
    if count or not source.is_live:
        source.announced_until = until
        if count:
            source.last_received_at = came.order_by("-received_at").values_list("received_at", flat=True)[0]
        source.save(update_fields=["announced_until", "last_received_at"])
    if count:
        announce(
            EventsReceived(
                organization_id=source.organization_id,
                source_id=source.pk,
                count=count,
                since=since.isoformat(),
                until=until.isoformat(),
            )
        )
    return count


@transaction.atomic
def announce_changed_days(*, now: datetime) -> int:
    """Say whose days changed (`ChangedDay.customer`) and announce the days; returns how many rows were seen."""
    waiting = ChangedDay.objects.filter(is_announced=False).order_by("id")
    if connection.features.has_select_for_update_skip_locked:
        waiting = waiting.select_for_update(skip_locked=True)
    by_organization: dict[int, list[ChangedDay]] = defaultdict(list)
    for row in waiting[:AT_ONCE]:
        by_organization[row.organization_id].append(row)
    for organization_id, rows in by_organization.items():
        known = queries.customer_of(organization_id, [row.person for row in rows])
        for row in rows:
            row.customer_id, row.is_announced = known.get(row.person), True
        ChangedDay.objects.bulk_update(rows, ["customer", "is_announced"], batch_size=200)
        days = sorted({row.day.isoformat() for row in rows})
        announce(DaysChanged(organization_id=organization_id, days=days))
    return sum(map(len, by_organization.values()))


def keep_partitions(*, now: datetime) -> None:
    """Make the partitions of the coming months, and drop those that the installation no longer keeps."""
    partitions.ensure_coming(now)
    if months := settings.EVENT_RETENTION_MONTHS:
        oldest = partitions.months_later(partitions.month_start(now), -months)
        if connection.vendor == "postgresql":
            dropped = partitions.drop_before(oldest)
            if dropped:
                audit.record(
                    "events.dropped", by=System("retention"), organization_id=None, after={"partitions": dropped}
                )
        while delete_before(oldest, organization_id=None):
            pass


def delete_for_organizations(*, now: datetime) -> None:
    """Delete what an organisation no longer keeps, in small steps; the keys stay, so that nothing comes in again."""
    for row in TrackingSettings.objects.filter(retention_months__gt=0):
        oldest = partitions.months_later(partitions.month_start(now), -(row.retention_months or 0))
        total = 0
        while count := delete_before(oldest, organization_id=row.organization_id):
            total += count
        if total:
            after = {"events": total, "before": oldest}
            audit.record("events.deleted", by=System("retention"), organization_id=row.organization_id, after=after)


def delete_before(oldest: datetime, *, organization_id: int | None) -> int:
    """Delete up to AT_ONCE events received before then, of one organisation or of all; returns how many."""
    old = Event.objects.filter(received_at__lt=oldest)
    if organization_id is not None:
        old = old.owned_by(organization_id)
    ids = list(old.order_by("received_at").values_list("pk", flat=True)[:AT_ONCE])
    return Event.objects.filter(pk__in=ids, received_at__lt=oldest).delete()[0] if ids else 0
