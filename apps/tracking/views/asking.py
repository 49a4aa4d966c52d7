"""What the list pages share."""

from __future__ import annotations

from urllib.parse import urlencode

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from apps.core.components import Chip


def with_cursor(request: HttpRequest, cursor: str | None) -> str:
    """This list at another cursor; empty at either end."""
    if cursor is None:
        return ""
    kept = request.GET.copy()
    kept["cursor"] = cursor
    return f"?{kept.urlencode()}"


def from_the_start(request: HttpRequest) -> HttpResponse:
    """A cursor that is not ours (an old bookmark): the same list at its first page."""
    kept = request.GET.copy()
    kept.pop("cursor", None)
    return redirect(f"{request.path}?{kept.urlencode()}")


def chips(form: forms.Form) -> list[Chip]:
    """One chip for each filter that is on, leading to the list without it."""
    found = []
    for name, value in form.cleaned_data.items():
        if not value:
            continue
        bound = form[name]
        choices = {str(key): word for key, word in getattr(bound.field, "choices", [])}
        rest = {other: form.data[other] for other in form.cleaned_data if other != name and form.data.get(other)}
        found.append(Chip(f"{bound.label}: {choices.get(str(value), value)}", f"?{urlencode(rest)}"))
    return found
