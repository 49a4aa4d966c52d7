"""Statements that stay prepared: the values of psycopg's own cursor, transactions, errors and silence as there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import psycopg
import pytest
from django.db import IntegrityError, OperationalError, connection, transaction

from apps.core import fastsql, patience
from apps.core.postgresql import statements

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="PostgreSQL only"),
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def table() -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE statements_here (number int PRIMARY KEY, word text)")
    yield "statements_here"
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE statements_here")


def stored() -> list[tuple[object, ...]]:
    return fastsql.execute("SELECT number, word FROM statements_here ORDER BY number")


@pytest.mark.parametrize(
    ("cast", "value"),
    [
        ("bigint", 2**40),
        ("int", 7),
        ("text", "Ünï %s 😀"),
        ("text", None),
        ("bool", True),
        ("numeric", Decimal("12.50")),
        ("timestamptz", datetime(2026, 3, 29, 1, 2, 3, 4, tzinfo=UTC)),
        ("uuid", UUID(int=7)),
        ("int[]", [1, 2, 3]),
        ("text[]", ["a", None, "b,"]),
    ],
)
def test_values_come_back_as_they_went(cast: str, value: object) -> None:
    for _again in range(2):
        assert fastsql.execute(f"SELECT %s::{cast}", [value]) == [(value,)]


def test_places_with_names_and_percent_signs() -> None:
    found = fastsql.execute("SELECT %(a)s::text || %(b)s::text || %(a)s::text, 5 %% 3", {"b": "-", "a": "x"})

    assert found == [("x-x", 2)]


def test_it_is_prepared_once(table: str) -> None:
    for number in range(3):
        fastsql.execute("INSERT INTO statements_here VALUES (%s, %s)", [number, "x"])
    with connection.cursor() as cursor:
        cursor.execute("SELECT generic_plans + custom_plans FROM pg_prepared_statements WHERE statement LIKE 'INSERT%'")
        assert cursor.fetchall() == [(3,)]
    assert stored() == [(0, "x"), (1, "x"), (2, "x")]


def test_the_oldest_statements_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statements, "MOST_STATEMENTS", 3)
    connection.close()
    for _again in range(2):
        for number in range(6):
            assert fastsql.execute(f"SELECT {number}") == [(number,)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'compass%'")
        assert cursor.fetchone() == (3,)


def test_a_refused_statement_harms_nothing(table: str) -> None:
    fastsql.execute("INSERT INTO statements_here VALUES (%s, %s)", [1, "x"])
    with pytest.raises(IntegrityError) as caught:
        fastsql.execute("INSERT INTO statements_here VALUES (%s, %s)", [1, "y"])

    assert isinstance(caught.value.__cause__, psycopg.errors.UniqueViolation)
    assert stored() == [(1, "x")]


def test_it_is_part_of_a_transaction(table: str) -> None:
    with transaction.atomic():
        fastsql.execute("INSERT INTO statements_here VALUES (%s, %s)", [1, "first of all"])
        fastsql.execute("INSERT INTO statements_here VALUES (%s, %s)", [2, "second"])
        transaction.set_rollback(True)

    assert stored() == []


def test_a_rollback_gives_no_statement_up(table: str) -> None:
    for number in range(3):
        with transaction.atomic():
            fastsql.execute("SELECT count(*) FROM statements_here")
            assert fastsql.execute("SELECT 1") == [(1,)]
            fastsql.execute("INSERT INTO statements_here VALUES (%s, %s)", [number, "gone"])
            transaction.set_rollback(True)
        assert stored() == []


def test_statements_that_a_pooler_gave_up_are_prepared_again() -> None:
    assert fastsql.execute("SELECT 1") == [(1,)]
    with connection.cursor() as cursor:
        cursor.execute("DISCARD ALL")
    assert fastsql.execute("SELECT 1") == [(1,)]


def test_a_slow_statement_ends_the_line() -> None:
    with patience.at_most(0.2), pytest.raises(OperationalError, match="no answer within"):
        fastsql.execute("SELECT pg_sleep(5)")

    assert not connection.is_usable()
    connection.close()
