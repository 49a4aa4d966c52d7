"""Reads of feedback."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from django.db.models import Q
from django.utils.safestring import SafeString

from apps.accounts.models import Organization
from apps.core import days
from apps.core.fastsql import json_rows
from apps.core.keyset import Keyset, Page
from apps.core.row_cache import RowCache
from apps.customers import normalise
from apps.customers.models import Customer
from apps.feedback.models import RequestState, Response, SurveyRequest, SurveySettings
from apps.feedback.models.request import SurveyRequestQuerySet
from apps.feedback.models.response import ResponseQuerySet
from apps.feedback.models.settings import LONGEST_EXPIRY_HOURS
from apps.forms import redemption, tokens
from apps.forms.models import LinkPurpose
from apps.forms.refusals import RevokedLink


@dataclass(frozen=True)
class OpenSurvey:
    """A survey whose link can be used."""

    request: SurveyRequest
    settings: SurveySettings


def settings_of(organization: Organization | int) -> SurveySettings:
    """How the organisation asks; unsaved defaults where it has said nothing."""
    found = SurveySettings.objects.owned_by(organization).first()
    key = organization if isinstance(organization, int) else organization.pk
    return found or SurveySettings(organization_id=key)


def open_survey(token: str, *, now: datetime) -> OpenSurvey:
    """The survey behind a link. Raises InvalidLink, ExpiredLink, UsedLink or RevokedLink."""
    claim = tokens.read(token, purpose=LinkPurpose.SURVEY, now=now)
    request = (
        SurveyRequest.objects.select_related("link", "organization", "branch")
        .filter(link=claim.link_id, link__secret_sha256=claim.secret_sha256)
        .first()
    )
    if request is None:
        # A newer link took its place, unless there never was one.
        redemption.check(redemption.find(claim), now=now)
        raise RevokedLink
    redemption.check(request.link, now=now)
    return OpenSurvey(request, settings_of(request.organization_id))


@dataclass(frozen=True)
class ResponseFilters:
    """What the list and its export are narrowed to; None and "" narrow nothing. Dates are days of the organisation."""

    text: str = ""
    branch_id: int | None = None
    staff_id: int | None = None
    stars: int | None = None
    sentiment: str = ""
    is_contradiction: bool = False
    since: date | None = None
    until: date | None = None


NEWEST = Keyset("-submitted_at", "-id")
NEWEST_REQUESTS = Keyset("-requested_at", "-id")
ROWS = RowCache("feedback/_response_row.html")


def responses(organization: Organization, filters: ResponseFilters) -> ResponseQuerySet:
    """The organisation's responses that fit."""
    found = Response.objects.owned_by(organization)
    exact = {
        "branch": filters.branch_id,
        "staff_member": filters.staff_id,
        "stars": filters.stars,
        "sentiment": filters.sentiment or None,
        "is_contradiction": filters.is_contradiction or None,
    }
    found = found.filter(**{name: value for name, value in exact.items() if value is not None})
    start, end = days.moments(filters.since, filters.until, organization.zone)
    if start:
        found = found.filter(submitted_at__gte=start)
    if end:
        found = found.filter(submitted_at__lt=end)
    if filters.text:
        words = normalise.words_of(filters.text)
        named = (
            Customer.objects.owned_by(organization).matching(organization, words) if words else Customer.objects.none()
        )
        heads = named.values("pk")
        theirs = Q(customer__in=heads) | Q(customer__merged_into__in=heads)
        found = found.filter(Q(comment__icontains=filters.text) | theirs)
    return found


def response_rows(
    organization: Organization, filters: ResponseFilters, *, cursor: str = "", size: int = 50
) -> tuple[SafeString, Page[Any]]:
    """One page of the list as ready rows, and the page with its cursors. Raises Refused (`bad_cursor`)."""
    fields = ("id", "submitted_at", "analysed_at", "customer__version", "branch__name", "staff_member__name")
    page = NEWEST.page(responses(organization, filters).values(*fields), cursor=cursor, size=size)
    keys = [
        (row["id"], row["analysed_at"], row["customer__version"], row["branch__name"], row["staff_member__name"])
        for row in page.rows
    ]
    return ROWS.render(keys, _rows), page


