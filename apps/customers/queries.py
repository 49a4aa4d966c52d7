"""Reads about customers that join several models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from django.db.models.query import QuerySet, RawQuerySet
from django.utils import timezone
from django.utils.safestring import SafeString

from apps.accounts.models import Organization
from apps.core import days
from apps.core.fastsql import json_rows
from apps.core.keyset import Keyset, Page
from apps.core.row_cache import RowCache
from apps.customers import normalise
from apps.customers.models import Channel, ConsentEntry, Customer, Purpose, TimelineEntry
from apps.customers.models.customer import CustomerQuerySet

NEWEST = Keyset("-created_at", "-id")
TIMELINE = Keyset("-at", "-id")
ROWS = RowCache("customers/_customer_row.html")


@dataclass(frozen=True)
class CustomerFilters:
    """What narrows the list. `consent`: `yes`, `no` or empty; the days are those of the reader's time zone."""

    text: str = ""
    branch_id: int | None = None
    consent: str = ""
    since: date | None = None
    until: date | None = None


def customers(organization: Organization | int, filters: CustomerFilters) -> CustomerQuerySet:
    """The customers that fit all filters, not yet ordered."""
    found = Customer.objects.owned_by(organization).heads()
    if filters.text.strip():
        words = normalise.words_of(filters.text)
        found = found.matching(organization, words) if words else found.none()
    if filters.branch_id is not None:
        found = found.last_seen_at(filters.branch_id)
    if filters.consent:
        found = found.consenting(Purpose.SURVEY, Channel.EMAIL, is_given=filters.consent == "yes")
    start, end = days.moments(filters.since, filters.until, timezone.get_current_timezone())
    if start:
        found = found.filter(created_at__gte=start)
    if end:
        found = found.filter(created_at__lt=end)
    return found


def customer_rows(
    organization: Organization | int, filters: CustomerFilters, *, cursor: str = "", size: int = 50
) -> tuple[SafeString, Page[Any]]:
    """One page of the list as ready rows, and the page with its cursors. Raises Refused (`bad_cursor`)."""
    return page_of_rows(customers(organization, filters), cursor, size)


def page_of_rows(found: CustomerQuerySet, cursor: str, size: int) -> tuple[SafeString, Page[Any]]:
    """One page of these customers as ready rows, newest first. Raises Refused (`bad_cursor`)."""
    fields = ("id", "version", "last_branch__name", "created_at")
    page = NEWEST.page(found.values(*fields), cursor=cursor, size=size)
    html = ROWS.render([(row["id"], row["version"], row["last_branch__name"]) for row in page.rows], _rows)
    return html, page


def _rows(ids: list[Any]) -> Mapping[Any, Any]:
    found = Customer.objects.filter(pk__in=ids).select_related("last_branch")
    customers_by_id = {customer.pk: customer for customer in found}
    several = [pk for pk, customer in customers_by_id.items() if customer.own is not None]
    head_of: dict[int, int | None] = dict.fromkeys(ids)
    if several:
        head_of |= dict(Customer.objects.filter(merged_into__in=several).values_list("pk", "merged_into"))
    last_words: dict[int, ConsentEntry] = {}
    entries = ConsentEntry.objects.filter(customer__in=head_of, purpose=Purpose.SURVEY, channel=Channel.EMAIL)
    for entry in entries.order_by("id"):
        last_words[head_of[entry.customer_id] or entry.customer_id] = entry
    return {pk: {"customer": customer, "consent": last_words.get(pk)} for pk, customer in customers_by_id.items()}


def customer_json(organization: Organization, *, cursor: str = "", size: int = 50) -> Page[str]:
    """One page of all customers, each row the JSON text that the API prints. Raises Refused (`bad_cursor`)."""
    backwards, start = NEWEST.position(cursor, datetime.fromisoformat, int)
    rows = json_rows(
        _customer_sql(backwards, bool(start)),
        [organization.pk, *start, size + 1],
        booleans=["survey_consent"],
        moments=["last_visited_at", "created_at", "updated_at"],
    )
    return NEWEST.bounded(rows, size=size, cursor=cursor, backwards=backwards)


