"""The advanced search: conditions in the address, pages, count, export, and searches that are kept."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from typing import Any, cast
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse, QueryDict, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.accounts.guards import MemberRequest, requires
from apps.accounts.permissions import Can
from apps.core import audit, ratelimit
from apps.core.components import Column, Crumb
from apps.core.errors import too_many
from apps.core.pages import render_page
from apps.core.refused import Refused
from apps.customers import advanced_search, rules
from apps.customers.actions import saved_searches
from apps.customers.models import Customer, CustomField, SavedSearch, SearchSubscription
from apps.customers.record_forms import SavedSearchForm
from apps.customers.rules import fields as rule_fields
from apps.customers.rules import rows as rule_rows
from apps.customers.rules.fields import WITHOUT_VALUE, Field, Kind
from apps.customers.rules.rows import Row

MOST_ROWS = 20


@requires(Can.VIEW_CUSTOMERS)
def search(request: MemberRequest) -> HttpResponse:
    """The builder with its rows in the address, and whom they fit."""
    asked = _asked(request)
    context: dict[str, Any] = {
        "crumbs": [Crumb(_("Customers"), reverse("customers:customer_list")), Crumb(_("Advanced search"))],
        "error": asked.error,
        "saved": asked.saved,
        "searches": _visible(request),
        "subscribed": _subscribed(request),
        "may_export": request.member.can(Can.EXPORT_CUSTOMERS),
        "columns": [Column(_("Customer")), Column(_("Last visit")), Column(_("Survey by e-mail")), Column(_("Since"))],
        **asked.context(),
    }
    if asked.rule is not None:
        try:
            rows, page = advanced_search.rule_rows(asked.rule, now=timezone.now(), cursor=request.GET.get("cursor", ""))
        except Refused:
            kept = request.GET.copy()
            kept.pop("cursor", None)
            return redirect(f"{request.path}?{kept.urlencode()}")
        context |= {
            "words": rule_rows.in_words(asked.rule),
            "rows": rows,
            "newer_url": _with(request, cursor=page.previous_cursor),
            "older_url": _with(request, cursor=page.next_cursor),
            "count_url": f"{reverse('customers:search_count')}?{asked.query()}",
            "export_url": f"{reverse('customers:search_export')}?{asked.query()}",
            "rule_json": json.dumps(asked.rule.document()),
            "save_form": SavedSearchForm(),
        }
    return render_page(request, "customers/search.html", context, fragments=["builder", "found"])


@requires(Can.VIEW_CUSTOMERS)
def search_count(request: MemberRequest) -> HttpResponse:
    """How many fit, counted after the page is there, and never further than to 10,000."""
    rule = _asked(request).rule
    count = None
    if rule is not None:
        count = advanced_search.capped_count(advanced_search.fitting(rule, now=timezone.now()))
    return render_page(request, "customers/search_count.html", {"count": count}, fragments=["count"])


@requires(Can.EXPORT_CUSTOMERS)
def search_export(request: MemberRequest) -> HttpResponseBase:
    """Those who fit as CSV, row by row; restricted customers do not leave the house."""
    try:
        ratelimit.check("export", f"user:{request.user.pk}")
    except ratelimit.TooMany as refusal:
        return too_many(request, refusal.retry_after)
    rule = _asked(request).rule
    if rule is None:
        return redirect("customers:search")
    found = advanced_search.fitting(rule, now=timezone.now()).usable()
    rows = found.order_by("-created_at", "-id").select_related("last_branch", "owner__user", "company")
    own = list(CustomField.objects.owned_by(request.organization).active().order_by("position", "id"))
    audit.record(
        "customers.exported",
        by=request.member,
        organization_id=request.organization.pk,
        after={"rule": rule.document()},
    )
    answer = StreamingHttpResponse(_lines(rows.iterator(chunk_size=500), own), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="customers-{timezone.localdate():%Y-%m-%d}.csv"'
    answer["Cache-Control"] = "no-store"
    return answer


@require_POST
@requires(Can.VIEW_CUSTOMERS)
def search_save(request: MemberRequest) -> HttpResponse:
    """Keep the search that is shown, under a name; with `saved`, change that one."""
    form = SavedSearchForm(request.POST)
    known = _visible(request).filter(pk=_number(request.POST.get("saved"))).first()
    if not form.is_valid():
        messages.error(request, _("Give the search a name."))
        return redirect(_back(request))
    try:
        kept = saved_searches.save_search(
            request.member,
            name=form.cleaned_data["name"],
            rule=_json(request.POST.get("rule", "")),
            is_shared=form.cleaned_data["is_shared"],
            search=known,
            now=timezone.now(),
        )
    except Refused as refused:
        messages.error(request, refused.message)
        return redirect(_back(request))
    messages.info(request, _("The search is kept."))
    return redirect(f"{reverse('customers:search')}?saved={kept.pk}")


@requires(Can.VIEW_CUSTOMERS)
def search_edit(request: MemberRequest, pk: int) -> HttpResponse:
    """Name and sharing of one's own search."""
    kept = get_object_or_404(_visible(request), pk=pk, owner=request.member)
    form = SavedSearchForm(request.POST or None, initial={"name": kept.name, "is_shared": kept.is_shared})
    if form.is_valid():
        data = form.cleaned_data
        saved = form.apply(
            saved_searches.save_search,
            request.member,
            name=data["name"],
            rule=kept.rule,
            is_shared=data["is_shared"],
            search=kept,
            now=timezone.now(),
        )
        if saved is not None:
            return redirect(f"{reverse('customers:search')}?saved={kept.pk}")
    crumbs = [Crumb(_("Advanced search"), reverse("customers:search")), Crumb(kept.name)]
    context = {"form": form, "saved": kept, "crumbs": crumbs, "page_title": kept.name}
    return render_page(request, "customers/search_edit.html", context, status=form.answer_status)


