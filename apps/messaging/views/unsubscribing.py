"""The page behind "unsubscribe", for people and for mail programs (RFC 8058)."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from apps.accounts.guards import public
from apps.core.middleware import client_ip
from apps.core.ratelimit import limited
from apps.messaging import actions, unsubscribing
from apps.messaging.models import Message


def _reader(request: HttpRequest) -> str | None:
    # Mail providers post for many people from few addresses, and a post that they lose is a wish not honoured.
    return client_ip(request) if request.method == "GET" else None


@csrf_exempt  # The mail program posts without cookies; the signed token is the permission.
@require_http_methods(["GET", "HEAD", "POST"])
@limited("unsubscribe_ip", by=_reader)
@public("Recipients of mails have no account; the signed token names one message.")
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """GET asks, POST does it, as often as it comes."""
    public_id = unsubscribing.public_id_of(token)
    if public_id is None:
        raise Http404
    message = Message.objects.filter(public_id=public_id).select_related("organization").first()
    if message is None:
        raise Http404
    is_done = request.method == "POST"
    if is_done:
        actions.unsubscribe(message, now=timezone.now())
    response = render(request, "messaging/unsubscribe.html", {"message": message, "is_done": is_done})
    response["Referrer-Policy"] = "no-referrer"
    response["Cache-Control"] = "no-store"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response
