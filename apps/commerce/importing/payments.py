"""Payments, also those whose order has not come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps.commerce.actions.totals import settle
from apps.commerce.importing.frames import add, batches, numbered, without_repeats
from apps.commerce.models import Order, Payment, PaymentKind
from apps.imports import upsert
from apps.imports.target import Chunk, Finished, Outcome

if TYPE_CHECKING:
    import polars as pl


def prepare_payments(chunk: Chunk) -> pl.DataFrame:
    """A payment without a number is known by its place among those of its order."""
    import polars as pl

    if "sequence" in chunk.mapped and chunk.frame["sequence"].null_count() == 0:
        return chunk.frame
    frame = numbered(chunk.frame, "order_number", "place", chunk.memory)
    return frame.with_columns(pl.coalesce("sequence", pl.col("place").cast(pl.String)).alias("sequence")).drop("place")


def store_payments(chunk: Chunk) -> Outcome:
    """A chunk of the payments' file."""
    import polars as pl

    outcome = Outcome()
    said = [name for name in ("kind", "amount", "currency", "paid_at") if name in chunk.mapped]
    frame = upsert.hashed(chunk.frame, said)
    frame = frame.with_columns(
        pl.concat_str(["order_number", "sequence"], separator="-").str.slice(0, 100).alias("external_id")
    )
    frame = without_repeats(frame, ["external_id"], "order_number", outcome)
    where = {"organization_id": chunk.organization.pk, "source": chunk.source}
    orders = upsert.ids_of(Order, frame["order_number"], column="external_id", where=where)
    orders = orders.rename({"external_id": "order_number", "id": "order_id"})
    frame = frame.join(orders, on="order_number", how="left", maintain_order="left")
    rows = frame.select(
        "external_id",
        "order_id",
        pl.col("order_number").alias("order_reference"),
        pl.col("kind").fill_null(PaymentKind.OTHER.value),
        (pl.col("amount") * 10000).cast(pl.Int64).alias("amount"),
        pl.col("currency").str.to_uppercase().fill_null(chunk.organization.currency),
        "paid_at",
        upsert.HASH,
    )
    result = upsert.upsert(
        Payment,
        rows,
        key=("organization_id", "source", "external_id"),
        update=said,
        constants=where,
        created_only={"import_run_id": chunk.run_id},
    )
    add(outcome, Payment, result)
    return outcome


def finish_payments(finished: Finished) -> None:
    """What is paid of the orders."""
    for each in batches(finished.made.get("commerce.Payment", [])):
        paid = Payment.objects.filter(pk__range=each).exclude(order=None)
        settle(sorted(set(paid.values_list("order_id", flat=True))))


def resettle(finished: Finished) -> None:
    """After an import is taken back."""
    orders = Order.objects.owned_by(finished.organization).filter(source=finished.source, payments=None)
    ids = list(orders.exclude(paid_total=0).values_list("id", flat=True))
    for start in range(0, len(ids), 5000):
        settle(ids[start : start + 5000])