@require_POST
@requires(Can.VIEW_CUSTOMERS)
def search_delete(request: MemberRequest, pk: int) -> HttpResponse:
    """Forget one's own search."""
    kept = get_object_or_404(_visible(request), pk=pk, owner=request.member)
    saved_searches.delete_search(kept, by=request.member)
    messages.info(request, _("The search is gone."))
    return redirect("customers:search")


@require_POST
@requires(Can.VIEW_CUSTOMERS)
def search_subscribe(request: MemberRequest, pk: int) -> HttpResponse:
    """Hear by mail who newly fits, or no longer."""
    kept = get_object_or_404(_visible(request), pk=pk)
    if pk in _subscribed(request):
        saved_searches.unsubscribe(kept, by=request.member)
        messages.info(request, _("You get no more mails about this search."))
    else:
        try:
            saved_searches.subscribe(kept, by=request.member, now=timezone.now())
            messages.info(request, _("You get a mail on each day on which somebody new fits."))
        except Refused as refused:
            messages.error(request, refused.message)
    return redirect(f"{reverse('customers:search')}?saved={pk}")


class _Asked:
    """What the address asks for: rows of the form, a JSON rule, or a kept search."""

    def __init__(self, request: MemberRequest) -> None:
        self.fields = rule_fields.available(request.organization)
        self.organization = request.organization
        self.saved: SavedSearch | None = None
        self.rows: list[Row] = []
        self.is_any = request.GET.get("join") == "any"
        self.rule: rules.Rule | None = None
        self.error = ""
        self.is_rows = True
        try:
            self._read(request)
        except Refused as refused:
            self.error = refused.message

    def _read(self, request: MemberRequest) -> None:
        given = request.GET
        if saved := given.get("saved"):
            self.saved = get_object_or_404(_visible(request), pk=_number(saved))
        if given.getlist("f"):
            self.rows = _rows(given)
            document: Any = rule_rows.document_of(self.rows, self.fields, is_any=self.is_any)
        elif given.get("rule"):
            document = _json(given["rule"])
        elif self.saved is not None:
            document = self.saved.rule
        else:
            return
        self.rule = rules.parse(document, self.organization)
        if not self.rows and (shown := rule_rows.rows_of(self.rule)) is not None:
            self.rows, self.is_any = shown
        self.is_rows = bool(self.rows) or not self.rule.group.parts

    def query(self) -> str:
        """The address of just this rule."""
        return urlencode({"rule": json.dumps(self.rule.document() if self.rule else {})})

    def context(self) -> dict[str, Any]:
        """What the builder prints: the rows and one more."""
        lines = [self._line(row) for row in self.rows[:MOST_ROWS] if row.field in self.fields]
        groups: dict[str, list[Field]] = {}
        for field in self.fields.values():
            groups.setdefault(str(field.group), []).append(field)
        return {
            "lines": lines,
            "groups": [(label, [(each.name, each.label) for each in fields]) for label, fields in groups.items()],
            "is_any": self.is_any,
            "is_rows": self.is_rows,
        }

    def _line(self, row: Row) -> dict[str, Any]:
        field = self.fields[row.field]
        operator = row.operator if row.operator in field.operators else next(iter(field.operators))
        choices: list[tuple[str, Any]] = []
        if field.kind is Kind.BOOLEAN:
            choices = [("yes", _("yes")), ("no", _("no"))]
        elif field.choices is not None:
            choices = [(str(key), label) for key, label in field.choices(self.organization)]
        return {
            "field": field,
            "operators": field.operators.items(),
            "operator": operator,
            "value": row.value,
            "choices": choices,
            "has_value": operator not in WITHOUT_VALUE,
            "type": "number" if field.kind is Kind.NUMBER or operator in ("within", "not_within") else "text",
            "hint": _("2026-03-29, or 30 for 30 days ago") if field.kind is Kind.DATE else field.help_text,
        }


