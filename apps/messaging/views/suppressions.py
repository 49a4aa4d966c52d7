"""Settings: addresses that get nothing, and sending to one of them again."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.guards import MemberRequest, requires
from apps.accounts.permissions import Can
from apps.core.components import Chip, Column, Crumb
from apps.core.pages import render_page
from apps.core.refused import Refused
from apps.messaging import actions, queries
from apps.messaging.forms import ReleaseForm, SuppressionFilterForm
from apps.messaging.models import Suppression


@requires(Can.MANAGE_SUPPRESSIONS)
def suppression_list(request: MemberRequest) -> HttpResponse:
    """Held-back addresses, newest first."""
    now = timezone.now()
    form = SuppressionFilterForm(request.GET)
    found = queries.suppressions(request.organization, words=form.words(), is_all=form.is_all(), now=now)
    try:
        page = queries.NEWEST.page(found, cursor=request.GET.get("cursor", ""))
    except Refused:
        return redirect("messaging:suppression_list")
    context = {
        "page_title": _("Held-back addresses"),
        "form": form,
        "chips": _chips(form),
        "rows": [(row, row.is_active(now)) for row in page.rows],
        "newer_url": _address(request, page.previous_cursor),
        "older_url": _address(request, page.next_cursor),
        "columns": [
            Column(_("Address")),
            Column(_("Reason")),
            Column(_("Since")),
            Column(_("Until")),
            Column(_("Action"), align="end", is_label_hidden=True),
        ],
    }
    return render_page(request, "messaging/suppression_list.html", context, fragments=["rows"])


@requires(Can.MANAGE_SUPPRESSIONS)
def suppression_release(request: MemberRequest, pk: int) -> HttpResponse:
    """Send to the address again, with a reason for the audit log."""
    row = get_object_or_404(Suppression.objects.owned_by(request.organization), pk=pk)
    form = ReleaseForm(request.POST or None)
    if form.is_valid() and (
        form.apply(actions.release, row, by=request.member, now=timezone.now(), reason=form.cleaned_data["reason"])
        is not None
    ):
        messages.success(request, _("Mails are sent to %(address)s again.") % {"address": row.address or _("it")})
        return redirect("messaging:suppression_list")
    context = {
        "page_title": _("Send there again?"),
        "crumbs": [Crumb(_("Held-back addresses"), reverse("messaging:suppression_list")), Crumb(row.address)],
        "row": row,
        "form": form,
    }
    return render_page(request, "messaging/suppression_release.html", context, status=form.answer_status)


def _address(request: MemberRequest, cursor: str | None) -> str:
    if not cursor:
        return ""
    query = request.GET.copy()
    query["cursor"] = cursor
    return f"?{query.urlencode()}"


def _chips(form: SuppressionFilterForm) -> list[Chip]:
    words = form.words()
    return [Chip(words, "?show=all" if form.is_all() else "?")] if words else []
