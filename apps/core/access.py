"""The mark of a page that anybody may open. Guards that ask for permissions are in `accounts`, a floor above."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec

from django.http.response import HttpResponseBase

P = ParamSpec("P")


def public(reason: str) -> Callable[[Callable[P, HttpResponseBase]], Callable[P, HttpResponseBase]]:
    """Mark a view that anybody may open, and why."""

    def decorate(view: Callable[P, HttpResponseBase]) -> Callable[P, HttpResponseBase]:
        view.public_reason = reason  # type: ignore[attr-defined]
        return view

    return decorate
