"""Privacy requests: the queue with its deadlines, one request with its steps, the certificate, the settings."""

from __future__ import annotations

import json

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from apps.accounts.guards import MemberRequest, requires
from apps.accounts.permissions import Can
from apps.core import audit, files
from apps.core.components import Column, Crumb
from apps.core.pages import render_page
from apps.core.refused import Refused
from apps.customers import privacy_queries
from apps.customers.actions import privacy
from apps.customers.models import Customer, PrivacyKind, PrivacyRequest, PrivacyState
from apps.customers.privacy_forms import (
    CarryOutForm,
    ExtensionForm,
    PrivacyRequestForm,
    PrivacySettingsForm,
    RefusalForm,
)


@requires(Can.HANDLE_PRIVACY)
def privacy_list(request: MemberRequest) -> HttpResponse:
    """What waits, the most urgent first; then what was answered."""
    now = timezone.now()
    try:
        page = privacy_queries.answered(request.organization, cursor=request.GET.get("cursor", ""))
    except Refused:
        return redirect("customers:privacy_list")
    context = {
        "columns": [Column(_("Request")), Column(_("Customer")), Column(_("State")), Column(_("Answer due"))],
        "waiting": [(row, row.is_overdue(now)) for row in privacy_queries.waiting(request.organization)],
        "answered": page.rows,
        "newer_url": f"?cursor={page.previous_cursor}" if page.previous_cursor else "",
        "older_url": f"?cursor={page.next_cursor}" if page.next_cursor else "",
    }
    return render_page(request, "customers/privacy_list.html", context)


@requires(Can.HANDLE_PRIVACY)
def privacy_new(request: MemberRequest, pk: int) -> HttpResponse:
    """Note what a customer asked for."""
    customer = get_object_or_404(Customer.objects.owned_by(request.organization), pk=pk)
    now = timezone.now()
    form = PrivacyRequestForm(request.POST or None, initial={"received_on": timezone.localdate()})
    if form.is_valid():
        data = form.cleaned_data
        opened = form.apply(
            privacy.open_request,
            customer,
            kind=data["kind"],
            by=request.member,
            now=now,
            note=data["note"],
            received_at=form.received_at(),
            purposes=data["purposes"],
        )
        if opened is not None:
            return redirect("customers:privacy_detail", opened.pk)
    context = {
        "form": form,
        "customer": customer,
        "crumbs": [_queue(), Crumb(_("New request"))],
    }
    return render_page(request, "customers/privacy_new.html", context, status=form.answer_status)


@requires(Can.HANDLE_PRIVACY)
def privacy_detail(request: MemberRequest, pk: int) -> HttpResponse:
    """One request: what is to be done, what would happen, how far it is."""
    return _detail(request, _request(request, pk))


@require_POST
@requires(Can.HANDLE_PRIVACY)
def privacy_carry_out(request: MemberRequest, pk: int) -> HttpResponse:
    """Do it; an erasure may wait for a second person first."""
    row, form = _request(request, pk), CarryOutForm(request.POST)
    if form.is_valid() and form.apply(privacy.carry_out, row, by=request.member, now=timezone.now()) is not None:
        return redirect("customers:privacy_detail", pk)
    return _detail(request, row, carry_out=form)


@require_POST
@requires(Can.HANDLE_PRIVACY)
def privacy_approve(request: MemberRequest, pk: int) -> HttpResponse:
    """The second person confirms."""
    row, form = _request(request, pk), CarryOutForm(request.POST)
    if form.is_valid() and form.apply(privacy.approve, row, by=request.member, now=timezone.now()) is not None:
        return redirect("customers:privacy_detail", pk)
    return _detail(request, row, carry_out=form)


@require_POST
@requires(Can.HANDLE_PRIVACY)
def privacy_refuse(request: MemberRequest, pk: int) -> HttpResponse:
    """Say no, with the reason."""
    row, form = _request(request, pk), RefusalForm(request.POST)
    if form.is_valid():
        reason = form.cleaned_data["reason"]
        if form.apply(privacy.refuse, row, reason=reason, by=request.member, now=timezone.now()):
            return redirect("customers:privacy_detail", pk)
    return _detail(request, row, refusal=form)


@require_POST
@requires(Can.HANDLE_PRIVACY)
def privacy_extend(request: MemberRequest, pk: int) -> HttpResponse:
    """Take more time, with the reason."""
    row, form = _request(request, pk), ExtensionForm(request.POST)
    if form.is_valid():
        data = form.cleaned_data
        longer = form.apply(
            privacy.extend, row, months=data["months"], reason=data["reason"], by=request.member, now=timezone.now()
        )
        if longer is not None:
            return redirect("customers:privacy_detail", pk)
    return _detail(request, row, extension=form)