@lru_cache
def _customer_sql(backwards: bool, starts: bool) -> str:
    """The text of the list: four of them, so that PostgreSQL prepares each once."""
    sign, way = (">", "ASC") if backwards else ("<", "DESC")
    start = f"AND (c.created_at, c.id) {sign} (%s, %s)" if starts else ""
    return f"""
SELECT c.id, c.name, c.email, c.mobile, c.language, c.time_zone, c.preferred_channel, c.last_visited_at,
  c.last_branch_id, b.name AS last_branch,
  coalesce(CASE WHEN c.own IS NULL THEN (SELECT e.action = 'given' FROM customers_consententry e
      WHERE e.customer_id = c.id AND e.purpose = 'survey' AND e.channel = 'email' ORDER BY e.id DESC LIMIT 1)
    ELSE (SELECT e.action = 'given' FROM customers_consententry e
      WHERE e.customer_id IN (SELECT m.id FROM customers_customer m WHERE m.id = c.id OR m.merged_into_id = c.id)
      AND e.purpose = 'survey' AND e.channel = 'email' ORDER BY e.id DESC LIMIT 1) END, false) AS survey_consent,
  c.created_at, c.updated_at
FROM customers_customer c LEFT JOIN customers_branch b ON b.id = c.last_branch_id
WHERE c.organization_id = %s AND c.merged_into_id IS NULL AND NOT c.is_being_erased {start}
ORDER BY c.created_at {way}, c.id {way} LIMIT %s"""  # noqa: S608 - our own words


@dataclass(frozen=True)
class ConsentState:
    """The last word on one purpose and channel; `entry` None: nothing was ever said."""

    purpose: Purpose
    channel: Channel
    entry: ConsentEntry | None

    @property
    def is_given(self) -> bool:
        """Whether the last word was yes."""
        return self.entry is not None and self.entry.is_given


def consent_states(customer: Customer) -> list[ConsentState]:
    """What the customer agreed to: e-mail for each purpose, and whatever else was ever spoken of."""
    last: dict[tuple[str, str], ConsentEntry] = {}
    for entry in ConsentEntry.objects.of_customer(customer).select_related("notice").order_by("id"):
        last[entry.purpose, entry.channel] = entry
    return [
        ConsentState(purpose, channel, last.get((purpose, channel)))
        for purpose in Purpose
        for channel in Channel
        if channel == Channel.EMAIL or (purpose, channel) in last
    ]


def timeline_page(customer: Customer, *, domain: str = "", cursor: str = "", size: int = 25) -> Page[TimelineEntry]:
    """One page of what happened with any record of the customer, newest first. Raises Refused (`bad_cursor`).

    Each record's newest are one range of an index; a page of several is put together from theirs, in one statement.
    """
    windows = [
        TIMELINE.window(TimelineEntry.objects.filter(customer=pk).of_domain(domain), cursor)
        for pk in customer.member_ids
    ]
    backwards = windows[0][1]
    newest = [window[: size + 1] for window, _backwards in windows]
    rows = list(newest[0]) if len(newest) == 1 else sorted(_together(newest), key=_moment, reverse=not backwards)
    return TIMELINE.bounded(rows[: size + 1], size=size, cursor=cursor, backwards=backwards)


def _together(windows: list[QuerySet[TimelineEntry]]) -> RawQuerySet[TimelineEntry]:
    """The rows of all of them. `union()` takes no parts with an order and a limit of their own on SQLite."""
    parts = [window.query.sql_with_params() for window in windows]
    sql = " UNION ALL ".join(f"SELECT * FROM ({text}) part{place}" for place, (text, _params) in enumerate(parts))  # noqa: S608 - our own words
    return TimelineEntry.objects.raw(sql, [value for _text, params in parts for value in params])


def _moment(entry: TimelineEntry) -> tuple[datetime, int]:
    return entry.at, entry.pk
