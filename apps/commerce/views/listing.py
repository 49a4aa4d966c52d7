"""What the lists of this app share: addresses of pages, chips, CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect

from apps.accounts.guards import MemberRequest
from apps.core.components import Chip

# A spreadsheet reads a cell that begins like this as a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def from_the_start(request: MemberRequest) -> HttpResponse:
    """A cursor that is not ours (an old bookmark): the same list at its first page."""
    return redirect(f"{request.path}?{without_cursor(request)}")


def without_cursor(request: MemberRequest) -> str:
    """The filters as they stand in the address."""
    kept = request.GET.copy()
    kept.pop("cursor", None)
    return kept.urlencode()


def with_cursor(request: MemberRequest, cursor: str | None) -> str:
    """This list's address at another cursor; empty at either end."""
    if cursor is None:
        return ""
    kept = request.GET.copy()
    kept["cursor"] = cursor
    return f"?{kept.urlencode()}"


def chips(form: forms.Form, names: Mapping[str, str]) -> list[Chip]:
    """One chip for each filter that is on, leading to the list without it; `names` prints what is only an id."""
    found = []
    for name, value in form.cleaned_data.items():
        if not value:
            continue
        field: Any = form[name].field
        choices: dict[Any, Any] = dict(getattr(field, "choices", ())) if type(field) is forms.ChoiceField else {}
        words = names.get(name) or choices.get(value, value)
        rest = {other: form.data[other] for other in form.cleaned_data if other != name and form.data.get(other)}
        found.append(Chip(f"{form[name].label}: {words}", f"?{urlencode(rest)}"))
    return found


def csv_answer(filename: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> HttpResponseBase:
    """The rows as a CSV file, one by one, so that its size does not matter; no cell runs as a formula."""
    answer = StreamingHttpResponse(_lines(columns, rows), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{filename}"'
    answer["Cache-Control"] = "no-store"
    return answer


class _Line:
    """What csv writes into: it hands the line back."""

    def write(self, line: str) -> str:
        return line


def _lines(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    writer = csv.writer(_Line())
    # The mark at the start tells Excel that this is UTF-8.
    yield "\ufeff" + writer.writerow(columns)
    for row in rows:
        yield writer.writerow([harmless(value) for value in row])


def harmless(value: Any) -> Any:
    """The value with an apostrophe before what a spreadsheet would run as a formula; numbers stay numbers."""
    return f"'{value}" if isinstance(value, str) and value.lstrip(" ").startswith(FORMULA) else value
