"""What senders ask: the script for websites, and the addresses that take events in."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path
from django.views.decorators.csrf import csrf_exempt

from apps.core.access import public
from apps.tracking.receiving import CALLS, receive
from apps.tracking.snippet import snippet

KEEP = "public, max-age=3600"


@public("A script for other people's websites; it holds no data.")
def script(request: HttpRequest) -> HttpResponse:
    """The script."""
    found = snippet()
    is_packed = "gzip" in request.headers.get("Accept-Encoding", "")
    if request.headers.get("If-None-Match") == found.etag:
        answer = HttpResponse(status=304)
    else:
        answer = HttpResponse(found.packed if is_packed else found.text, content_type="text/javascript; charset=utf-8")
        if is_packed:
            answer["Content-Encoding"] = "gzip"
    answer["ETag"], answer["Cache-Control"], answer["Vary"] = found.etag, KEEP, "Accept-Encoding"
    # Pages of other websites load it.
    answer["Cross-Origin-Resource-Policy"] = "cross-origin"
    return answer


def taking(call: str) -> Callable[[HttpRequest], HttpResponseBase]:
    """The view that takes this kind of call in; empty for a batch."""

    @csrf_exempt
    @public("The write key of a source is the credential.")
    def view(request: HttpRequest) -> HttpResponse:
        return receive(request, call)

    return view


def addresses(prefix: str) -> list[URLPattern]:
    """Each kind of call, with and without a slash at the end."""
    names = [("batch", ""), *((call, call) for call in CALLS)]
    plain = [path(f"{prefix}{name}", taking(call), name=f"take_{name}") for name, call in names]
    return plain + [path(f"{prefix}{name}/", taking(call), name=f"take_{name}_slash") for name, call in names]


# On the short way (`config.short_urls`).
short_pages = [path("t.js", script, name="script"), *addresses("v1/"), *addresses("api/v1/")]
