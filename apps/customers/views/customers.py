"""The record: list, editing, consent."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.guards import MemberRequest, requires
from apps.accounts.permissions import Can
from apps.core.components import Chip, Column
from apps.core.pages import render_page
from apps.core.refused import Refused
from apps.customers import actions, queries
from apps.customers.forms import ConsentForm, CustomerFilterForm, CustomerForm
from apps.customers.models import ConsentAction, ConsentMethod, Purpose
from apps.customers.views.customer_page import crumbs_of, customer_of


@requires(Can.VIEW_CUSTOMERS)
def customer_list(request: MemberRequest) -> HttpResponse:
    """All customers, newest first; search and filters live in the address."""
    form = CustomerFilterForm(request.GET, organization=request.organization)
    try:
        rows, page = queries.customer_rows(request.organization, form.filters(), cursor=request.GET.get("cursor", ""))
    except Refused:
        return _from_the_start(request)
    chips = _chips(form)
    context = {
        "form": form,
        "columns": [Column(_("Customer")), Column(_("Last visit")), Column(_("Survey by e-mail")), Column(_("Since"))],
        "rows": rows,
        "chips": chips,
        "newer_url": _with_cursor(request, page.previous_cursor),
        "older_url": _with_cursor(request, page.next_cursor),
        "may_record": request.member.can(Can.RECORD_VISITS),
    }
    return render_page(request, "customers/customer_list.html", context, fragments=["rows"])


@requires(Can.EDIT_CUSTOMERS)
def customer_edit(request: MemberRequest, pk: int) -> HttpResponse:
    """Change the record."""
    customer = customer_of(request, pk)
    form = CustomerForm(request.POST or None, initial=CustomerForm.values_of(customer))
    if (
        form.is_valid()
        and form.apply(actions.update_customer, customer, form.details(), by=request.member, now=timezone.now())
        is not None
    ):
        messages.info(request, _("The record is saved."))
        return redirect("customers:customer_detail", pk)
    context = {"form": form, "customer": customer, "crumbs": crumbs_of(customer, _("Edit"))}
    return render_page(request, "customers/customer_edit.html", context, status=form.answer_status)


@requires(Can.RECORD_CONSENT)
def consent_change(request: MemberRequest, pk: int) -> HttpResponse:
    """Write down what the customer said, with the reason."""
    customer, now = customer_of(request, pk), timezone.now()
    notices = {
        purpose: actions.current_notice(request.organization, purpose, customer.language, now=now)
        for purpose in Purpose
    }
    asked = {name: request.GET[name] for name in ("purpose", "channel", "action") if name in request.GET}
    form = ConsentForm(request.POST or None, initial=asked)
    if form.is_valid():
        data = form.cleaned_data
        said: dict[str, Any] = {
            "purpose": data["purpose"],
            "channel": data["channel"],
            "method": ConsentMethod.COUNTER,
            "reason": data["reason"],
            "by": request.member,
            "now": now,
        }
        if data["action"] == ConsentAction.WITHDRAWN:
            entry = form.apply(actions.withdraw_consent, customer, **said)
        else:
            entry = form.apply(actions.record_consent, customer, notice=notices[data["purpose"]], **said)
        if entry is not None:
            messages.info(request, str(entry))
            return redirect("customers:customer_detail", pk)
    context = {
        "form": form,
        "customer": customer,
        "notices": notices.values(),
        "crumbs": crumbs_of(customer, _("Consent")),
    }
    return render_page(request, "customers/consent_change.html", context, status=form.answer_status)


def _from_the_start(request: MemberRequest) -> HttpResponse:
    """A cursor that is not ours (an old bookmark): the same list at its first page."""
    kept = request.GET.copy()
    kept.pop("cursor", None)
    return redirect(f"{request.path}?{kept.urlencode()}")


def _with_cursor(request: MemberRequest, cursor: str | None) -> str:
    if cursor is None:
        return ""
    kept = request.GET.copy()
    kept["cursor"] = cursor
    return f"?{kept.urlencode()}"


def _chips(form: CustomerFilterForm) -> list[Chip]:
    """One chip for each filter that is on, leading to the list without it."""
    chips = []
    for name, value in form.cleaned_data.items():
        if not value:
            continue
        bound = form[name]
        words = dict(bound.field.choices).get(value, value) if name == "consent" else value  # type: ignore[attr-defined]
        rest = {other: form.data[other] for other in form.cleaned_data if other != name and form.data.get(other)}
        chips.append(Chip(f"{bound.label}: {words}", f"?{urlencode(rest)}"))
    return chips
