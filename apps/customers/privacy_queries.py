"""Reads for the privacy pages: the queue, a preview, how far an erasure is, a certificate in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db.models import QuerySet
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from apps.accounts.models import Organization
from apps.core import personal_data
from apps.core.keyset import Keyset, Page
from apps.core.personal_data import Fate
from apps.customers.models import Customer, PrivacyKind, PrivacyRequest, PrivacyState
from apps.customers.subject import subject_of, values_of

NEWEST = Keyset("-received_at", "-id")


@dataclass(frozen=True)
class Line:
    """Rows of one kind, and what becomes of them."""

    part: str
    what: str
    number: int
    fate: Fate
    reason: str = ""


@dataclass(frozen=True)
class Progress:
    """How many steps of an erasure are done."""

    done: int
    total: int


def waiting(organization: Organization) -> QuerySet[PrivacyRequest]:
    """Requests whose clock runs, the most urgent first; a hundred of them are enough for a page."""
    return (
        PrivacyRequest.objects.owned_by(organization).open().select_related("customer").order_by("due_at", "id")[:100]
    )


def answered(organization: Organization, *, cursor: str = "", size: int = 25) -> Page[PrivacyRequest]:
    """One page of what was answered, newest first. Raises Refused (`bad_cursor`)."""
    closed = PrivacyRequest.objects.owned_by(organization).filter(state__in=(PrivacyState.DONE, PrivacyState.REFUSED))
    return NEWEST.page(closed.select_related("customer"), cursor=cursor, size=size)


def preview(row: PrivacyRequest) -> list[Line]:
    """What an erasure would do to how many rows; kinds without any are left out."""
    if row.customer is None:
        return []
    subject = subject_of(row.organization_id, row.customer.member_ids)
    return [
        Line(
            str(count.part.label),
            capfirst(count.what),
            count.number,
            count.holding.fate,
            str(count.holding.reason),
        )
        for count in personal_data.counts(subject)
        if count.number
    ]


def progress(row: PrivacyRequest) -> Progress | None:
    """How far an erasure is; None for everything else."""
    if row.kind != PrivacyKind.ERASURE or row.state not in (PrivacyState.WORKING, PrivacyState.DONE):
        return None
    names = [personal_data.step_name(part, holding) for part in personal_data.parts() for holding in part.holdings]
    return Progress(sum(name in row.steps for name in names), len(names))


def certified(row: PrivacyRequest) -> list[Line]:
    """The lines of a certificate in words."""
    labels = {part.key: str(part.label) for part in personal_data.parts()}
    return [
        Line(
            labels.get(line["part"], line["part"]),
            _what(line["rows_of"]),
            line["rows"],
            fate,
            line.get("reason", ""),
        )
        for fate in Fate
        for line in row.certificate.get(fate.value, [])
    ]


def changes(row: PrivacyRequest) -> list[tuple[str, str, str]]:
    """For a correction: field, before, and now (or after, once it is answered)."""
    before: dict[str, Any] = row.details.get("before", {})
    if row.kind != PrivacyKind.RECTIFICATION or not before:
        return []
    after = row.details.get("after") or (values_of(row.customer) if row.customer else {})
    names = {name: capfirst(str(Customer._meta.get_field(name).verbose_name)) for name in before}  # type: ignore[union-attr]
    return [(names[name], str(value), str(after.get(name, ""))) for name, value in before.items()]


def open_of(customer: Customer) -> list[PrivacyRequest]:
    """The customer's requests whose clock runs."""
    return list(PrivacyRequest.objects.filter(customer=customer).open().order_by("due_at"))


def _what(label: str) -> str:
    try:
        return capfirst(str(apps.get_model(label)._meta.verbose_name_plural))
    except LookupError:
        # A model of an app that is no longer installed.
        return _("Rows of %(name)s") % {"name": label}
