"""The first start: an installation without an organisation leads everybody to the set-up."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect

from apps.accounts import queries

GetResponse = Callable[[HttpRequest], HttpResponseBase]
DOORS = ("/accounts/", "/admin/")


def first_start(get_response: GetResponse) -> GetResponse:
    """Turn strangers at the sign-in doors to the set-up while there is no organisation.

    Every page that is not public sends strangers to such a door, so no other page has to ask.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        at_door = request.path.startswith(DOORS)
        if at_door and not request.user.is_authenticated and not queries.is_set_up():
            return redirect("console:setup")
        return get_response(request)

    return middleware
