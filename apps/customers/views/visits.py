"""The counter: record a visit, see what came of it."""

from __future__ import annotations

import secrets
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone

from apps.accounts.guards import MemberRequest, requires
from apps.accounts.permissions import Can
from apps.core.pages import render_page
from apps.customers import actions, search
from apps.customers.forms import VisitForm
from apps.customers.models import Channel, ConsentEntry, Customer, Purpose, StaffMember, Visit


@requires(Can.RECORD_VISITS)
def visit_new(request: MemberRequest) -> HttpResponse:
    """Name, address, consent, purpose, branch, staff member; `?customer=` fills in a returning one."""
    now = timezone.now()
    notice = actions.current_notice(request.organization, Purpose.SURVEY, "", now=now)
    form = VisitForm(
        request.POST or None,
        organization=request.organization,
        notice=notice,
        initial={"form_key": secrets.token_urlsafe(24), "notice": notice.pk, **_known(request)},
    )
    if form.is_valid():
        visit = form.apply(
            actions.capture_visit, form.draft(), organization=request.organization, by=request.member, now=now
        )
        if visit is not None:
            return redirect("customers:visit_done", visit.pk)
    chosen = _chosen(request, form["customer"].value())
    return render_page(
        request,
        "customers/visit_new.html",
        {"form": form, "chosen": chosen, "has_consent": chosen is not None and _may_survey(chosen)},
        status=form.answer_status,
    )


@requires(Can.RECORD_VISITS)
def visit_done(request: MemberRequest, pk: int) -> HttpResponse:
    """What happened, and what comes next."""
    visits = Visit.objects.owned_by(request.organization).select_related("customer", "branch", "staff_member")
    visit = get_object_or_404(visits, pk=pk)
    context = {
        "visit": visit,
        "is_new": visit.customer.created_at >= visit.visited_at,
        "has_consent": _may_survey(visit.customer),
        "survey_follows": actions.SURVEY_TRIGGER.follows(visit),
    }
    return render_page(request, "customers/visit_done.html", context)


@requires(Can.RECORD_VISITS)
def customer_options(request: MemberRequest) -> HttpResponse:
    """The type-ahead's answer to `?q=`: each option fills the visit's form."""
    hits = search.find(request.organization, request.GET.get("q", ""))
    options = [
        {
            "label": hit.name,
            "detail": " · ".join(filter(None, [hit.email, hit.mobile])),
            "value": hit.id,
            "fill": {"name": hit.name, "email": hit.email, "mobile": hit.mobile},
        }
        for hit in hits
    ]
    return render_page(request, "customers/customer_options.html", {"options": options})


def _known(request: MemberRequest) -> dict[str, Any]:
    """What stands in an empty form: the returning customer of the address, and the person who signed in."""
    known: dict[str, Any] = {}
    customer = _chosen(request, request.GET.get("customer"))
    if customer is not None:
        known |= {"customer": customer.pk, "name": customer.name, "email": customer.email, "mobile": customer.mobile}
    people = StaffMember.objects.owned_by(request.organization).active().filter(user=request.user)
    if (person := people.first()) is not None:
        known |= {"staff_member": person.pk, "branch": person.branch_id}
    return known


def _chosen(request: MemberRequest, value: object) -> Customer | None:
    number = str(value or "")
    # Longer numbers do not fit the column, and the database would say so with an error.
    if not number.isascii() or not number.isdecimal() or len(number) > 18:
        return None
    return Customer.objects.owned_by(request.organization).filter(pk=int(number)).first()


def _may_survey(customer: Customer) -> bool:
    return ConsentEntry.objects.is_given(customer, Purpose.SURVEY, Channel.EMAIL)
