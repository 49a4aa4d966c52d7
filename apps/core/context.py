"""What every staff page prints around its content: navigation, account menu, version, where help is."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from apps.core import navigation


def shell(request: HttpRequest) -> dict[str, Any]:
    """Template variables of the shell. The lists are made when a template prints them, so a fragment pays nothing."""
    member = getattr(request, "member", None)
    return {
        "nav": SimpleLazyObject(lambda: navigation.entries(member, request.path)),
        "account_menu": SimpleLazyObject(lambda: navigation.account_entries(member)),
        "version": settings.VERSION,
        "docs_url": settings.DOCS_URL,
        "support_url": settings.SUPPORT_URL,
    }
