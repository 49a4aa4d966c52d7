"""The first large load of an empty table: its indexes go and come back, whatever happens in between."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from apps.commerce.models import Order, OrderLine
from apps.imports import target
from apps.imports.actions import bulk
from apps.imports.models import RunState
from tests.imports.conftest import Bring

pytestmark = pytest.mark.django_db(transaction=True)
HEAD = "order id,line,sku,quantity,price,date\n"
LINES = "".join(f"o{number % 20},{number // 20 + 1},s{number % 7},2,3.50,2024-05-01\n" for number in range(400))


@pytest.fixture(autouse=True)
def every_file_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "LEAST_BYTES", 0)


def _indexes() -> set[str]:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT indexdef FROM pg_indexes WHERE tablename = %s UNION ALL"
                " SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass",
                [OrderLine._meta.db_table] * 2,
            )
        else:
            cursor.execute("SELECT name || coalesce(sql, '') FROM sqlite_master WHERE tbl_name = 'commerce_orderline'")
        return {row[0] for row in cursor.fetchall()}


def test_everything_is_stored_and_indexed_as_before(bring: Bring) -> None:
    before = _indexes()
    run = bring("order_lines", HEAD + LINES)
    assert (run.state, run.created, run.rejected) == (RunState.DONE, 400, 0), run.error
    assert _indexes() == before
    assert set(Order.objects.values_list("line_count", "total")) == {(20, Decimal(140))}
    again = bring("order_lines", HEAD + LINES)
    assert (again.created, again.updated, again.unchanged) == (0, 0, 400)


def test_one_line_twice_in_the_file_is_sorted_out(bring: Bring, monkeypatch: pytest.MonkeyPatch) -> None:
    """So far apart that they come in two parts: the unique key cannot be built over them."""
    before = _indexes()
    far = HEAD + LINES * 60 + "o0,1,s0,9,3.50,2024-05-01\n"
    monkeypatch.setattr(bulk, "LEAST_BYTES", len(far) - 1)
    _change(monkeypatch, block_bytes=40_000)
    run = bring("order_lines", far)
    assert run.state == RunState.DONE, run.error
    assert (run.rows, run.created + run.updated + run.unchanged + run.rejected) == (24_001, 24_001)
    assert OrderLine.objects.count() == 400
    assert _indexes() == before


def test_a_failure_leaves_the_table_with_its_indexes(bring: Bring, monkeypatch: pytest.MonkeyPatch) -> None:
    before = _indexes()
    _change(monkeypatch, store=_fail)
    run = bring("order_lines", HEAD + LINES)
    assert (run.state, run.error_code) == (RunState.FAILED, "internal")
    assert not OrderLine.objects.exists()
    assert _indexes() == before


def _change(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> None:
    monkeypatch.setitem(target._targets, "order_lines", replace(target.get("order_lines"), **changes))


def _fail(_chunk: target.Chunk) -> target.Outcome:
    raise RuntimeError("the disk is full")
