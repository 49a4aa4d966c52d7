"""Storing a batch: one prepared statement on PostgreSQL, one short transaction on SQLite.

The key table decides what is new: `(organization, source, message id)` is unique there for ever and over all monthly
partitions, whose own indexes cannot promise that. What is new goes on into the events, the work that follows and the
changed days, all in the same statement: a batch is stored whole or, when the process dies, not at all, and then it is
sent again.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import orjson
from django.db import connection, transaction

from apps.core import fastsql
from apps.core.locks import one_writer
from apps.tracking.models import EventKey
from apps.tracking.reading import Reading


@dataclass(frozen=True, slots=True)
class Following:
    """Work that follows from one event; stored only when the event is new."""

    kind: str
    reading: Reading
    data: dict[str, Any]


# The rows come as one array for each column, each a text of ours: to make it costs a tenth of what psycopg needs for a
# list, and the database reads arrays faster than a JSON document of rows (`bench/events.py` measures them). The order
# of the keys lets two requests with the same calls wait for each other instead of dead-locking.
STORE = """
WITH incoming AS MATERIALIZED (
  SELECT * FROM ROWS FROM (
    unnest(%s::uuid[], %s::uuid[], %s::timestamptz[], %s::text[], %s::text[], %s::text[], %s::text[],
           %s::bool[], %s::bool[], %s::bool[], %s::bool[], %s::text[]),
    jsonb_array_elements(%s::jsonb)
  ) AS t (message_key, fingerprint, "timestamp", type, name, message_id, person,
          is_bot, is_test, is_late, is_clamped, violations, body)
), fresh AS (
  INSERT INTO tracking_eventkey (organization_id, source_id, message_key, fingerprint, received_at)
  SELECT %s::int8, %s::int8, message_key, fingerprint, %s::timestamptz FROM incoming ORDER BY message_key
  ON CONFLICT DO NOTHING
  RETURNING organization_id, source_id, message_key, received_at
), stored AS (
  INSERT INTO tracking_event (organization_id, source_id, received_at, "timestamp", type, name, message_id, person,
                              is_bot, is_test, is_late, is_clamped, violations, body)
  SELECT f.organization_id, f.source_id, f.received_at, i."timestamp", i.type, i.name, i.message_id, i.person,
         i.is_bot, i.is_test, i.is_late, i.is_clamped, i.violations::jsonb, i.body
    FROM fresh f JOIN incoming i USING (message_key)
)
"""
TODOS = """, todo AS (
  INSERT INTO tracking_todo (organization_id, source_id, kind, at, data, attempts)
  SELECT f.organization_id, f.source_id, t.kind, t.at, t.data, 0
    FROM json_to_recordset(%s::json) AS t (place int, message_key uuid, kind text, at timestamptz, data jsonb)
    JOIN fresh f USING (message_key) ORDER BY t.place
)
"""
DAYS = """, day AS (
  INSERT INTO tracking_changedday (organization_id, day, person, changed_at, is_announced)
  SELECT DISTINCT f.organization_id, t.day, t.person, f.received_at, false
    FROM json_to_recordset(%s::json) AS t (message_key uuid, day date, person text) JOIN fresh f USING (message_key)
   ORDER BY f.organization_id, t.day, t.person
  ON CONFLICT (organization_id, day, person) DO UPDATE SET changed_at = EXCLUDED.changed_at, is_announced = false
)
"""
# What was known before this statement began. A rival that stored the same key meanwhile is asked for afterwards.
KNOWN = """
SELECT i.message_key, (SELECT k.fingerprint FROM tracking_eventkey k
                        WHERE k.organization_id = %s AND k.source_id = %s AND k.message_key = i.message_key)
  FROM incoming i WHERE NOT EXISTS (SELECT FROM fresh f WHERE f.message_key = i.message_key)
