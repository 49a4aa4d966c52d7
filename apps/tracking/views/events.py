"""Looking at events: live, one by one, of one customer, and those that break the plan."""

from __future__ import annotations

import json

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.guards import MemberRequest, requires
from apps.accounts.permissions import Can
from apps.core.components import Column, Crumb
from apps.core.pages import render_page, requested_fragment
from apps.core.refused import Refused
from apps.customers.models import Customer
from apps.tracking import queries
from apps.tracking.forms import EventFilterForm
from apps.tracking.models import Event, Source
from apps.tracking.views import asking

POLL_SECONDS = 2


def _columns() -> list[Column]:
    return [Column(_("Event")), Column(_("Who")), Column(_("Source")), Column(_("Status")), Column(_("Received"))]


@requires(Can.VIEW_EVENTS)
def event_list(request: MemberRequest) -> HttpResponse:
    """The newest events; while it is not paused, the page asks every two seconds whether there are newer ones."""
    form = EventFilterForm(request.GET, organization=request.organization)
    try:
        page = queries.event_page(request.organization, form.filters(), cursor=request.GET.get("cursor", ""))
    except Refused:
        return asking.from_the_start(request)
    newest = str(page.rows[0].pk) if page.rows else "0"
    if requested_fragment(request, ["rows"]) and request.GET.get("seen") == newest:
        # Nothing new: htmx leaves the page as it is.
        return HttpResponse(status=204)
    kept = request.GET.copy()
    for name in ("seen", "paused", "cursor"):
        kept.pop(name, None)
    is_first = not request.GET.get("cursor")
    is_paused = request.GET.get("paused") == "1"
    base = kept.urlencode()
    kept["seen"] = newest
    context = {
        "form": form,
        "columns": _columns(),
        "events": page.rows,
        "chips": asking.chips(form),
        "newer_url": asking.with_cursor(request, page.previous_cursor),
        "older_url": asking.with_cursor(request, page.next_cursor),
        "poll_url": f"?{kept.urlencode()}" if is_first and not is_paused else "",
        "poll_seconds": POLL_SECONDS,
        "is_first": is_first,
        "is_paused": is_paused,
        "pause_url": f"?{base}&paused=1" if base else "?paused=1",
        "resume_url": f"?{base}",
        "may_manage": request.member.can(Can.MANAGE_TRACKING),
    }
    return render_page(request, "tracking/event_list.html", context, fragments=["rows"])


@requires(Can.VIEW_EVENTS)
def source_live(request: MemberRequest, pk: int) -> HttpResponse:
    """The debugger of one source: what it sent last, what breaks the plan, what was not stored; asks for news."""
    source = get_object_or_404(Source.objects.owned_by(request.organization), pk=pk)
    lately = queries.lately(source)
    if requested_fragment(request, ["rows"]) and request.GET.get("seen") == lately.mark:
        return HttpResponse(status=204)
    is_paused = request.GET.get("paused") == "1"
    context = {
        "source": source,
        "lately": lately,
        "columns": [Column(_("Event")), Column(_("Who")), Column(_("What is to be known")), Column(_("Received"))],
        "refused_columns": [Column(_("Call")), Column(_("Why")), Column(_("Received"))],
        "poll_url": "" if is_paused else f"?seen={lately.mark}",
        "poll_seconds": POLL_SECONDS,
        "is_paused": is_paused,
        "may_manage": request.member.can(Can.MANAGE_TRACKING),
        "page_title": _("%(source)s, live") % {"source": source},
        "crumbs": [Crumb(_("Events"), reverse("tracking:event_list")), Crumb(str(source))],
    }
    return render_page(request, "tracking/source_live.html", context, fragments=["rows"])


@requires(Can.VIEW_EVENTS)
def event_detail(request: MemberRequest, pk: int) -> HttpResponse:
    """One event as it came."""
    event = get_object_or_404(Event.objects.owned_by(request.organization).select_related("source"), pk=pk)
    customer_id = queries.customer_of(request.organization.pk, [event.person]).get(event.person)
    may_see = request.member.can(Can.VIEW_CUSTOMERS)
    context = {
        "event": event,
        "customer": Customer.objects.filter(pk=customer_id).first() if may_see and customer_id else None,
        "body": json.dumps(event.body, indent=2, ensure_ascii=False, sort_keys=True),
        "page_title": str(event),
        "crumbs": [Crumb(_("Events"), reverse("tracking:event_list")), Crumb(str(event))],
    }
    return render_page(request, "tracking/event_detail.html", context)


@requires(Can.VIEW_EVENTS)
def violation_list(request: MemberRequest) -> HttpResponse:
    """Events that were accepted although they break the plan. (Blocked ones are in the quarantine.)"""
    filters = queries.EventFilters(status="violation")
    try:
        page = queries.event_page(request.organization, filters, cursor=request.GET.get("cursor", ""))
    except Refused:
        return asking.from_the_start(request)
    context = {
        "events": page.rows,
        "columns": [Column(_("Event")), Column(_("What does not fit")), Column(_("Source")), Column(_("Received"))],
        "newer_url": asking.with_cursor(request, page.previous_cursor),
        "older_url": asking.with_cursor(request, page.next_cursor),
        "may_manage": request.member.can(Can.MANAGE_TRACKING),
    }
    return render_page(request, "tracking/violation_list.html", context, fragments=["rows"])


@requires(Can.VIEW_EVENTS)
def customer_events(request: MemberRequest, pk: int) -> HttpResponse:
    """Everything that one customer did on websites and in products."""
    customer = get_object_or_404(Customer.objects.owned_by(request.organization), pk=pk)
    try:
        page = queries.customer_events(customer, cursor=request.GET.get("cursor", ""))
    except Refused:
        return asking.from_the_start(request)
    context = {
        "customer": customer,
        "events": page.rows,
        "columns": _columns(),
        "newer_url": asking.with_cursor(request, page.previous_cursor),
        "older_url": asking.with_cursor(request, page.next_cursor),
        "page_title": _("Website and product"),
        "crumbs": [
            Crumb(_("Customers"), reverse("customers:customer_list")),
            Crumb(str(customer), reverse("customers:customer_detail", args=[customer.pk])),
            Crumb(_("Website and product")),
        ],
    }
    return render_page(request, "tracking/customer_events.html", context, fragments=["rows"])
