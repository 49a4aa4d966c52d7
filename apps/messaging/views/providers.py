"""Settings: who carries mails, whether it works, and a test mail."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from apps.accounts.guards import MemberRequest, requires
from apps.accounts.permissions import Can
from apps.core.components import Column
from apps.core.http import breaker
from apps.core.pages import render_page
from apps.core.ratelimit import limited
from apps.messaging import actions, providers, queries
from apps.messaging.forms import TestMailForm
from apps.messaging.providers.base import Provider, ProviderError

# What each is called, and what it needs in the environment, for the page that says how to configure it.
LABELS = {"sendgrid": "SendGrid", "ses": "Amazon SES", "smtp": "SMTP", "outbox": _("Browser outbox")}
NEEDS = {
    "sendgrid": "SENDGRID_API_KEY",
    "ses": "SES_ACCESS_KEY_ID, SES_SECRET_ACCESS_KEY, SES_REGION",
    "smtp": "SMTP_URL",
    "outbox": "",
}


@dataclass(frozen=True)
class Row:
    """One provider as the page prints it. `position` 0: the configuration does not name it."""

    name: str
    label: str
    place: str
    position: int
    is_configured: bool
    needs: str
    phase: str
    is_good: bool | None = None
    answer: str = ""


@requires(Can.MANAGE_PROVIDERS)
def provider_list(request: MemberRequest) -> HttpResponse:
    """The chain in its order, each with its state and a test; below it a test mail."""
    form = TestMailForm(request.POST or None, initial={"to_address": request.user.email})
    if form.is_valid():
        address = form.cleaned_data["to_address"]
        if form.apply(actions.send_test, address, by=request.member, now=timezone.now()) is not None:
            messages.info(request, _("The test e-mail is on its way."))
            return redirect("messaging:provider_list")
    return _page(request, form, {})


def _organization_of(request: HttpRequest) -> str | None:
    organization = getattr(request, "organization", None)
    return f"mail:{organization.pk}" if organization else None


@require_POST
@limited("provider_test", by=_organization_of)
@requires(Can.MANAGE_PROVIDERS)
def provider_test(request: MemberRequest, name: str) -> HttpResponse:
    """Try everything but sending, and show the answer beside the provider."""
    if name not in providers.PROVIDERS:
        raise Http404
    provider = providers.PROVIDERS[name]()
    try:
        is_good, answer = True, provider.check()
    except ProviderError as error:
        is_good, answer = False, str(error)
    return _page(request, TestMailForm(initial={"to_address": request.user.email}), {name: (is_good, answer)})


def _page(request: MemberRequest, form: TestMailForm, answers: dict[str, tuple[bool, str]]) -> HttpResponse:
    named = [provider.name for provider in providers.named()]
    phases = breaker.phases(time.time())
    rows = [
        _row(make(), named.index(name) + 1 if name in named else 0, phases, answers.get(name))
        for name, make in providers.PROVIDERS.items()
    ]
    context: dict[str, Any] = {
        "page_title": str(_("Mail providers")),
        "columns": [
            Column(str(_("Order"))),
            Column(str(_("Provider"))),
            Column(str(_("State"))),
            Column(str(_("Test")), is_label_hidden=True),
        ],
        "providers": sorted(rows, key=lambda row: row.position or len(rows) + 1),
        "form": form,
        "history": queries.history(actions.trial_reference(request.organization.pk), request.organization)[-12:],
    }
    return render_page(
        request, "messaging/provider_list.html", context, fragments=["providers"], status=form.answer_status
    )


def _row(provider: Provider, position: int, phases: dict[tuple[str, str], str], answer: tuple[bool, str] | None) -> Row:
    is_good, words = answer if answer is not None else (None, "")
    return Row(
        name=provider.name,
        label=str(LABELS[provider.name]),
        place=provider.place if provider.is_configured else "",
        position=position,
        is_configured=provider.is_configured,
        needs=NEEDS[provider.name],
        phase=phases.get((provider.breaker_host, ""), breaker.CLOSED),
        is_good=is_good,
        answer=words,
    )
