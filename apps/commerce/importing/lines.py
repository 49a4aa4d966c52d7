"""Order lines: the largest files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from django.db import connection

from apps.commerce.actions.totals import count_lines
from apps.commerce.importing.frames import add, numbered, without_repeats
from apps.commerce.importing.orders import orders_of_lines
from apps.commerce.importing.products import known_products
from apps.commerce.models import Order, OrderLine
from apps.imports import upsert
from apps.imports.sentences import sentence
from apps.imports.target import Chunk, Finished, Outcome, Rejection

if TYPE_CHECKING:
    import polars as pl

SAID = ("sku", "description", "quantity", "unit_price", "discount", "occurred_at")


def prepare_lines(chunk: Chunk) -> pl.DataFrame:
    """A file without line numbers: the lines of an order are counted as they come."""
    import polars as pl

    if "line_number" in chunk.mapped and chunk.frame["line_number"].null_count() == 0:
        return chunk.frame
    frame = numbered(chunk.frame, "order_number", "place", chunk.memory)
    return frame.with_columns(pl.coalesce("line_number", "place").alias("line_number")).drop("place")


def store_lines(chunk: Chunk) -> Outcome:
    """A chunk of the lines' file."""
    import polars as pl

    outcome = Outcome()
    frame = upsert.hashed(chunk.frame, [name for name in SAID if name in chunk.mapped])
    frame = without_repeats(frame, ["order_number", "line_number"], "order_number", outcome)
    frame = _with_orders(chunk, frame, outcome)
    if "sku" in chunk.mapped:
        products = known_products(chunk, frame, outcome)
        frame = frame.join(products, on="sku", how="left", maintain_order="left")
    else:
        frame = frame.with_columns(product_id=pl.lit(None, pl.Int64))
    quantity = (pl.col("quantity") * 1000).cast(pl.Int64)
    price = (pl.col("unit_price") * 10000).cast(pl.Int64)
    discount = (pl.col("discount") * 10000).cast(pl.Int64).fill_null(0)
    # Half a unit is rounded away from zero, in whole numbers.
    product = quantity * price
    rounded = product.sign() * ((product.abs() + 500) // 1000)
    rows = frame.select(
        pl.col("order_id"),
        pl.col("line_number"),
        pl.col("product_id"),
        pl.coalesce("description", "sku", pl.lit("")).alias("description"),
        quantity.alias("quantity"),
        price.alias("unit_price"),
        discount.alias("discount"),
        (rounded - discount).alias("line_total"),
        pl.col("occurred_at"),
        pl.col(upsert.HASH),
    )
    result = upsert.upsert(
        OrderLine,
        rows,
        key=("order_id", "line_number"),
        update=["product_id", "description", "quantity", "unit_price", "discount", "line_total", "occurred_at"],
        constants={"organization_id": chunk.organization.pk},
        created_only={"import_run_id": chunk.run_id},
        is_empty=chunk.is_empty,
    )
    add(outcome, OrderLine, result)
    return outcome


def _with_orders(chunk: Chunk, frame: pl.DataFrame, outcome: Outcome) -> pl.DataFrame:
    """`order_id` and the moment; orders that nobody knows are made where the file says when."""
    import polars as pl

    known = _known_orders(chunk, frame["order_number"])
    unknown = frame.join(known, on="order_number", how="anti", maintain_order="left")
    if not unknown.is_empty():
        new = unknown.drop_nulls("occurred_at").unique("order_number", keep="first", maintain_order=True)
        if not new.is_empty():
            before = outcome.withheld
            orders_of_lines(chunk, new, outcome)
            outcome.withheld = before
            known = pl.concat([known, _known_orders(chunk, new["order_number"])])
        gone = unknown.join(known, on="order_number", how="anti", maintain_order="left")
        for row, number, at in gone.select("row", "order_number", "occurred_at").iter_rows():
            if at is not None:
                # Its order was withheld, because its customer was erased.
                outcome.withheld += 1
            else:
                said = sentence("no_such_order")
                outcome.rejected.append(Rejection(row, "order_number", number, "no_such_order", said))
    frame = frame.join(known, on="order_number", how="inner", maintain_order="left")
    return frame.with_columns(pl.coalesce("occurred_at", "placed_at").alias("occurred_at"))


def _known_orders(chunk: Chunk, numbers: pl.Series) -> pl.DataFrame:
    """(`order_number`, `order_id`, `placed_at`) of those that are there."""
    import polars as pl

    wanted = numbers.unique().to_list()
    listed = "= ANY(%s)" if connection.vendor == "postgresql" else "IN (SELECT value FROM json_each(%s))"
    parameter: list[str] | str = wanted
    if connection.vendor != "postgresql":
        parameter = json.dumps(wanted)
    micros = (
        "(extract(epoch FROM placed_at) * 1000000)::bigint"
        if connection.vendor == "postgresql"
        else "CAST(round((julianday(placed_at) - 2440587.5) * 86400000.0) AS INTEGER) * 1000"
    )
    sql = (
        f"SELECT external_id, id, {micros} FROM {Order._meta.db_table}"  # noqa: S608 - our own words
        f" WHERE organization_id = %s AND source = %s AND external_id {listed}"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [chunk.organization.pk, chunk.source, parameter])
        rows = cursor.fetchall()
    frame = pl.DataFrame(
        rows, schema={"order_number": pl.String, "order_id": pl.Int64, "placed_at": pl.Int64}, orient="row"
    )
    return frame.with_columns(pl.col("placed_at").cast(pl.Datetime("us", "UTC")))


# One pass over the lines of the touched orders; rows that are right already are not written.
RECOUNT = """
UPDATE commerce_order SET subtotal = s.money, item_count = s.items, line_count = s.lines,
    total = s.money - discount_total + shipping_total + tax_total
FROM (
    SELECT order_id, sum(line_total) AS money, sum(quantity) AS items, count(*) AS lines FROM commerce_orderline
    WHERE order_id IN (SELECT order_id FROM commerce_orderline WHERE id BETWEEN %s AND %s) GROUP BY order_id
) AS s
WHERE commerce_order.id = s.order_id
    AND (line_count <> s.lines OR subtotal <> s.money OR item_count <> s.items)
"""
IDS_AT_ONCE = 250_000


def finish_lines(finished: Finished) -> None:
    """The sums of the orders whose lines came."""
    with connection.cursor() as cursor:
        for first, last in finished.made.get("commerce.OrderLine", []):
            for start in range(first, last + 1, IDS_AT_ONCE):
                cursor.execute(RECOUNT, [start, min(last, start + IDS_AT_ONCE - 1)])
        changed = finished.changed.get("commerce.OrderLine", [])
        for pk in changed:
            cursor.execute(RECOUNT, [pk, pk])


def recount(finished: Finished) -> None:
    """After an import is taken back: orders that stay have the sums of the lines that stay."""
    finish_lines(finished)
    with_lines = Order.objects.owned_by(finished.organization).filter(source=finished.source, line_count__gt=0)
    ids = list(with_lines.filter(lines=None).values_list("id", flat=True))
    for start in range(0, len(ids), 5000):
        count_lines(ids[start : start + 5000])
