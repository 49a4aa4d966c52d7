"""Orders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps.commerce.actions.totals import join_waiting, settle
from apps.commerce.importing.frames import TOUCH, add, batches, customers_of, numbered, units, without_repeats
from apps.commerce.models import Order, OrderStatus, Payment
from apps.customers.imports import part as part_customers
from apps.imports import upsert
from apps.imports.target import Chunk, Finished, Outcome

if TYPE_CHECKING:
    import polars as pl

MONEY = ("subtotal", "discount_total", "shipping_total", "tax_total", "total")
KEY = ("organization_id", "source", "external_id")
SAID = (
    "placed_at", "customer_id", "email", "status", "channel", "currency", *MONEY, "item_count",
    "cancelled_at", "is_test",
)  # fmt: skip


def prepare_orders(chunk: Chunk) -> pl.DataFrame:
    """An order without a number is known by its customer, its moment and which one of that moment it is."""
    import polars as pl

    frame = chunk.frame
    if "number" in chunk.mapped and frame["number"].null_count() == 0:
        return frame
    who = pl.coalesce("customer_id", "email").str.slice(0, 60)
    frame = frame.with_columns(
        pl.concat_str([who, pl.col("placed_at").dt.strftime("%Y%m%dT%H%M%S")], separator="-").alias("key")
    )
    frame = numbered(frame, "key", "place", chunk.memory)
    made = pl.concat_str(["key", "place"], separator="-").str.slice(0, 100)
    return frame.with_columns(pl.coalesce("number", made).alias("number"))


def store_orders(chunk: Chunk) -> Outcome:
    """A chunk of the orders' file."""
    import polars as pl

    outcome = Outcome()
    said = [name for name in SAID if name in chunk.mapped]
    frame = upsert.hashed(chunk.frame, said)
    frame = without_repeats(frame, ["number"], "number", outcome)
    frame = with_customers(chunk, frame, outcome)
    rows = frame.select(
        pl.col("number").alias("external_id"),
        pl.col("number"),
        pl.col("placed_at"),
        pl.col("status").fill_null(OrderStatus.COMPLETED.value),
        pl.col("channel").fill_null(""),
        pl.col("currency").str.to_uppercase().fill_null(chunk.organization.currency),
        pl.col("cancelled_at"),
        pl.col("is_test").fill_null(False),
        pl.col("item_count").mul(1000).cast(pl.Int64).fill_null(0),
        *(units(name, 4).fill_null(0) for name in MONEY if name not in ("subtotal", "total")),
        pl.coalesce(units("subtotal", 4), units("total", 4), 0).alias("subtotal"),
        pl.coalesce(units("total", 4), units("subtotal", 4), 0).alias("total"),
        pl.col("record_id").alias("customer_id"),
        pl.col("reference").fill_null("").alias("customer_reference"),
        pl.col(upsert.HASH),
    )
    update = [name for name in said if name not in ("customer_id", "email")]
    if {"customer_id", "email"} & set(said):
        update += ["customer_id", "customer_reference"]
    add(outcome, Order, _stored(chunk, rows, update))
    return outcome


def with_customers(chunk: Chunk, frame: pl.DataFrame, outcome: Outcome) -> pl.DataFrame:
    """The frame with `record_id` and `reference`; orders of erased customers are withheld and gone from it."""
    import polars as pl

    named = {name: name for name in ("customer_id", "email") if name in chunk.mapped and name in frame.columns}
    if not named:
        return frame.with_columns(record_id=pl.lit(None, pl.Int64), reference=pl.lit(None, pl.String))
    people = customers_of(chunk, outcome, named).rename({"customer_id": "record_id"})
    frame = frame.with_columns(pl.coalesce([pl.col(name) for name in named]).str.slice(0, 100).alias("reference"))
    frame = frame.join(people, on="reference", how="left", maintain_order="left")
    gone = pl.col("is_gone").fill_null(False)
    kept = frame.filter(~gone)
    outcome.withheld += frame.height - kept.height
    return kept


def _stored(chunk: Chunk, rows: pl.DataFrame, update: list[str]) -> upsert.Upserted:
    return upsert.upsert(
        Order,
        rows,
        key=KEY,
        update=update,
        constants={"organization_id": chunk.organization.pk, "source": chunk.source},
        created_only={
            "import_run_id": chunk.run_id, "created_at": chunk.now, "updated_at": chunk.now, "version": 1,
            "paid_total": 0, "refunded_total": 0, "line_count": 0,
            **{name: 0 for name in ("subtotal", "discount_total", "shipping_total", "tax_total", "total", "item_count")
               if name not in rows.columns},
            **{name: "" for name in ("channel", "customer_reference") if name not in rows.columns},
            **({} if "is_test" in rows.columns else {"is_test": False}),
            **({} if "status" in rows.columns else {"status": OrderStatus.COMPLETED.value}),
        },
        touch=TOUCH,
    )  # fmt: skip


def orders_of_lines(chunk: Chunk, frame: pl.DataFrame, outcome: Outcome) -> None:
    """Make the orders that lines name and nobody knows yet; `frame` has one row for each of them."""
    import polars as pl

    frame = with_customers(chunk, frame, Outcome() if "customer_id" not in frame.columns else outcome)
    rows = frame.select(
        pl.col("order_number").alias("external_id"),
        pl.col("order_number").alias("number"),
        pl.col("occurred_at").alias("placed_at"),
        pl.col("currency").str.to_uppercase().fill_null(chunk.organization.currency),
        pl.col("record_id").alias("customer_id"),
        pl.col("reference").fill_null("").alias("customer_reference"),
    )
    add(outcome, Order, _stored(chunk, rows, []), counts=False)


def finish_orders(finished: Finished) -> None:
    """Payments that came before their orders find them."""
    for each in batches(finished.made.get("commerce.Order", [])):
        names = list(Order.objects.filter(pk__range=each).values_list("external_id", flat=True))
        join_waiting(finished.organization.pk, finished.source, names)
        paid = Payment.objects.filter(order__gte=each[0], order__lte=each[1])
        settle(sorted(set(paid.values_list("order_id", flat=True).exclude(order=None))))


def part(finished: Finished) -> None:
    """Customers that the import had joined part again."""
    part_customers(finished)
