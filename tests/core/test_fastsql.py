"""SQL for hot paths gives what the ORM gives, on both databases."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import Organization, User
from apps.core import fastsql
from apps.core.models import OutboxEvent

MOMENTS = [
    datetime(2026, 3, 29, 1, 0, tzinfo=UTC),
    datetime(2026, 10, 25, 1, 0, 0, 120_000, tzinfo=UTC),
    datetime(2026, 10, 25, 1, 0, 0, 7, tzinfo=UTC),
]
COLUMNS = ("id", "organization_id", "name", "payload", "announced_at", "delivered_at", "attempts")


def parsed(rows: list[str]) -> list[dict[str, object]]:
    return [json.loads(row) for row in rows]


@pytest.fixture
def events(organization: Organization) -> list[OutboxEvent]:
    return [
        OutboxEvent.objects.create(
            organization=organization,
            name='50 % "quoted" ’ü\n',
            payload={"nested": [1, None, True], "text": "</script>"},
            announced_at=moment,
            next_attempt_at=moment,
            delivered_at=None if number else moment,
            attempts=number,
        )
        for number, moment in enumerate(MOMENTS)
    ]


def expected(events: list[OutboxEvent]) -> list[dict[str, object]]:
    def moment(value: datetime | None) -> str | None:
        if value is None:
            return None
        text = value.isoformat()
        whole, dot, fraction = text.removesuffix("+00:00").partition(".")
        return whole + dot + fraction.rstrip("0") + "+00:00"

    return [
        {
            "id": event.pk,
            "organization_id": event.organization_id,
            "name": event.name,
            "payload": event.payload,
            "announced_at": moment(event.announced_at),
            "delivered_at": moment(event.delivered_at),
            "attempts": event.attempts,
        }
        for event in events
    ]


def test_rows_of_a_statement(events: list[OutboxEvent], organization: Organization) -> None:
    sql = (
        f"SELECT {', '.join(COLUMNS)} FROM core_outboxevent "
        "WHERE organization_id = %s AND name LIKE '50 %%' AND announced_at >= %s ORDER BY id DESC LIMIT %s"
    )
    body = fastsql.json_rows(
        sql,
        [organization.pk, MOMENTS[0], 50],
        moments=["announced_at", "delivered_at"],
        documents=["payload"],
    )
    assert parsed(body) == expected(events)[::-1]


def test_rows_of_a_queryset(events: list[OutboxEvent], organization: Organization) -> None:
    queryset = OutboxEvent.objects.owned_by(organization).filter(announced_at__gt=MOMENTS[0]).order_by("id")
    assert parsed(fastsql.json_rows(queryset.values(*COLUMNS))) == expected(events[1:])


def test_booleans_are_booleans(organization: Organization) -> None:
    User.objects.create_user("a@harbour.example", is_staff=True)
    sql = "SELECT is_staff, is_active, CAST(NULL AS boolean) AS unknown FROM accounts_user"
    body = fastsql.json_rows(sql, booleans=["is_staff", "is_active", "unknown"])
    assert parsed(body) == [{"is_staff": True, "is_active": True, "unknown": None}]
    assert parsed(fastsql.json_rows(User.objects.values("is_staff"))) == [{"is_staff": True}]


def test_no_rows_is_an_empty_list(db: None) -> None:
    assert parsed(fastsql.json_rows("SELECT id FROM core_outboxevent WHERE id = %s", [-1])) == []


def test_execute_gives_rows_and_takes_changes(events: list[OutboxEvent]) -> None:
    rows = fastsql.execute(
        "UPDATE core_outboxevent SET attempts = attempts + %s WHERE id = %s RETURNING id, attempts", [5, events[1].pk]
    )
    assert rows == [(events[1].pk, 6)]
    assert fastsql.execute("DELETE FROM core_outboxevent WHERE id = %s", [events[0].pk]) == []
    assert OutboxEvent.objects.count() == 2


def test_change_is_part_of_the_transaction(events: list[OutboxEvent]) -> None:
    def fail() -> None:
        with transaction.atomic():
            fastsql.execute("UPDATE core_outboxevent SET attempts = 9")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert not OutboxEvent.objects.filter(attempts=9).exists()


def test_errors_are_djangos(db: None) -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        fastsql.execute("SELECT nonsense")


def test_statements_are_counted_and_prepared(db: None) -> None:
    fastsql.json_rows("SELECT id FROM core_outboxevent")
    with CaptureQueriesContext(connection) as captured:
        fastsql.json_rows("SELECT id FROM core_outboxevent")
    assert len(captured) == 1
    if connection.vendor == "postgresql":
        statements = fastsql.execute("SELECT statement FROM pg_prepared_statements")
        assert any("row_to_json" in statement for (statement,) in statements)
