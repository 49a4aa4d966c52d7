"""The page of one customer, and the parts of it that arrive on their own."""

from __future__ import annotations

from typing import Any

from django.db.models import prefetch_related_objects
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.guards import MemberRequest, requires
from apps.accounts.permissions import Can
from apps.core.components import Crumb, Tab
from apps.core.pages import render_page, requested_fragment
from apps.core.refused import Refused
from apps.customers import panels, queries, record_parts
from apps.customers.models import Customer, Domain


@requires(Can.VIEW_CUSTOMERS)
def customer_detail(request: MemberRequest, pk: int) -> HttpResponse:
    """Who they are, what they agreed to, what happened; `?domain=` narrows the timeline.

    Each part reads what it shows and nothing else. The panels of other apps follow once the page stands; `?panels=all`
    is the page with everything at once.
    """
    customer = customer_of(request, pk)
    if customer.pk != pk:
        # A record that was merged leads to the customer to whom it belongs.
        return redirect("customers:customer_detail", customer.pk)
    wanted = _PARTS.get(requested_fragment(request, list(_PARTS)) or "", _whole)
    try:
        context = {"customer": customer, **wanted(request, customer)}
    except Refused:
        # A cursor that is not ours (an old bookmark).
        return redirect("customers:customer_detail", customer.pk)
    return render_page(request, "customers/customer_detail.html", context, fragments=list(_PARTS))


def customer_of(request: MemberRequest, pk: int) -> Customer:
    """The caller's customer, or 404; a record that was merged is its head."""
    found = Customer.objects.owned_by(request.organization).select_related(
        "last_branch", "company", "owner__user", "organization"
    )
    customer = get_object_or_404(found, pk=pk)
    if customer.merged_into_id is not None:
        customer = found.get(pk=customer.merged_into_id)
    if customer.own is not None:
        # Whatever is shown asks for all records of the customer.
        prefetch_related_objects([customer], "members")
    return customer


def crumbs_of(customer: Customer, label: str = "") -> list[Crumb]:
    """The way to the customer's page, or to `label` below it."""
    name = str(customer)
    start = Crumb(_("Customers"), reverse("customers:customer_list"))
    if not label:
        return [start, Crumb(name)]
    return [start, Crumb(name, reverse("customers:customer_detail", args=[customer.pk])), Crumb(label)]


def notes_part(request: MemberRequest, customer: Customer, cursor: str = "") -> dict[str, Any]:
    """What `customers/_notes.html` prints. Raises Refused (`bad_cursor`)."""
    notes = record_parts.notes_of(customer, request.member, cursor)
    page = reverse("customers:customer_detail", args=[customer.pk])
    return {
        "customer": customer,
        "notes": notes.shown,
        "newer_notes_url": f"{page}?notes={notes.newer}" if notes.newer else "",
        "older_notes_url": f"{page}?notes={notes.older}" if notes.older else "",
        "may_edit": request.member.can(Can.EDIT_CUSTOMERS),
    }


def _whole(request: MemberRequest, customer: Customer) -> dict[str, Any]:
    consents = queries.consent_states(customer)
    return {
        "page_title": str(customer),
        "crumbs": crumbs_of(customer),
        "head": record_parts.head_of(customer, request.member),
        "consents": consents,
        "any_consent": any(state.is_given for state in consents),
        "details": record_parts.details_of(customer),
        "visit_url": f"{reverse('customers:visit_new')}?customer={customer.pk}",
        "may_record": request.member.can(Can.RECORD_VISITS),
        "may_change_consent": request.member.can(Can.RECORD_CONSENT),
        **_notes(request, customer),
        **_timeline(request, customer),
        **(_panels(request, customer) if "panels" in request.GET else {}),
    }


def _timeline(request: MemberRequest, customer: Customer) -> dict[str, Any]:
    domain = request.GET.get("domain", "")
    domain = domain if domain in Domain.values else ""
    page = queries.timeline_page(customer, domain=domain, cursor=request.GET.get("cursor", ""))
    start = f"?domain={domain}&cursor=" if domain else "?cursor="
    return {
        "entries": page.rows,
        "domain": domain,
        "tabs": [
            Tab(_("Everything"), "?", active=not domain),
            *(Tab(str(part.label), f"?domain={part.value}", active=part.value == domain) for part in Domain),
        ],
        "newer_url": f"{start}{page.previous_cursor}" if page.previous_cursor else "",
        "older_url": f"{start}{page.next_cursor}" if page.next_cursor else "",
    }


def _notes(request: MemberRequest, customer: Customer) -> dict[str, Any]:
    return notes_part(request, customer, request.GET.get("notes", ""))


def _panels(request: MemberRequest, customer: Customer) -> dict[str, Any]:
    return {"panels": panels.panels_for(customer, request.member)}


def _suggestions(request: MemberRequest, customer: Customer) -> dict[str, Any]:
    return {"suggested": record_parts.tag_suggestions(customer, request.GET.get("tag", ""))}


_PARTS = {"timeline": _timeline, "notes": _notes, "panels": _panels, "suggestions": _suggestions}
