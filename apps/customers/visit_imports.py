"""Visits from files: the customers of a till or a calendar, with where and when they were there."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from django.db import connection
from django.utils.translation import gettext_lazy as _

from apps.customers.actions import find_or_create_branch
from apps.customers.identity import EMAIL, EXTERNAL, PHONE, Seen
from apps.customers.import_people import IMPORTER, LABEL, Person, keep
from apps.customers.imports import BELONGINGS, BLOCK_BYTES, part
from apps.customers.models import Visit, VisitSource
from apps.imports import target, upsert
from apps.imports.target import Chunk, Field, Finished, Kind, Outcome

if TYPE_CHECKING:
    import polars as pl

IDS_AT_ONCE = 100_000
# The latest visit of each customer with a new one.
LAST = """
UPDATE customers_customer SET last_visited_at = v.visited_at, last_branch_id = v.branch_id
FROM (
    SELECT customer_id, visited_at, branch_id,
        row_number() OVER (PARTITION BY customer_id ORDER BY visited_at DESC, id DESC) AS place
    FROM customers_visit WHERE customer_id IN (SELECT customer_id FROM customers_visit WHERE id BETWEEN %s AND %s)
) AS v
WHERE customers_customer.id = v.customer_id AND v.place = 1
    AND (last_visited_at IS NULL OR last_visited_at < v.visited_at)
"""


def store_visits(chunk: Chunk) -> Outcome:
    """A chunk of the visits' file. Nobody is asked how it was: these visits are history."""
    import polars as pl

    outcome = Outcome()
    people, first = [], dict[tuple[str, ...], int]()
    keys = chunk.frame.select("customer_id", "email", "mobile").fill_null("").rows()
    for number, (row, key) in enumerate(zip(chunk.frame.iter_rows(named=True), keys, strict=True)):
        if key in first:
            continue
        first[key] = number
        names = [Seen(EXTERNAL, key[0], chunk.source), Seen(EMAIL, key[1]), Seen(PHONE, key[2])]
        values = {name: row[name] for name in ("name", "email", "mobile")}
        people.append(Person(number, [name for name in names if name.value], values))
    kept = keep(people, organization=chunk.organization, run_id=chunk.run_id, now=chunk.now)
    outcome.note_made(LABEL, kept.made)
    outcome.former += kept.former
    records = [kept.records.get(first[key]) for key in keys]
    # A second spelling of one customer ("same address, other number") is found by its first name.
    frame = chunk.frame.with_columns(pl.Series("record_id", records, dtype=pl.Int64))
    there = frame.filter(pl.col("record_id").is_not_null())
    outcome.withheld = frame.height - there.height
    rows = _rows(chunk, there)
    once = rows.unique("form_key", keep="first", maintain_order=True)
    outcome.unchanged = rows.height - once.height
    result = upsert.upsert(
        Visit,
        once,
        key=("organization_id", "form_key"),
        update=(),
        constants={"organization_id": chunk.organization.pk},
        created_only={"source": VisitSource.IMPORT.value},
    )
    outcome.note_made("customers.Visit", result.ranges)
    outcome.created, outcome.unchanged = result.created, outcome.unchanged + result.unchanged
    return outcome


def _rows(chunk: Chunk, frame: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    branches = {}
    for name in frame["branch"].drop_nulls().unique().sort():
        branch = find_or_create_branch(
            chunk.organization,
            branch_id=None,
            name=name,
            by=IMPORTER,
            may_create=True,
        )
        branches[name] = branch.pk if branch else None
    place = (
        pl.col("branch").replace_strict(branches, default=None, return_dtype=pl.Int64)
        if branches
        else pl.lit(None, pl.Int64)
    )
    told = pl.concat_str(
        pl.col("record_id"), pl.col("visited_at").dt.epoch("us"), pl.col("branch").fill_null(""), separator="|"
    )
    keys = [
        hashlib.sha256(f"import|{each}|{purpose}".encode()).hexdigest()
        for each, purpose in frame.select(told.alias("told"), pl.col("purpose").fill_null("")).iter_rows()
    ]
    return frame.select(
        pl.col("record_id").alias("customer_id"),
        place.alias("branch_id"),
        pl.col("purpose").fill_null(""),
        "visited_at",
        pl.Series("form_key", keys, dtype=pl.String),
    )


def finish_visits(finished: Finished) -> None:
    """The last visit on the customers."""
    with connection.cursor() as cursor:
        for first, last in finished.made.get("customers.Visit", []):
            for start in range(first, last + 1, IDS_AT_ONCE):
                cursor.execute(LAST, [start, min(last, start + IDS_AT_ONCE - 1)])


VISITS = target.Target(
    key="visits",
    label=_("Visits"),
    order=15,
    fields=(
        Field("customer_id", _("Customer number"), max_length=200, synonyms=("customer", "customerid", "kundennummer")),
        Field("name", _("Name"), synonyms=("customer name", "kunde", "full name")),
        Field("email", _("E-mail"), Kind.EMAIL, synonyms=("e mail", "mail", "email address")),
        Field("mobile", _("Mobile"), Kind.PHONE, synonyms=("phone", "telefon", "handy", "telephone")),
        Field("visited_at", _("When"), Kind.DATETIME, is_required=True,
              synonyms=("date", "datum", "visit date", "termin", "timestamp", "besucht am")),
        Field("branch", _("Branch"), max_length=150, synonyms=("filiale", "store", "shop", "location", "standort")),
        Field("purpose", _("Purpose of visit"), synonyms=("purpose", "reason", "grund", "service", "leistung")),
    ),
    natural_key=("customer_id", "visited_at"),
    needs_one_of=("customer_id", "email", "mobile"),
    store=store_visits,
    block_bytes=BLOCK_BYTES,
    finish=finish_visits,
    before_undo=part,
    belongings=BELONGINGS,
)  # fmt: skip
