"""What surrounds every request: its id, and the security headers of every answer."""

from __future__ import annotations

import secrets
import time
import traceback
from collections.abc import Callable
from functools import cached_property

import structlog
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from apps.core import errors, metrics, patience, request_context, tenancy

log = structlog.get_logger(__name__)

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

GetResponse = Callable[[HttpRequest], HttpResponseBase]


def client_ip(request: HttpRequest) -> str | None:
    """The caller's address; X-Forwarded-For counts only as far as our own proxies wrote it."""
    if settings.TRUSTED_PROXIES:
        hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]
        if len(hops) >= settings.TRUSTED_PROXIES:
            return str(hops[-settings.TRUSTED_PROXIES])
    return str(request.META.get("REMOTE_ADDR") or "") or None


def request_context_middleware(get_response: GetResponse) -> GetResponse:
    """Give the request an id that logs, audit, tasks and outgoing calls carry on, and an end to waiting."""
    limit = settings.DATABASE_PATIENCE_SECONDS

    def middleware(request: HttpRequest) -> HttpResponseBase:
        request_id = request_context.new_request_id(request.headers.get("X-Request-Id", ""))
        with request_context.trace(request_id, client_ip(request)), patience.at_most(limit):
            try:
                response = get_response(request)
            finally:
                tenancy.leave()
        response["X-Request-Id"] = request_id
        return response

    return middleware


REQUESTS = metrics.Histogram(
    "compass_request_seconds",
    "Answered requests by route (never by path, which may hold a token)",
    ["method", "route", "status"],
)
# Asked every few seconds by machines: a line for each would bury the others.
QUIET_ROUTES = frozenset({"core:health_live", "core:health_ready", "core:metrics"})


def measure(get_response: GetResponse) -> GetResponse:
    """Count and time every answer, and write one line about it."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        started = time.perf_counter()
        response = get_response(request)
        seconds = time.perf_counter() - started
        match = request.resolver_match
        route = match.view_name or match.route if match else "unknown"
        method = request.method if request.method in METHODS else "OTHER"
        REQUESTS.labels(method or "", route, str(response.status_code)).observe(seconds)
        if route not in QUIET_ROUTES:
            log.info(
                "request",
                method=method,
                route=route,
                path=request.path,
                status=response.status_code,
                ms=round(seconds * 1000, 1),
            )
        return response

    return middleware


class Nonce:
    """The nonce of one answer, made when a template first prints it."""

    @cached_property
    def value(self) -> str:
        return secrets.token_urlsafe(16)

    def __str__(self) -> str:
        return self.value


def security_headers(get_response: GetResponse) -> GetResponse:
    """Content-Security-Policy with a nonce (`request.csp_nonce`) and Permissions-Policy."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        request.csp_nonce = Nonce()  # type: ignore[attr-defined]
        response = get_response(request)
        if "Content-Security-Policy" not in response:
            response["Content-Security-Policy"] = policy(request.csp_nonce)  # type: ignore[attr-defined]
        response["Permissions-Policy"] = "camera=(), microphone=(), geolocation=(), payment=()"
        return response

    return middleware


def policy(nonce: Nonce) -> str:
    """The header's text; a nonce that nobody printed is left out."""
    used = f"'nonce-{nonce}'" if "value" in nonce.__dict__ else ""
    directives = []
    for name, sources in settings.SECURE_CSP.items():
        printed = [used if source == "<nonce>" else source for source in sources]
        directives.append(" ".join([name, *filter(None, printed)]))
    return "; ".join(directives)


def refuse_bottomless_json(get_response: GetResponse) -> GetResponse:
    """Answer 400 when JSON is nested deeper than Python can read: the sender's fault, not ours."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        return get_response(request)

    def process_exception(request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        if not isinstance(exception, RecursionError):
            return None
        *_, (frame, _line) = traceback.walk_tb(exception.__traceback__)
        # A recursion of our own is a mistake of ours and stays a 500.
        return errors.bad_request(request, exception) if frame.f_globals["__name__"] == "json.decoder" else None

    middleware.process_exception = process_exception  # type: ignore[attr-defined]
    return middleware
