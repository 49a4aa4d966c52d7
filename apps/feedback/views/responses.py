"""What customers answered: the list, its export, one answer."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.guards import MemberRequest, requires
from apps.accounts.permissions import Can
from apps.core import ratelimit
from apps.core.components import Chip, Column, Crumb
from apps.core.errors import too_many
from apps.core.pages import render_page
from apps.core.refused import Refused
from apps.feedback import queries
from apps.feedback.forms import RequestFilterForm, ResponseFilterForm
from apps.feedback.models import Response
from apps.messaging.queries import history

COLUMNS = ["submitted_at", "customer", "branch", "served_by", "stars", "sentiment", "comment", "summary", "language"]
# A spreadsheet reads a cell that begins like this as a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


@requires(Can.VIEW_RESPONSES)
def response_list(request: MemberRequest) -> HttpResponse:
    """All responses, newest first; search and filters live in the address."""
    form = ResponseFilterForm(request.GET, organization=request.organization)
    try:
        rows, page = queries.response_rows(request.organization, form.filters(), cursor=request.GET.get("cursor", ""))
    except Refused:
        return redirect(request.path)
    kept = request.GET.copy()
    kept.pop("cursor", None)
    context = {
        "form": form,
        "columns": [
            Column(_("Customer")),
            Column(_("Stars")),
            Column(_("Sentiment")),
            Column(_("What they said")),
            Column(_("Where")),
            Column(_("Answered")),
        ],
        "rows": rows,
        "chips": chips(form),
        "newer_url": with_cursor(request, page.previous_cursor),
        "older_url": with_cursor(request, page.next_cursor),
        "export_url": f"{reverse('feedback:response_export')}?{kept.urlencode()}",
        "may_export": request.member.can(Can.EXPORT_RESPONSES),
    }
    return render_page(request, "feedback/response_list.html", context, fragments=["rows"])


@requires(Can.VIEW_RESPONSES)
def response_detail(request: MemberRequest, pk: int) -> HttpResponse:
    """One answer: what was said, what we read in it, how the question travelled, where its file is."""
    found = Response.objects.owned_by(request.organization).select_related(
        "customer", "branch", "staff_member", "request__link", "lake_file"
    )
    response = get_object_or_404(found, pk=pk)
    may_see_mails = request.member.can(Can.VIEW_DELIVERIES)
    context = {
        "response": response,
        "marks": queries.marked_comment(response),
        "history": history(response.request.reference, request.organization) if may_see_mails else [],
        "may_see_mails": may_see_mails,
        "may_see_customer": request.member.can(Can.VIEW_CUSTOMERS),
        "crumbs": [Crumb(_("Responses"), reverse("feedback:response_list")), Crumb(str(response.customer))],
        "page_title": _("Answer of %(name)s") % {"name": response.customer},
    }
    return render_page(request, "feedback/response_detail.html", context)


@requires(Can.EXPORT_RESPONSES)
def response_export(request: MemberRequest) -> HttpResponseBase:
    """The list with its filters as CSV, row by row, so that its size does not matter."""
    try:
        ratelimit.check("export", f"user:{request.user.pk}")
    except ratelimit.TooMany as refusal:
        return too_many(request, refusal.retry_after)
    form = ResponseFilterForm(request.GET, organization=request.organization)
    # Restricted data is kept and not used (GDPR article 18): it does not leave the house.
    usable = queries.responses(request.organization, form.filters()).filter(customer__is_restricted=False)
    found = usable.order_by("-submitted_at", "-id")
    rows = found.select_related("customer", "branch", "staff_member").iterator(chunk_size=500)
    answer = StreamingHttpResponse(_lines(rows), content_type="text/csv; charset=utf-8")
    day = timezone.localdate()
    answer["Content-Disposition"] = f'attachment; filename="responses-{day:%Y-%m-%d}.csv"'
    answer["Cache-Control"] = "no-store"
    return answer


class _Line:
    """What csv writes into: it hands the line back."""

    def write(self, line: str) -> str:
        return line


def _lines(rows: Iterator[Response]) -> Iterator[str]:
    writer = csv.writer(_Line())
    # The mark at the start tells Excel that this is UTF-8.
    yield "\ufeff" + writer.writerow(COLUMNS)
    for row in rows:
        values = [
            row.submitted_at.isoformat(),
            row.customer.name,
            row.branch.name if row.branch else "",
            row.staff_member.name if row.staff_member else "",
            row.stars,
            row.sentiment,
            row.comment,
            row.summary,
            row.language,
        ]
        yield writer.writerow([harmless(value) for value in values])


def harmless(value: Any) -> Any:
    """The value with an apostrophe before what a spreadsheet would run as a formula."""
    return f"'{value}" if isinstance(value, str) and value.lstrip(" ").startswith(FORMULA) else value


def with_cursor(request: MemberRequest, cursor: str | None) -> str:
    """This list's address at another cursor; empty at either end."""
    if cursor is None:
        return ""
    kept = request.GET.copy()
    kept["cursor"] = cursor
    return f"?{kept.urlencode()}"


def chips(form: ResponseFilterForm | RequestFilterForm) -> list[Chip]:
    """One chip for each filter that is on, leading to the list without it."""
    found = []
    for name, value in form.cleaned_data.items():
        if not value:
            continue
        bound = form[name]
        words = str(dict(bound.field.choices).get(value, value)) if name in ("sentiment", "state") else str(value)  # type: ignore[attr-defined]
        label = str(bound.label) if value is True else f"{bound.label}: {words}"
        rest = {other: form.data[other] for other in form.cleaned_data if other != name and form.data.get(other)}
        found.append(Chip(label, f"?{urlencode(rest)}"))
    return found
