"""The settings page of intelligence: which engine, what it cost today, when it failed, a test."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.accounts.guards import MemberRequest, requires
from apps.accounts.permissions import Can
from apps.core.components import Column
from apps.core.pages import render_page
from apps.core.ratelimit import limited
from apps.intelligence import actions, queries
from apps.intelligence.provider import client


@requires(Can.MANAGE_PROVIDERS)
def engine_settings(request: MemberRequest) -> HttpResponse:
    """Which engine answers, and how it did."""
    context = {
        "is_configured": client.is_configured(),
        "model": settings.OPENAI_MODEL,
        "host": client.host(),
        "today": queries.today(request.organization, now=timezone.now()),
        "calls_per_minute": settings.OPENAI_REQUESTS_PER_MINUTE,
        "fallbacks": queries.last_fallbacks(request.organization),
        "columns": [Column(_("When")), Column(_("Task")), Column(_("Why")), Column(_("Detail"))],
    }
    return render_page(request, "intelligence/settings.html", context)


def _organization_of(request: HttpRequest) -> str | None:
    organization = getattr(request, "organization", None)
    return f"intelligence:{organization.pk}" if organization else None


@require_POST
@limited("provider_test", by=_organization_of)
@requires(Can.MANAGE_PROVIDERS)
def engine_test(request: MemberRequest) -> HttpResponse:
    """Ask the provider one small question."""
    if not client.is_configured():
        messages.info(request, _("No language model is configured; the built-in models answer."))
        return redirect("intelligence:settings")
    result = actions.check(organization=request.organization, now=timezone.now())
    if result.reason is None:
        messages.info(request, _("The language model answered: %(model)s.") % {"model": result.model})
    else:
        words = f"{result.reason.label} {result.detail}".strip()
        messages.error(request, _("The language model did not answer: %(why)s") % {"why": words})
    return redirect("intelligence:settings")
