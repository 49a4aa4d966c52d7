"""Who did what: the organisation's audit log."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from apps.accounts import forms
from apps.accounts.guards import MemberRequest, requires
from apps.accounts.permissions import Can
from apps.core.components import Chip, Column
from apps.core.keyset import Keyset
from apps.core.models import AuditEntry
from apps.core.pages import render_page
from apps.core.refused import Refused

NEWEST = Keyset("-id")


@requires(Can.VIEW_AUDIT_LOG)
def audit_log(request: MemberRequest) -> HttpResponse:
    """The log, newest first, narrowed by person, action, record and days."""
    form = forms.AuditFilterForm(request.GET)
    entries = form.narrowed(AuditEntry.objects.owned_by(request.organization))
    try:
        page = NEWEST.page(entries, cursor=request.GET.get("cursor", ""))
    except Refused:
        return redirect("accounts:audit_log")
    context = {
        "page_title": _("Audit log"),
        "form": form,
        "chips": _chips(request, form),
        "entries": [(entry, _changes(entry)) for entry in page.rows],
        "newer_url": _address(request, page.previous_cursor),
        "older_url": _address(request, page.next_cursor),
        "columns": [Column(_("When")), Column(_("Who")), Column(_("What")), Column(_("Record")), Column(_("Change"))],
    }
    return render_page(request, "accounts/audit_log.html", context, fragments=["entries"])


def _changes(entry: AuditEntry) -> list[tuple[str, object, object]]:
    """Field, before, after; in the order in which they were written."""
    names = dict.fromkeys([*entry.before, *entry.after])
    return [(name.replace("_", " "), _shown(entry.before.get(name)), _shown(entry.after.get(name))) for name in names]


def _shown(value: object) -> str:
    if value in (None, "", []):
        return "–"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _address(request: MemberRequest, cursor: str | None) -> str:
    if not cursor:
        return ""
    query = request.GET.copy()
    query["cursor"] = cursor
    return f"?{query.urlencode()}"


def _chips(request: MemberRequest, form: forms.AuditFilterForm) -> list[Chip]:
    chips = []
    for name, field in form.fields.items():
        if value := request.GET.get(name):
            query = request.GET.copy()
            query.pop(name)
            query.pop("cursor", None)
            chips.append(Chip(f"{field.label}: {value}", f"?{query.urlencode()}"))
    return chips