"""


@functools.cache
def _statement(has_todos: bool, has_days: bool) -> str:
    return STORE + (TODOS if has_todos else "") + (DAYS if has_days else "") + KNOWN


def store(
    organization_id: int, source_id: int, readings: Sequence[Reading], following: Sequence[Following], now: datetime
) -> dict[str, str]:
    """Store what is new; returns message key → stored fingerprint of what was not.

    No two readings have the same key. Raises DataError when the database cannot store one of them.
    """
    if not readings:
        return {}
    if connection.vendor == "postgresql":
        return _in_one_statement(organization_id, source_id, readings, following, now)
    return _in_one_transaction(organization_id, source_id, readings, following, now)


def changed_days(readings: Sequence[Reading], now: datetime) -> list[tuple[str, date, str]]:
    """Message key, day and person of those that happened on a day which was over (UTC)."""
    today = now.date()
    return [
        (reading.message_key, reading.timestamp.date(), reading.person)
        for reading in readings
        if reading.timestamp.date() < today
    ]


def _violations(reading: Reading) -> str | None:
    return orjson.dumps(reading.violations).decode() if reading.violations else None


def columns(readings: Sequence[Reading]) -> list[Any]:
    """The rows as the statement reads them."""
    return [
        _array(reading.message_key for reading in readings),
        _array(reading.fingerprint for reading in readings),
        _array(reading.timestamp.isoformat() for reading in readings),
        _array(reading.type for reading in readings),
        _array(_quoted(reading.name) for reading in readings),
        _array(_quoted(reading.message_id) for reading in readings),
        _array(_quoted(reading.person) for reading in readings),
        _array("t" if reading.is_bot else "f" for reading in readings),
        _array("t" if reading.is_test else "f" for reading in readings),
        _array("t" if reading.is_late else "f" for reading in readings),
        _array("t" if reading.is_clamped else "f" for reading in readings),
        _array(_quoted(found) if (found := _violations(reading)) else "NULL" for reading in readings),
        # The canonical texts, written once when they were read.
        f"[{','.join(reading.body for reading in readings)}]",
    ]


def _array(elements: Iterable[str]) -> str:
    """An array as PostgreSQL writes it."""
    return "{" + ",".join(elements) + "}"


def _quoted(word: str) -> str:
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _todos(following: Sequence[Following]) -> str:
    rows = [
        {
            "place": place,
            "message_key": todo.reading.message_key,
            "kind": todo.kind,
            "at": todo.reading.timestamp,
            "data": todo.data,
        }
        for place, todo in enumerate(following)
    ]
    return orjson.dumps(rows).decode()


def _in_one_statement(
    organization_id: int, source_id: int, readings: Sequence[Reading], following: Sequence[Following], now: datetime
) -> dict[str, str]:
    days = changed_days(readings, now)
    params: list[Any] = [*columns(readings), organization_id, source_id, now]
    if following:
        params.append(_todos(following))
    if days:
        keys = ("message_key", "day", "person")
        params.append(orjson.dumps([dict(zip(keys, day, strict=True)) for day in days]).decode())
    params += [organization_id, source_id]
    known = dict(fastsql.execute(_statement(bool(following), bool(days)), params))
    if None in known.values():
        rivals = [key for key, fingerprint in known.items() if fingerprint is None]
        known |= dict(
            fastsql.execute(
                "SELECT message_key, fingerprint FROM tracking_eventkey"
                " WHERE organization_id = %s AND source_id = %s AND message_key = ANY(%s)",
                [organization_id, source_id, rivals],
            )
        )
    return {key.hex: fingerprint.hex for key, fingerprint in known.items()}


AT_ONCE = 400


@one_writer()
@transaction.atomic
def _in_one_transaction(
    organization_id: int, source_id: int, readings: Sequence[Reading], following: Sequence[Following], now: datetime
) -> dict[str, str]:
    known: dict[str, str] = {}
    keys = EventKey.objects.owned_by(organization_id).filter(source=source_id)
    for start in range(0, len(readings), AT_ONCE):
        asked = [reading.message_key for reading in readings[start : start + AT_ONCE]]
        found = keys.filter(message_key__in=asked).values_list("message_key", "fingerprint")
        known |= {key.hex: fingerprint.hex for key, fingerprint in found}
    fresh = [reading for reading in readings if reading.message_key not in known]
    moment = connection.ops.adapt_datetimefield_value(now)
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO tracking_eventkey (organization_id, source_id, message_key, fingerprint, received_at)"
            " VALUES (%s, %s, %s, %s, %s)",
            [(organization_id, source_id, reading.message_key, reading.fingerprint, moment) for reading in fresh],
        )
        cursor.executemany(
            'INSERT INTO tracking_event (organization_id, source_id, received_at, "timestamp", type, name, message_id,'
            " person, is_bot, is_test, is_late, is_clamped, violations, body)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [
                (
                    organization_id,
                    source_id,
                    moment,
                    connection.ops.adapt_datetimefield_value(reading.timestamp),
                    reading.type,
                    reading.name,
                    reading.message_id,
                    reading.person,
                    reading.is_bot,
                    reading.is_test,
                    reading.is_late,
                    reading.is_clamped,
                    _violations(reading),
                    reading.body,
                )
                for reading in fresh
            ],
        )
        cursor.executemany(
            "INSERT INTO tracking_todo (organization_id, source_id, kind, at, data, attempts)"
            " VALUES (%s, %s, %s, %s, %s, 0)",
            [
                (
                    organization_id,
                    source_id,
                    todo.kind,
                    connection.ops.adapt_datetimefield_value(todo.reading.timestamp),
                    orjson.dumps(todo.data).decode(),
                )
                for todo in following
                if todo.reading.message_key not in known
            ],
        )
        cursor.executemany(
            "INSERT INTO tracking_changedday (organization_id, day, person, changed_at, is_announced)"
            " VALUES (%s, %s, %s, %s, false) ON CONFLICT (organization_id, day, person)"
            " DO UPDATE SET changed_at = excluded.changed_at, is_announced = false",
            [(organization_id, day, person, moment) for _key, day, person in changed_days(fresh, now)],
        )
    return known
