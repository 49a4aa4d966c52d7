"""The mark of a page that anybody may open. Guards that ask for permissions are in `accounts`, a floor above."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec

from django.http import HttpResponse

P = ParamSpec("P")


def public(reason: str) -> Callable[[Callable[P, HttpResponse]], Callable[P, HttpResponse]]:
    """Mark a view that anybody may open, and why."""

    def decorate(view: Callable[P, HttpResponse]) -> Callable[P, HttpResponse]:
        view.public_reason = reason  # type: ignore[attr-defined]
        return view

    return decorate
