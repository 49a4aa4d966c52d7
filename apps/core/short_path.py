"""The short way to what knows neither cookies nor sessions: pages behind a customer's link, hot lists for machines.

The layers that serve signed-in people (session, membership, messages, CSRF, HTMX, sign-in) cost more than storing an
answer does. A request for a page in SHORT_URLCONF leaves the stack here, after the request id, the measuring and the
security headers, and goes straight to its view. The same pages are in the usual URLconf, for `reverse`, and for what
the view on the short way leaves to it by raising `TakeTheLongWay`.
"""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import Resolver404, get_resolver

GetResponse = Callable[[HttpRequest], HttpResponseBase]


class TakeTheLongWay(Exception):
    """Raised by a view on the short way: the usual layers and the usual view of this address shall answer."""


def short_path(get_response: GetResponse) -> GetResponse:
    """Call the view of a page in SHORT_URLCONF; everything else goes on through the other layers."""
    resolver = get_resolver(settings.SHORT_URLCONF)

    def middleware(request: HttpRequest) -> HttpResponseBase:
        try:
            match = resolver.resolve(request.path_info)
        except Resolver404:
            return get_response(request)
        request.resolver_match = match
        try:
            response: HttpResponseBase = match.func(request, *match.args, **match.kwargs)
        except TakeTheLongWay:
            return get_response(request)
        return response

    return middleware
