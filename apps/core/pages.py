"""Whole page or fragment: one function for both, so that a page and its parts can never disagree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers


def render_page(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any] | None = None,
    *,
    fragments: Sequence[str] = (),
    status: int = 200,
) -> HttpResponse:
    """Render `template`, or the one fragment of it that htmx asked for.

    The fragment's name, the id of its root element and the word in `fragments` are the same. A target that the view
    did not list, a boosted link and a history restore get the whole page.
    """
    name = requested_fragment(request, fragments)
    response = render(request, f"{template}#{name}" if name else template, dict(context or {}), status=status)
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response


def requested_fragment(request: HttpRequest, fragments: Sequence[str]) -> str | None:
    """The listed fragment that this request wants, or None for the whole page."""
    headers = request.headers
    if headers.get("HX-Request") != "true" or "HX-Boosted" in headers or "HX-History-Restore-Request" in headers:
        return None
    target = headers.get("HX-Target", "")
    return target if target in fragments else None
