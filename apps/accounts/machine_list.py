"""The usual question of a machine, answered on the short way: a plain page of a hot list, asked with an API key.

DRF and the layers for signed-in people cost several times what the database needs for fifty rows. So a plain `GET`
with a living, permitted key and no filters is answered here, by the same query that the API view uses. Whatever is
not plain (a filter, another method, a wrong key, no permission, a full limit, a bad cursor) takes the long way, where
the API view gives the answer it always gave: nothing about errors, rights or the schema is decided twice.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from apps.accounts.authentication import living_key, remember_use
from apps.accounts.models import Organization
from apps.accounts.permissions import Can
from apps.core import ratelimit, tenancy
from apps.core.api import LARGEST_PAGE, is_plain, json_page
from apps.core.keyset import Page
from apps.core.refused import Refused
from apps.core.short_path import TakeTheLongWay

USUAL_SIZE = 50
Rows = Callable[[Organization, str, int], Page[str]]


def machine_list(permission: Can) -> Callable[[Rows], Callable[[HttpRequest], HttpResponse]]:
    """Make a view of `rows(organization, cursor, size)`, which returns rows as JSON texts."""

    def decorate(rows: Rows) -> Callable[[HttpRequest], HttpResponse]:
        @wraps(rows)
        def view(request: HttpRequest) -> HttpResponse:
            size = request.GET.get("limit", str(USUAL_SIZE))
            plain = request.method == "GET" and is_plain(request.GET)
            if not (plain and size.isascii() and size.isdecimal() and 1 <= int(size[:6]) <= LARGEST_PAGE):
                raise TakeTheLongWay
            now = timezone.now()
            key = living_key(request.headers.get("Authorization", ""), now=now)
            if key is None or not key.can(permission):
                raise TakeTheLongWay
            try:
                ratelimit.check("api_key", f"key:{key.pk}")
                with tenancy.inside(key.organization_id):
                    remember_use(key, now=now)
                    page = rows(key.organization, request.GET.get("cursor", ""), int(size))
            except (ratelimit.TooMany, Refused) as refusal:
                raise TakeTheLongWay from refusal
            return json_page(page, request)

        view.permission = permission  # type: ignore[attr-defined]
        return view

    return decorate
