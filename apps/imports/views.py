"""Pages of imports: drop a file, say what it is, see it run, take it back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
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
from apps.imports import actions, layouts, queries, target
from apps.imports.actions.steering import missing_fields
from apps.imports.download import error_file_of
from apps.imports.forms import DescribeForm, UploadForm
from apps.imports.models import ImportMapping, ImportRun, RunState

OPEN = (RunState.UPLOADED, RunState.CHECKED, RunState.FAILED, RunState.CANCELLED)


@requires(Can.IMPORT_DATA)
def run_list(request: MemberRequest) -> HttpResponse:
    """Drop a file; below it what was imported before."""
    sent = request.method == "POST"
    form = UploadForm(
        request.POST if sent else None, request.FILES if sent else None, organization=request.organization
    )
    if sent and form.is_valid():
        file = form.cleaned_data["file"]
        run = form.apply(
            actions.upload,
            file.chunks(),
            file.name,
            organization=request.organization,
            by=request.member,
            now=timezone.now(),
            target_key=form.cleaned_data["target"],
            saved=form.cleaned_data["mapping"],
        )
        if run is not None:
            return redirect("imports:run_detail", run.pk)
    try:
        page = queries.run_page(request.organization, cursor=request.GET.get("cursor", ""))
    except Refused as refused:
        messages.warning(request, refused.message)
        return redirect("imports:run_list")
    here = reverse("imports:run_list")
    context = {
        "form": form,
        "runs": [(run, _label(run)) for run in page.rows],
        "columns": [Column(_("File")), Column(_("State")), Column(_("Rows"), align="end"), Column(_("Uploaded"))],
        "newer_url": f"{here}?cursor={page.previous_cursor}" if page.previous_cursor else "",
        "older_url": f"{here}?cursor={page.next_cursor}" if page.next_cursor else "",
        "mappings": ImportMapping.objects.owned_by(request.organization).order_by("name"),
    }
    return render_page(request, "imports/run_list.html", context, fragments=["rows"], status=form.answer_status)


def _label(run: ImportRun) -> str:
    try:
        return str(target.get(run.target).label)
    except Refused:
        return run.target


@requires(Can.IMPORT_DATA)
def run_detail(request: MemberRequest, pk: int) -> HttpResponse:
    """One file: how it is written and mapped, its first rows, its progress and what came of it."""
    run = get_object_or_404(ImportRun.objects.owned_by(request.organization), pk=pk)
    is_open = run.state in OPEN and not run.is_busy and bool(run.path)
    form = DescribeForm(request.POST or None, run=run) if is_open else None
    if form is not None and request.method == "POST" and form.is_valid():
        answer = _described(request, run, form)
        if answer is not None:
            return answer
    context: dict[str, Any] = {
        "run": run,
        "label": _label(run),
        "seconds_left": run.seconds_left(timezone.now()),
        "layout": layouts.by_key(run.layout),
        "form": form,
        "missing": missing_fields(run) if is_open else [],
        "corrections": list(run.corrections.all()),
        "can_undo": not run.is_busy and run.state != RunState.UNDONE and run.chunks.exists(),
        "page_title": run.name,
        "crumbs": [Crumb(_("Import"), reverse("imports:run_list")), Crumb(run.name)],
    }
    if form is not None:
        try:
            seen = queries.preview(run)
            context |= {"preview": seen, "mapping_rows": form.rows(seen.examples)}
            context["preview_columns"] = [Column(_("Row")), *(Column(label) for label in seen.labels)]
        except Refused as refused:
            context |= {"trouble": refused.message, "mapping_rows": form.rows({})}
    return render_page(
        request,
        "imports/run_detail.html",
        context,
        fragments=["progress"],
        status=form.answer_status if form is not None else 200,
    )


def _described(request: MemberRequest, run: ImportRun, form: DescribeForm) -> HttpResponse | None:
    """Store what was typed and do what the button said; None where something refused."""
    described = form.apply(
        actions.describe,
        run,
        columns=form.columns,
        constants=form.constants,
        settings=form.settings,
        source=form.cleaned_data["source"],
        target_key=form.cleaned_data["target"],
        by=request.member,
    )
    if described is None:
        return None
    now = timezone.now()
    if form.cleaned_data["mapping_name"]:
        form.apply(actions.save_mapping, described, form.cleaned_data["mapping_name"], by=request.member, now=now)
    wanted = {"check": actions.start_check, "import": actions.start}.get(request.POST.get("do", ""))
    if wanted is not None and form.apply(wanted, described, by=request.member, now=now) is None:
        run.refresh_from_db()
        return None
    return redirect("imports:run_detail", run.pk)


@require_POST
@requires(Can.IMPORT_DATA)
def run_cancel(request: MemberRequest, pk: int) -> HttpResponse:
    """Stop after the chunk at hand."""
    return _do(request, pk, actions.cancel, _("The import stops after the part at hand."))


@require_POST
@requires(Can.IMPORT_DATA)
def run_undo(request: MemberRequest, pk: int) -> HttpResponse:
    """Take the whole import back."""
    return _do(request, pk, actions.undo, _("The import is being taken back."))


def _do(request: MemberRequest, pk: int, action: Callable[..., ImportRun], said: str) -> HttpResponse:
    run = get_object_or_404(ImportRun.objects.owned_by(request.organization), pk=pk)
    try:
        action(run, by=request.member, now=timezone.now())
        messages.info(request, said)
    except Refused as refused:
        messages.warning(request, refused.message)
    return redirect("imports:run_detail", pk)


@requires(Can.IMPORT_DATA)
def run_errors(request: MemberRequest, pk: int) -> HttpResponseBase:
    """The rejected rows as CSV."""
    run = get_object_or_404(ImportRun.objects.owned_by(request.organization), pk=pk)
    return error_file_of(run)


@require_POST
@requires(Can.IMPORT_DATA)
def mapping_delete(request: MemberRequest, pk: int) -> HttpResponse:
    """Forget a saved mapping."""
    saved = get_object_or_404(ImportMapping.objects.owned_by(request.organization), pk=pk)
    actions.forget_mapping(saved, by=request.member)
    messages.info(request, _("The mapping is deleted."))
    return redirect("imports:run_list")
