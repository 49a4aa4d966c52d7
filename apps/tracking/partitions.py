"""The monthly partitions of `tracking_event` on PostgreSQL: `tracking_event_2026_11`.

Coming months are made ahead (by migrate and by beat). What arrives while no month is there for it, goes to the default
partition `tracking_event_other`, and moves out of it when its month is made. Elsewhere the table is plain and every
function here does nothing.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from django.apps import AppConfig
from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone

TABLE = "tracking_event"
OTHER = f"{TABLE}_other"
MONTHS_AHEAD = 3
NAME = re.compile(rf"{TABLE}_(\d{{4}})_(\d{{2}})")


def month_start(moment: datetime) -> datetime:
    """The first moment of the month (UTC)."""
    return moment.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def months_later(start: datetime, months: int) -> datetime:
    """The month that begins so many months after this one; negative: before."""
    number = start.year * 12 + start.month - 1 + months
    return start.replace(year=number // 12, month=number % 12 + 1)


def name_of(start: datetime) -> str:
    """The partition of the month."""
    return f"{TABLE}_{start:%Y_%m}"


def existing(using: str = "default") -> list[datetime]:
    """The months that have a partition, oldest first."""
    connection = connections[using]
    if connection.vendor != "postgresql":
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
            " WHERE i.inhparent = %s::regclass",
            [TABLE],
        )
        found = [NAME.fullmatch(name) for (name,) in cursor.fetchall()]
    return sorted(datetime(int(month[1]), int(month[2]), 1, tzinfo=UTC) for month in found if month)


def ensure(first: datetime, last: datetime, using: str = "default") -> list[datetime]:
    """Make the missing partitions from the month of `first` to the month of `last`; returns the months made."""
    connection = connections[using]
    if connection.vendor != "postgresql":
        return []
    there, made, month = set(existing(using)), [], month_start(first)
    while month <= last:
        if month not in there:
            _make(connection, month)
            made.append(month)
        month = months_later(month, 1)
    return made


def ensure_coming(now: datetime, using: str = "default") -> list[datetime]:
    """Make the partitions of this month and the next ones."""
    return ensure(now, months_later(month_start(now), MONTHS_AHEAD), using)


def drop_before(month: datetime, using: str = "default") -> list[str]:
    """Drop the partitions of all months before this one; returns their names. Rows elsewhere are not touched."""
    names = [name_of(start) for start in existing(using) if start < month_start(month)]
    with connections[using].cursor() as cursor:
        for name in names:
            cursor.execute(f'DROP TABLE "{name}"')
    return names


def after_migrate(sender: AppConfig, using: str = "default", **_: object) -> None:
    """Receiver of `post_migrate`."""
    connection = connections[using]
    # Absent: the tables of an app that is migrated back to nothing.
    if connection.vendor == "postgresql" and TABLE in connection.introspection.table_names():
        ensure_coming(timezone.now(), using)


def _make(connection: BaseDatabaseWrapper, month: datetime) -> None:
    name, end = name_of(month), months_later(month, 1)
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        # Two processes that migrate or sweep at once: the second one finds the table.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [TABLE])
        cursor.execute("SELECT to_regclass(%s)", [name])
        if cursor.fetchone()[0] is not None:
            return
        cursor.execute(f'CREATE TABLE "{name}" (LIKE "{TABLE}" INCLUDING DEFAULTS INCLUDING CONSTRAINTS)')
        # Otherwise the month could not be attached while the default partition has rows of it.
        cursor.execute(
            f'WITH moved AS (DELETE FROM "{OTHER}" WHERE received_at >= %s AND received_at < %s RETURNING *) '  # noqa: S608
            f'INSERT INTO "{name}" SELECT * FROM moved',
            [month, end],
        )
        cursor.execute(f'ALTER TABLE "{TABLE}" ATTACH PARTITION "{name}" FOR VALUES FROM (%s) TO (%s)', [month, end])
