"""Pages of the lake: which store, what waits, what failed, one file."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.accounts.guards import MemberRequest, requires
from apps.accounts.permissions import Can
from apps.core.components import Chip, Column, Crumb
from apps.core.pages import render_page
from apps.core.ratelimit import limited
from apps.core.refused import Refused
from apps.lake import actions, queries, stores
from apps.lake.forms import FileFilterForm
from apps.lake.models import FileState, LakeFile
from apps.lake.stores.base import Missing, StoreError


@requires(Can.MANAGE_PROVIDERS)
def file_list(request: MemberRequest) -> HttpResponse:
    """The store, its backlog and its files; filters live in the address."""
    form = FileFilterForm(request.GET)
    asked = form.cleaned_data if form.is_valid() else {}
    try:
        page = queries.file_page(
            request.organization,
            state=asked.get("state", ""),
            text=asked.get("q", ""),
            cursor=request.GET.get("cursor", ""),
        )
    except Refused as refused:
        messages.warning(request, refused.message)
        return redirect("lake:file_list")
    store = stores.current()
    context = {
        "store": store,
        "backlog": queries.backlog(request.organization),
        "count_up_to": queries.COUNT_UP_TO,
        "form": form,
        "chips": _chips(form, asked),
        "columns": [
            Column(_("File")),
            Column(_("State")),
            Column(_("Since")),
            Column(_("Bytes"), align="end"),
            Column(_("Action"), is_label_hidden=True),
        ],
        "files": page.rows,
        "newer_url": _with_cursor(request, page.previous_cursor),
        "older_url": _with_cursor(request, page.next_cursor),
    }
    return render_page(request, "lake/file_list.html", context, fragments=["rows"])


@requires(Can.VIEW_RESPONSES)
def file_detail(request: MemberRequest, pk: int) -> HttpResponse:
    """One file: what it holds and where it is."""
    file = get_object_or_404(LakeFile.objects.owned_by(request.organization), pk=pk)
    content, trouble = None, ""
    try:
        content = queries.content_of(file)
    except Missing:
        trouble = _("The store in use does not have this file. It was stored in “%(store)s”.") % {"store": file.backend}
    except StoreError as error:
        trouble = str(error)
    may_manage = request.member.can(Can.MANAGE_PROVIDERS)
    context = {
        "file": file,
        "content": content,
        "trouble": trouble,
        "may_manage": may_manage,
        "page_title": file.path.rpartition("/")[2],
        "crumbs": [Crumb(_("Data lake"), reverse("lake:file_list")), Crumb(file.path)] if may_manage else [],
    }
    return render_page(request, "lake/file_detail.html", context)


@require_POST
@requires(Can.MANAGE_PROVIDERS)
def file_retry(request: MemberRequest, pk: int) -> HttpResponse:
    """Try a failed file again."""
    file = get_object_or_404(LakeFile.objects.owned_by(request.organization), pk=pk)
    try:
        actions.retry(file, by=request.member, now=timezone.now())
        messages.info(request, _("The file waits for its next try."))
    except Refused as refused:
        messages.warning(request, refused.message)
    return redirect("lake:file_list")


@require_POST
@requires(Can.MANAGE_PROVIDERS)
def retry_all(request: MemberRequest) -> HttpResponse:
    """Try every failed file again."""
    count = actions.retry_all(request.organization, by=request.member, now=timezone.now())
    messages.info(request, _("%(count)d files wait for their next try.") % {"count": count})
    return redirect("lake:file_list")


def _organization_of(request: HttpRequest) -> str | None:
    organization = getattr(request, "organization", None)
    return f"lake:{organization.pk}" if organization else None


@require_POST
@limited("provider_test", by=_organization_of)
@requires(Can.MANAGE_PROVIDERS)
def store_test(request: MemberRequest) -> HttpResponse:
    """Write, read and remove a small file in the store."""
    try:
        stores.current().check()
        messages.info(request, _("The store works: a small file was written, read and removed."))
    except StoreError as error:
        messages.error(request, _("The store does not work: %(error)s") % {"error": error})
    return redirect("lake:file_list")


def _with_cursor(request: MemberRequest, cursor: str | None) -> str:
    if cursor is None:
        return ""
    kept = request.GET.copy()
    kept["cursor"] = cursor
    return f"?{kept.urlencode()}"


def _chips(form: FileFilterForm, asked: dict[str, str]) -> list[Chip]:
    """One chip for each filter that is on, leading to the list without it."""
    chips = []
    for name, value in asked.items():
        if value:
            words = FileState(value).label if name == "state" else value
            rest = {other: kept for other, kept in asked.items() if kept and other != name}
            chips.append(Chip(f"{form[name].label}: {words}", f"?{urlencode(rest)}"))
    return chips
