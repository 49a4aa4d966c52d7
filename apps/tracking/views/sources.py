"""Sources: who may send."""

from __future__ import annotations

from django.conf import settings
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
from apps.tracking.forms import SourceForm
from apps.tracking.models import Source


@requires(Can.MANAGE_TRACKING)
def source_list(request: MemberRequest) -> HttpResponse:
    """The sources, the form that makes one, and, this once, the write key of a new one."""
    form = SourceForm(request.POST or None)
    write_key = ""
    if form.is_valid() and (
        made := form.apply(
            actions.create_source, request.organization, form.details(), by=request.member, now=timezone.now()
        )
    ):
        # Shown in the answer to this very POST: a redirect would have to keep the key somewhere.
        write_key, form = made[1], SourceForm()
    sources = list(Source.objects.owned_by(request.organization).order_by("revoked_at", "-id"))
    newest = queries.newest_of(request.organization, [source.pk for source in sources])
    context = {
        "page_title": _("Sources of events"),
        "form": form,
        "sources": [(source, newest.get(source.pk)) for source in sources],
        "columns": [Column(_("Name")), Column(_("May send from")), Column(_("Last event")), Column(_("State"))],
        **_key_context(write_key),
    }
    return _answer(request, "tracking/source_list.html", context, form.answer_status, write_key)


@requires(Can.MANAGE_TRACKING)
def source_edit(request: MemberRequest, pk: int) -> HttpResponse:
    """Change a source, give it another key."""
    source = _source(request, pk)
    write_key = ""
    if request.POST.get("renew"):
        try:
            source, write_key = actions.renew_write_key(source, by=request.member)
        except Refused as refused:
            messages.error(request, refused.message)
            return redirect("tracking:source_edit", pk)
        form = SourceForm(initial=SourceForm.values_of(source))
    else:
        form = SourceForm(request.POST or None, initial=SourceForm.values_of(source))
        if form.is_valid() and form.apply(actions.change_source, source, form.details(), by=request.member) is not None:
            messages.info(request, _("The source is saved."))
            return redirect("tracking:source_list")
    context = {
        "source": source,
        "form": form,
        "page_title": str(source),
        "crumbs": [Crumb(_("Sources"), reverse("tracking:source_list")), Crumb(str(source))],
        **_key_context(write_key),
    }
    return _answer(request, "tracking/source_edit.html", context, form.answer_status, write_key)


@require_POST
@requires(Can.MANAGE_TRACKING)
def source_revoke(request: MemberRequest, pk: int) -> HttpResponse:
    """Accept nothing from it any more."""
    source = actions.revoke_source(_source(request, pk), by=request.member, now=timezone.now())
    messages.info(request, _("“%(name)s” may no longer send.") % {"name": source})
    return redirect("tracking:source_list")


def _source(request: MemberRequest, pk: int) -> Source:
    return get_object_or_404(Source.objects.owned_by(request.organization), pk=pk)


def _key_context(write_key: str) -> dict[str, str]:
    shown = write_key or "ccw_…"
    return {
        "write_key": write_key,
        "script": f'<script async src="{settings.BASE_URL}/t.js" data-key="{shown}"></script>',
        "host": settings.BASE_URL,
    }


def _answer(
    request: MemberRequest, template: str, context: dict[str, object], status: int, write_key: str
) -> HttpResponse:
    response = render_page(request, template, context, status=status)
    if write_key:
        response["Cache-Control"] = "no-store"
    return response
