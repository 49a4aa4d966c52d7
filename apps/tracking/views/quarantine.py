"""What was not stored, and what to do with it."""

from __future__ import annotations

import json

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.accounts.guards import MemberRequest, requires
from apps.accounts.permissions import Can
from apps.core.components import Column, Crumb
from apps.core.pages import render_page
from apps.core.refused import Refused
from apps.tracking import actions, queries
from apps.tracking.forms import QuarantineFilterForm
from apps.tracking.models import Event, QuarantinedEvent, QuarantineReason
from apps.tracking.views import asking


@requires(Can.VIEW_EVENTS)
def quarantine_list(request: MemberRequest) -> HttpResponse:
    """Conflicts, blocked, too old and invalid calls."""
    form = QuarantineFilterForm(request.GET)
    try:
        asked, cursor = form.filters(), request.GET.get("cursor", "")
        page = queries.quarantine_page(
            request.organization, reason=asked["reason"], state=asked["state"], cursor=cursor
        )
    except Refused:
        return asking.from_the_start(request)
    context = {
        "form": form,
        "rows": page.rows,
        "columns": [
            Column(_("Call")),
            Column(_("Why")),
            Column(_("Source")),
            Column(_("State")),
            Column(_("Received")),
        ],
        "chips": asking.chips(form),
        "newer_url": asking.with_cursor(request, page.previous_cursor),
        "older_url": asking.with_cursor(request, page.next_cursor),
    }
    return render_page(request, "tracking/quarantine_list.html", context, fragments=["rows"])


@requires(Can.VIEW_EVENTS)
def quarantine_detail(request: MemberRequest, pk: int) -> HttpResponse:
    """One call as it came; of a conflict also what is stored under its id."""
    row = _row(request, pk)
    stored = None
    if row.reason == QuarantineReason.CONFLICT:
        same = Event.objects.owned_by(request.organization).filter(source=row.source_id, message_id=row.message_id)
        stored = same.order_by("-received_at").first()
    context = {
        "row": row,
        "body": _text(row.body),
        "stored": stored,
        "stored_body": _text(stored.body) if stored else "",
        "page_title": str(row),
        "crumbs": [Crumb(_("Quarantine"), reverse("tracking:quarantine_list")), Crumb(str(row))],
        "may_manage": request.member.can(Can.MANAGE_TRACKING),
    }
    return render_page(request, "tracking/quarantine_detail.html", context)


@require_POST
@requires(Can.MANAGE_TRACKING)
def quarantine_decide(request: MemberRequest, pk: int) -> HttpResponse:
    """Store it after all, or put it aside."""
    row = _row(request, pk)
    act = actions.release if request.POST.get("decision") == "release" else actions.dismiss
    try:
        row = act(row, by=request.member, now=timezone.now())
        messages.info(request, str(row.state_choice.label))
    except Refused as refused:
        messages.error(request, refused.message)
    return redirect("tracking:quarantine_detail", pk)


def _row(request: MemberRequest, pk: int) -> QuarantinedEvent:
    rows = QuarantinedEvent.objects.owned_by(request.organization).select_related("source")
    return get_object_or_404(rows, pk=pk)


def _text(body: object) -> str:
    return json.dumps(body, indent=2, ensure_ascii=False, sort_keys=True)