def _rows(ids: list[Any]) -> Mapping[Any, Any]:
    found = Response.objects.filter(pk__in=ids).select_related("customer", "branch", "staff_member")
    return {response.pk: response for response in found}


@dataclass(frozen=True)
class RequestFilters:
    """What the list of requests is narrowed to; None and "" narrow nothing. Dates are days of the organisation."""

    state: str = ""
    branch_id: int | None = None
    since: date | None = None
    until: date | None = None


def requests(organization: Organization, filters: RequestFilters, *, now: datetime) -> SurveyRequestQuerySet:
    """The organisation's requests that fit."""
    found = SurveyRequest.objects.owned_by(organization).select_related("link", "customer", "branch")
    if filters.branch_id is not None:
        found = found.filter(branch=filters.branch_id)
    start, end = days.moments(filters.since, filters.until, organization.zone)
    if start:
        found = found.filter(requested_at__gte=start)
    if end:
        found = found.filter(requested_at__lt=end)
    if filters.state and filters.state not in (RequestState.ANSWERED, RequestState.REVOKED, RequestState.EXPIRED):
        # A link lives a week at most, so the index on the moment of asking leads to the few that can be live.
        found = found.filter(requested_at__gt=now - timedelta(hours=2 * LONGEST_EXPIRY_HOURS))
    return found.in_state(filters.state, now) if filters.state else found


@dataclass(frozen=True)
class Mark:
    """A piece of the comment, with the weight of the word that it is (0: no word that drove the mood)."""

    text: str
    weight: float = 0.0


def marked_comment(response: Response) -> list[Mark]:
    """The comment in pieces, the words that drove the sentiment apart from the rest."""
    weights = {word.casefold(): weight for word, weight in response.sentiment_words or []}
    if not weights:
        return [Mark(response.comment)]
    longest_first = sorted(weights, key=len, reverse=True)
    pattern = re.compile(r"(?<!\w)(" + "|".join(map(re.escape, longest_first)) + r")(?!\w)", re.I)
    return [Mark(piece, weights.get(piece.casefold(), 0.0)) for piece in pattern.split(response.comment) if piece]


JSON_FIELDS = (
    "id",
    "customer_id",
    "branch_id",
    "staff_member_id",
    "stars",
    "comment",
    "language",
    "sentiment",
    "sentiment_score",
    "is_contradiction",
    "summary",
    "submitted_at",
)


def response_json(
    organization: Organization, filters: ResponseFilters, *, cursor: str = "", size: int = 50
) -> Page[str]:
    """One page as the API prints it, each row a JSON text made by the database. Raises Refused (`bad_cursor`)."""
    backwards, start = NEWEST.position(cursor, datetime.fromisoformat, int)
    if filters != ResponseFilters():
        window, backwards = NEWEST.window(responses(organization, filters), cursor)
        rows = json_rows(window.values(*JSON_FIELDS)[: size + 1])
    else:
        rows = json_rows(
            _response_sql(backwards, bool(start)),
            [organization.pk, *start, size + 1],
            booleans=["is_contradiction"],
            moments=["submitted_at"],
        )
    return NEWEST.bounded(rows, size=size, cursor=cursor, backwards=backwards)


@lru_cache
def _response_sql(backwards: bool, starts: bool) -> str:
    """The text of the list without filters: four of them, so that PostgreSQL prepares each once."""
    sign, way = (">", "ASC") if backwards else ("<", "DESC")
    start = f"AND (submitted_at, id) {sign} (%s, %s)" if starts else ""
    return (
        f"SELECT {', '.join(JSON_FIELDS)} FROM feedback_response WHERE organization_id = %s {start}"  # noqa: S608
        f" ORDER BY submitted_at {way}, id {way} LIMIT %s"
    )
