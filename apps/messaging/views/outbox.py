"""The browser outbox: mails that nobody got, because no provider is configured."""

from __future__ import annotations

from email import message_from_bytes, policy

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.guards import MemberRequest, requires
from apps.accounts.permissions import Can
from apps.core.components import Column, Crumb
from apps.core.pages import render_page
from apps.core.refused import Refused
from apps.messaging import compose, queries
from apps.messaging.actions.delivery import mail_of
from apps.messaging.models import Message
from apps.messaging.providers import mime

# The mail's own page: no scripts, no forms, no way out of its frame, nothing loaded but what stands in it.
MAIL_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'self'; sandbox"


@requires(Can.VIEW_OUTBOX)
def outbox_list(request: MemberRequest) -> HttpResponse:
    """Mails, newest first."""
    try:
        page = queries.outbox_page(request.organization, cursor=request.GET.get("cursor", ""))
    except Refused as refused:
        messages.warning(request, refused.message)
        return redirect("messaging:outbox_list")
    context = {
        "page_title": _("Outbox"),
        "columns": [Column(_("Subject")), Column(_("To")), Column(_("Kind")), Column(_("When"))],
        "mails": page.rows,
        "newer_url": f"?cursor={page.previous_cursor}" if page.previous_cursor else "",
        "older_url": f"?cursor={page.next_cursor}" if page.next_cursor else "",
    }
    return render_page(request, "messaging/outbox_list.html", context, fragments=["mails"])


@requires(Can.VIEW_OUTBOX)
def outbox_detail(request: MemberRequest, pk: int) -> HttpResponse:
    """One mail as its recipient would get it: HTML, text, head, links."""
    message = _kept(request, pk)
    head = message_from_bytes(mime.as_bytes(mail_of(message)), policy=policy.default)
    context = {
        "page_title": message.subject,
        "crumbs": [Crumb(_("Outbox"), reverse("messaging:outbox_list")), Crumb(message.subject)],
        "mail": message,
        "headers": [(name, str(value)) for name, value in head.items() if not name.startswith("Content-")],
        "links": compose.links_of(message.html),
        "history": queries.history_of([message]),
    }
    return render_page(request, "messaging/outbox_detail.html", context)


@requires(Can.VIEW_OUTBOX)
def outbox_html(request: MemberRequest, pk: int) -> HttpResponse:
    """The HTML alone, for the frame."""
    response = HttpResponse(_kept(request, pk).html)
    response["Content-Security-Policy"] = MAIL_POLICY
    response["Referrer-Policy"] = "no-referrer"
    response["Cache-Control"] = "no-store"
    return response


def _kept(request: MemberRequest, pk: int) -> Message:
    return get_object_or_404(Message.objects.owned_by(request.organization).in_outbox(), pk=pk)