@require_safe
@requires(Can.HANDLE_PRIVACY)
def privacy_download(request: MemberRequest, pk: int) -> HttpResponseBase:
    """The copy for the customer, until it expires."""
    row = _request(request, pk)
    if row.export is None or row.export_expires_at is None or row.export_expires_at <= timezone.now():
        raise Http404
    try:
        answer = files.download(row.export)
    except (Refused, FileNotFoundError) as missing:
        raise Http404 from missing
    audit.record("privacy.downloaded", by=request.member, organization_id=request.organization.pk, on=row)
    return answer


@require_safe
@requires(Can.HANDLE_PRIVACY)
def privacy_certificate(request: MemberRequest, pk: int) -> HttpResponse:
    """What was erased, what stays and why: as a page, with `?format=json` as a file. It names nobody."""
    row = _request(request, pk)
    if not row.certificate:
        raise Http404
    if request.GET.get("format") == "json":
        text = json.dumps(row.certificate, indent=2, ensure_ascii=False)
        answer = HttpResponse(text, content_type="application/json")
        answer["Content-Disposition"] = f'attachment; filename="erasure-{row.pk}.json"'
        return answer
    context = {
        "row": row,
        "certificate": row.certificate,
        "columns": [Column(_("What")), Column(_("Rows"), align="end"), Column(_("Why it stays"))],
        "parts": privacy_queries.certified(row),
        "crumbs": [_queue(), Crumb(str(row), reverse("customers:privacy_detail", args=[pk])), Crumb(_("Certificate"))],
    }
    return render_page(request, "customers/privacy_certificate.html", context)


@require_POST
@requires(Can.HANDLE_PRIVACY)
def restriction_lift(request: MemberRequest, pk: int) -> HttpResponse:
    """Use the customer's data again."""
    customer = get_object_or_404(Customer.objects.owned_by(request.organization), pk=pk)
    try:
        privacy.lift_restriction(customer, by=request.member, now=timezone.now())
        messages.info(request, _("The restriction is lifted."))
    except Refused as refused:
        messages.warning(request, refused.message)
    return redirect("customers:customer_detail", pk)


@requires(Can.HANDLE_PRIVACY)
def privacy_settings(request: MemberRequest) -> HttpResponse:
    """Deadline, life of copies, second pair of eyes."""
    row = privacy.settings_of(request.organization)
    form = PrivacySettingsForm(request.POST or None, initial=PrivacySettingsForm.values_of(row))
    if form.is_valid():
        privacy.change_settings(request.organization, by=request.member, **form.cleaned_data)
        messages.info(request, _("The settings are saved."))
        return redirect("customers:privacy_settings")
    return render_page(request, "customers/privacy_settings.html", {"form": form}, status=form.answer_status)


def _detail(
    request: MemberRequest,
    row: PrivacyRequest,
    *,
    carry_out: CarryOutForm | None = None,
    refusal: RefusalForm | None = None,
    extension: ExtensionForm | None = None,
) -> HttpResponse:
    now = timezone.now()
    forms = (carry_out or CarryOutForm(), refusal or RefusalForm(), extension or ExtensionForm())
    is_preview = row.kind == PrivacyKind.ERASURE and row.state in (PrivacyState.OPEN, PrivacyState.WAITS)
    context = {
        "row": row,
        "page_title": str(row),
        "crumbs": [_queue(), Crumb(str(row))],
        "is_overdue": row.is_overdue(now),
        "columns": [Column(_("What")), Column(_("Rows"), align="end"), Column(_("What happens"))],
        "preview": privacy_queries.preview(row) if is_preview else [],
        "steps": privacy_queries.progress(row),
        "changes": privacy_queries.changes(row),
        "carry_out_form": forms[0],
        "refusal_form": forms[1],
        "extension_form": forms[2],
        "can_extend": row.can_be_extended(now, request.organization.zone),
        "can_download": row.export is not None and row.export_expires_at is not None and row.export_expires_at > now,
    }
    status = 422 if any(form.errors for form in forms) else 200
    return render_page(request, "customers/privacy_detail.html", context, fragments=["progress"], status=status)


def _request(request: MemberRequest, pk: int) -> PrivacyRequest:
    rows = PrivacyRequest.objects.owned_by(request.organization).select_related("customer", "export")
    return get_object_or_404(rows, pk=pk)


def _queue() -> Crumb:
    return Crumb(_("Privacy requests"), reverse("customers:privacy_list"))
