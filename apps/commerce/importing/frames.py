"""What the four targets share: whole units of fixed-point columns, numbering, repeated keys, look-ups."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from django.db import models

from apps.customers.identity import EMAIL, EXTERNAL, Seen
from apps.customers.import_people import LABEL as CUSTOMER
from apps.customers.import_people import Person, keep
from apps.imports import upsert
from apps.imports.sentences import sentence
from apps.imports.target import Chunk, Outcome, Rejection

if TYPE_CHECKING:
    import polars as pl

IDS_AT_ONCE = 5000
TOUCH = {"version": "version + 1", "updated_at": "CURRENT_TIMESTAMP"}


def units(name: str, places: int) -> pl.Expr:
    """A decimal of that many places as the whole number that the table keeps."""
    import polars as pl

    whole: pl.Expr = pl.col(name) * 10**places
    return whole.cast(pl.Int64)


def numbered(frame: pl.DataFrame, key: str, name: str, memory: dict[str, Any]) -> pl.DataFrame:
    """`name`: which row of its key it is, from 1, counted over all chunks of the file."""
    import polars as pl

    before: pl.DataFrame | None = memory.get(name)
    frame = frame.with_columns(pl.int_range(1, pl.len() + 1).over(key).alias(name))
    counts = frame.group_by(key).agg(pl.len().cast(pl.Int64).alias("count"))
    if before is not None:
        frame = frame.join(before, on=key, how="left", maintain_order="left")
        frame = frame.with_columns(pl.col(name) + pl.col("count").fill_null(0)).drop("count")
        counts = pl.concat([before, counts]).group_by(key).agg(pl.col("count").sum())
    memory[name] = counts
    return frame


def without_repeats(frame: pl.DataFrame, key: Sequence[str], field: str, outcome: Outcome) -> pl.DataFrame:
    """Each key once: the same row again is unchanged, another one is rejected. `frame` has `row` and `row_hash`."""
    import polars as pl

    if not frame.select(pl.struct(key).is_duplicated().any()).item():
        return frame
    first = frame.unique(subset=list(key), keep="first", maintain_order=True)
    again = frame.filter(~pl.col("row").is_in(first["row"].implode()))
    again = again.join(first.select(*key, pl.col(upsert.HASH).alias("kept")), on=list(key), how="left")
    other = again.filter(pl.col(upsert.HASH) != pl.col("kept"))
    outcome.unchanged += again.height - other.height
    for row, value in other.select("row", pl.concat_str([pl.col(name) for name in key], separator=" / ")).iter_rows():
        outcome.rejected.append(Rejection(row, field, str(value), "duplicate_key", sentence("duplicate_key")))
    return first


def customers_of(chunk: Chunk, outcome: Outcome, columns: Collection[str]) -> pl.DataFrame:
    """(`reference`, `customer_id`, `is_gone`) for each customer of the chunk, made where new. `columns`: which of
    `customer_id` and `email` the frame has; the reference is the number, else the address."""
    import polars as pl

    both = [name for name in ("customer_id", "email") if name in columns]
    frame = chunk.frame.select(pl.coalesce([pl.col(name) for name in both]).alias("reference"), *both)
    people, references = [], []
    for number, row in enumerate(frame.drop_nulls("reference").unique("reference").iter_rows(named=True)):
        names = [Seen(EXTERNAL, row.get("customer_id") or "", chunk.source), Seen(EMAIL, row.get("email") or "")]
        values = {"email": row["email"]} if row.get("email") else {}
        people.append(Person(number, [name for name in names if name.value], values))
        references.append(row["reference"])
    kept = keep(people, organization=chunk.organization, run_id=chunk.run_id, now=chunk.now)
    outcome.note_made(CUSTOMER, kept.made)
    outcome.former += kept.former
    return pl.DataFrame(
        {
            "reference": references,
            "customer_id": [kept.records.get(person.row) for person in people],
            "is_gone": [person.row in kept.withheld for person in people],
        },
        schema={"reference": pl.String, "customer_id": pl.Int64, "is_gone": pl.Boolean},
    )


def add(outcome: Outcome, model: type[models.Model], result: upsert.Upserted, *, counts: bool = True) -> None:
    """Note what an upsert did; with `counts` its rows are those of the file."""
    label = model._meta.label
    outcome.note_made(label, result.ranges)
    outcome.former += [(label, pk, before) for pk, before in result.former]
    if counts:
        outcome.created += result.created
        outcome.updated += result.updated
        outcome.unchanged += result.unchanged


def batches(ranges: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """First and last id of ranges, some thousands at once."""
    for first, last in ranges:
        for start in range(first, last + 1, IDS_AT_ONCE):
            yield start, min(last, start + IDS_AT_ONCE - 1)
