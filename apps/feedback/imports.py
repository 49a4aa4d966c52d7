"""Reviews and answers from files: each becomes a response, as if somebody had asked and the customer had answered."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from apps.commerce.models import Order
from apps.customers.identity import EMAIL, EXTERNAL, Seen
from apps.customers.import_people import LABEL, Person, keep
from apps.customers.imports import BELONGINGS, part
from apps.feedback.models import Delivery, Response, SurveyRequest
from apps.forms.models import LinkPurpose, OneTimeLink
from apps.imports import target, upsert
from apps.imports.sentences import sentence
from apps.imports.target import Chunk, Field, Kind, Outcome, Rejection

if TYPE_CHECKING:
    import polars as pl

# Reviews of shops are longer than what our own form takes.
LONGEST = 5000


def store_reviews(chunk: Chunk) -> Outcome:
    """A chunk of the reviews' file. The mood is read afterwards, as of every answer."""
    import polars as pl

    outcome = Outcome()
    # One review of several orders stands once for each of them in the file, under one number.
    digests = [
        hashlib.sha256(f"import|{chunk.organization.pk}|{chunk.source}|{number}|{order}".encode()).hexdigest()
        for number, order in chunk.frame.select("external_id", pl.col("order_number").fill_null("")).iter_rows()
    ]
    frame = chunk.frame.with_columns(
        pl.Series("secret_sha256", digests, dtype=pl.String),
        pl.concat_str([pl.col("title"), pl.col("comment")], separator=": ", ignore_nulls=True).alias("comment"),
    )
    frame = _with_customers(chunk, frame, outcome)
    once = frame.unique("secret_sha256", keep="first", maintain_order=True)
    outcome.unchanged += frame.height - once.height
    frame = once.with_columns(pl.col("answered_at").fill_null(chunk.now))
    owner = {"organization_id": chunk.organization.pk}
    links = frame.select(
        "secret_sha256", *(pl.col("answered_at").alias(name) for name in ("created_at", "expires_at", "used_at"))
    )
    # A link that is used opens nothing, so its secret may be known.
    made = upsert.upsert(
        OneTimeLink, links, key=("secret_sha256",), update=(), constants=owner,
        created_only={"purpose": LinkPurpose.SURVEY.value, "seed": "", "is_opened_by_machine": False},
    )  # fmt: skip
    outcome.note_made(OneTimeLink._meta.label, made.ranges)
    frame = _joined(OneTimeLink, frame, "secret_sha256", "link_id", owner)
    requests = frame.select("customer_id", "link_id", pl.col("answered_at").alias("requested_at"))
    made = upsert.upsert(
        SurveyRequest, requests, key=("link_id",), update=(), constants=owner,
        created_only={"language": chunk.organization.language, "purpose": "", "recipient": "",
                      "delivery": Delivery.DELIVERED.value, "mails_written": 0, "reminders_sent": 0},
    )  # fmt: skip
    outcome.note_made("feedback.SurveyRequest", made.ranges)
    ids = dict(SurveyRequest.objects.filter(link__in=frame["link_id"].to_list()).values_list("link_id", "id"))
    rows = frame.select(
        pl.col("link_id").replace_strict(ids, return_dtype=pl.Int64).alias("request_id"),
        "customer_id",
        pl.col("rating").cast(pl.Int64).alias("stars"),
        pl.col("comment").fill_null(""),
        pl.col("answered_at").alias("submitted_at"),
    )
    result = upsert.upsert(
        Response, rows, key=("request_id",), update=["stars", "comment"], constants=owner,
        created_only={"language": chunk.organization.language, "form_key": "", "sentiment": "", "summary": "",
                      "is_contradiction": False},
    )  # fmt: skip
    outcome.note_made("feedback.Response", result.ranges)
    outcome.former += [("feedback.Response", pk, before) for pk, before in result.former]
    outcome.created, outcome.updated = result.created, result.updated
    outcome.unchanged += result.unchanged
    return outcome


def _joined(
    model: type[OneTimeLink], frame: pl.DataFrame, column: str, name: str, owner: dict[str, int]
) -> pl.DataFrame:
    ids = upsert.ids_of(model, frame[column], column=column, where=owner).rename({"id": name})
    return frame.join(ids, on=column, how="inner", maintain_order="left")


def _with_customers(chunk: Chunk, frame: pl.DataFrame, outcome: Outcome) -> pl.DataFrame:
    """`customer_id` of the record: the one that the order came with, else by number or address, made where new."""
    import polars as pl

    where = {"organization_id": chunk.organization.pk, "source": chunk.source}
    orders = upsert.ids_of(Order, frame["order_number"], column="external_id", where=where, more=("customer_id",))
    of_order = {number: customer for number, _pk, customer in orders.iter_rows() if customer is not None}
    records: list[int | None] = []
    people: dict[tuple[str, str], Person] = {}
    named = frame.select("row", "order_number", "customer_id", "email").rows()
    for row, number, external, address in named:
        if number not in of_order and (external or address):
            seen = [Seen(EXTERNAL, external or "", chunk.source), Seen(EMAIL, address or "")]
            values = {"email": address} if address else {}
            people.setdefault((external or "", address or ""), Person(row, [n for n in seen if n.value], values))
    kept = keep(list(people.values()), organization=chunk.organization, run_id=chunk.run_id, now=chunk.now)
    outcome.note_made(LABEL, kept.made)
    outcome.former += kept.former
    for row, number, external, address in named:
        person = people.get((external or "", address or ""))
        record = of_order.get(number) or (kept.records.get(person.row) if person else None)
        records.append(record)
        if record is None and person is not None:
            outcome.withheld += 1
        elif record is None:
            said = sentence("no_such_order")
            outcome.rejected.append(Rejection(row, "order_number", number or "", "no_such_order", said))
    frame = frame.with_columns(pl.Series("customer_id", records, dtype=pl.Int64))
    return frame.filter(pl.col("customer_id").is_not_null())


REVIEWS = target.Target(
    key="reviews",
    label=_("Reviews and answers"),
    order=60,
    fields=(
        Field("external_id", _("Number of the review"), max_length=100, is_required=True,
              synonyms=("id", "review id", "response id", "row index")),
        Field("rating", _("Stars"), Kind.INTEGER, is_required=True, minimum=1, maximum=5,
              synonyms=("stars", "score", "review score", "sterne", "bewertung", "note")),
        Field("title", _("Title"), max_length=300, synonyms=("review title", "subject", "titel")),
        Field("comment", _("Comment"), max_length=LONGEST,
              synonyms=("review", "text", "review text", "body", "kommentar", "message", "commentaire")),
        Field("order_number", _("Order number"), max_length=100, synonyms=("order", "order id", "bestellnummer")),
        Field("customer_id", _("Customer number"), max_length=200, synonyms=("customer", "author id", "kundennummer")),
        Field("email", _("E-mail"), Kind.EMAIL, synonyms=("reviewer email", "author email", "mail")),
        Field("answered_at", _("Answered"), Kind.DATETIME, synonyms=("date", "review date", "datum", "created at")),
    ),
    natural_key=("external_id", "order_number"),
    needs_one_of=("order_number", "customer_id", "email"),
    store=store_reviews,
    before_undo=part,
    belongings=(*BELONGINGS, "lake.LakeFile"),
)  # fmt: skip
