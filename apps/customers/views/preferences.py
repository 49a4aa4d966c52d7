"""The page on which customers choose themselves, reached from every mail; without a session and without scripts."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from apps.accounts.guards import public
from apps.core.middleware import client_ip
from apps.core.ratelimit import limited
from apps.customers import actions, ledger
from apps.customers.actions import preferences as choosing
from apps.customers.models import Customer, Notice, Purpose
from apps.messaging import unsubscribing
from apps.messaging.models import Message


@csrf_exempt  # Opened from a mail program, often without cookies; the signed token is the permission.
@require_http_methods(["GET", "HEAD", "POST"])
@limited("unsubscribe_ip", by=client_ip)
@public("Recipients of mails have no account; the signed token names one message.")
def preferences(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows what holds, POST saves what is ticked or stops everything."""
    public_id = unsubscribing.preferences_public_id_of(token)
    message = Message.objects.filter(public_id=public_id).first() if public_id else None
    customer = choosing.reader_of(message) if message is not None else None
    if customer is None:
        # A forged token, a mail that is gone and a customer who is gone look the same.
        raise Http404
    with translation.override(customer.language or customer.organization.language):
        response = _answer(request, customer)
    response["Referrer-Policy"] = "no-referrer"
    response["Cache-Control"] = "no-store"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _answer(request: HttpRequest, customer: Customer) -> HttpResponse:
    now = timezone.now()
    organization = customer.organization
    language = translation.get_language()
    notices = {purpose: actions.current_notice(organization, purpose, language, now=now) for purpose in Purpose}
    channels = choosing.channels_of(customer)
    said = ""
    if request.method == "POST":
        if "stop" in request.POST:
            choosing.stop_everything(customer, now=now)
            said = "stopped"
        else:
            shown = {(purpose.value, channel.value) for purpose in Purpose for channel in channels}
            wanted = {place for place in shown if ".".join(place) in request.POST}
            seen = _seen(request, customer, notices)
            choosing.save_preferences(customer, wanted=wanted, shown=shown, notices=seen, now=now)
            said = "saved"
    current = ledger.states(customer)
    purposes: list[dict[str, Any]] = [
        {
            "purpose": purpose,
            "notice": notices[purpose],
            "boxes": [
                {
                    "name": f"{purpose.value}.{channel.value}",
                    "label": channel.label,
                    "is_given": (line := current.get((purpose.value, channel.value))) is not None and line.is_given,
                }
                for channel in channels
            ],
        }
        for purpose in Purpose
    ]
    return render(
        request, "customers/preferences.html", {"organization": organization, "purposes": purposes, "said": said}
    )


def _seen(request: HttpRequest, customer: Customer, latest: dict[Purpose, Notice]) -> dict[str, Notice]:
    """The words that stood on the page when it was opened, which may not be the latest any more."""
    ids = [value for purpose in Purpose if (value := request.POST.get(f"notice.{purpose.value}", "")).isdecimal()]
    named = Notice.objects.owned_by(customer.organization_id).filter(pk__in=[int(value[:18]) for value in ids])
    return {purpose.value: notice for purpose, notice in latest.items()} | {notice.purpose: notice for notice in named}
