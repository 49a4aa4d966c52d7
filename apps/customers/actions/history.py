"""What customers itself tells the timeline: in the same transaction, so that the page shows it at once."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from apps.core.audit import Actor
from apps.customers.actions.timeline import add_to_timeline
from apps.customers.events import ConsentChanged, CustomerCreated, CustomerUpdated, VisitRecorded
from apps.customers.models import ConsentEntry, Customer, Domain, Visit


def tell_created(customer: Customer, *, by: Actor, now: datetime) -> None:
    """They became a customer."""
    with translation.override(customer.organization.language):
        title = _("Became a customer")
    _tell(customer, now, "created", title, f"{CustomerCreated.name}:{customer.pk}", by=by)


def tell_updated(customer: Customer, fields: list[str], change_id: str, *, by: Actor, now: datetime) -> None:
    """The record changed; the values stay in the audit log."""
    with translation.override(customer.organization.language):
        names = ", ".join(str(Customer._meta.get_field(name).verbose_name) for name in fields)  # type: ignore[union-attr]
        title = _("Record changed: %(fields)s") % {"fields": names}
    _tell(customer, now, "updated", title, f"{CustomerUpdated.name}:{change_id}", by=by)


def tell_visit(visit: Visit, *, by: Actor) -> None:
    """They were there."""
    with translation.override(visit.organization.language):
        title = _("Visited %(branch)s") % {"branch": visit.branch} if visit.branch else _("Visit")
        served = _("Served by %(name)s") % {"name": visit.staff_member} if visit.staff_member else ""
    add_to_timeline(
        organization_id=visit.organization_id,
        customer_id=visit.customer_id,
        at=visit.visited_at,
        domain=Domain.CUSTOMERS,
        kind="visit",
        title=title,
        body=". ".join(filter(None, [visit.purpose, served])),
        data={"visit_id": visit.pk, "by": by.audit_label},
        reference=reverse("customers:visit_done", args=[visit.pk]),
        source_event=f"{VisitRecorded.name}:{visit.pk}",
    )


def tell_consent(entry: ConsentEntry, *, by: Actor) -> None:
    """They said yes or no."""
    with translation.override(entry.customer.organization.language):
        title = _("Consent, %(what)s") % {"what": entry}
        body = entry.reason or str(entry.get_method_display())
    _tell(entry.customer, entry.recorded_at, "consent", title, f"{ConsentChanged.name}:{entry.pk}", by=by, body=body)


def _tell(
    customer: Customer, at: datetime, kind: str, title: str, source_event: str, *, by: Actor, body: str = ""
) -> None:
    add_to_timeline(
        organization_id=customer.organization_id,
        customer_id=customer.pk,
        at=at,
        domain=Domain.CUSTOMERS,
        kind=kind,
        title=title,
        body=body,
        data={"by": by.audit_label},
        source_event=source_event,
    )