def _asked(request: MemberRequest) -> _Asked:
    return _Asked(request)


def _rows(given: QueryDict) -> list[Row]:
    fields, operators, values = given.getlist("f"), given.getlist("o"), given.getlist("v")
    rows = []
    for at, name in enumerate(fields[:MOST_ROWS]):
        if name and given.get("drop") != str(at):
            operator = operators[at] if at < len(operators) else ""
            rows.append(Row(name, operator, values[at][:200] if at < len(values) else ""))
    return rows


def _visible(request: MemberRequest) -> Any:
    return SavedSearch.objects.visible_to(request.member).select_related("owner__user").order_by("name", "id")


def _subscribed(request: MemberRequest) -> set[int]:
    mine = SearchSubscription.objects.owned_by(request.organization).filter(member=request.member)
    return set(mine.values_list("search", flat=True))


def _json(text: str) -> Any:
    try:
        return json.loads(text[:20_000])
    except (ValueError, RecursionError) as error:
        raise Refused(_("This search cannot be read."), code="bad_rule", field="rule") from error


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 19 else 0


def _back(request: MemberRequest) -> str:
    return f"{reverse('customers:search')}?{urlencode({'rule': request.POST.get('rule', '{}')[:20_000]})}"


def _with(request: MemberRequest, *, cursor: str | None) -> str:
    if cursor is None:
        return ""
    kept = request.GET.copy()
    kept["cursor"] = cursor
    return f"?{kept.urlencode()}"


class _Line:
    """What csv writes into: it hands the line back."""

    def write(self, line: str) -> str:
        return line


def _lines(customers: Iterator[Customer], own: list[CustomField]) -> Iterator[str]:
    writer = csv.writer(_Line())
    head = [
        "id",
        "kind",
        "name",
        "email",
        "mobile",
        "language",
        "owner",
        "company",
        "last_visit",
        "last_branch",
        "since",
    ]
    yield "\ufeff" + cast(str, writer.writerow([*head, *(field.key for field in own)]))
    for customer in customers:
        cells = [
            customer.pk,
            customer.kind,
            customer.name,
            customer.email,
            customer.mobile,
            customer.language,
            customer.owner or "",
            customer.company or "",
            customer.last_visited_at.isoformat() if customer.last_visited_at else "",
            customer.last_branch or "",
            customer.created_at.isoformat(),
            *(customer.custom.get(field.key, "") for field in own),
        ]
        yield cast(str, writer.writerow([_harmless(cell) for cell in cells]))


def _harmless(cell: Any) -> Any:
    """No cell that a spreadsheet would take for a formula; numbers stay numbers."""
    text = str(cell)
    is_formula = not isinstance(cell, int | float) and text[:1] in ("=", "+", "-", "@", "\t", "\r")
    return f"'{text}" if is_formula else cell
