"""Errors outside of any view: a page for people, problem details (RFC 9457) under /api/.

They use nothing that may itself be broken: no database, no session.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from apps.core import request_context

PROBLEM_JSON = "application/problem+json"
TITLES = {
    400: "The request is not valid",
    401: "Sign in first",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    406: "Not acceptable",
    409: "Refused",
    412: "Changed meanwhile",
    415: "Unsupported media type",
    422: "The request does not fit",
    428: "Which version?",
    429: "Too many requests",
    500: "Something broke on our side",
    503: "Not available now",
}


def problem_body(status: int, detail: str, code: str, errors: Any = None) -> dict[str, Any]:
    """The one error shape of the API; `errors` maps a field's name to its sentences."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": TITLES.get(status, "Error"),
        "status": status,
        "detail": detail,
        "code": code,
    }
    if errors:
        body["errors"] = errors
    if reference := request_context.current().request_id:
        body["request_id"] = reference
    return body


def error_page(status: int, *, template: str = "") -> HttpResponse:
    """The page of this status, with the reference that support can look up."""
    context = {"reference": request_context.current().request_id}
    return HttpResponse(render_to_string(f"errors/{template or status}.html", context), status=status)


def error_answer(request: HttpRequest, status: int, detail: str, code: str, *, template: str = "") -> HttpResponse:
    """The page, or for programs the problem."""
    if not request.path.startswith("/api/"):
        return error_page(status, template=template)
    return HttpResponse(json.dumps(problem_body(status, detail, code)), status=status, content_type=PROBLEM_JSON)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler400."""
    return error_answer(request, 400, _("The request could not be read."), "bad_request")


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler403."""
    return error_answer(request, 403, _("You may not do this."), "forbidden")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler404."""
    return error_answer(request, 404, _("There is nothing here."), "not_found")


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500; 503 while the database is away, which is nobody's mistake and passes."""
    if isinstance(sys.exception(), OperationalError | InterfaceError):
        return unavailable(request)
    return error_answer(request, 500, _("The error was recorded. Try again later."), "server_error")


def unavailable(request: HttpRequest) -> HttpResponse:
    """503, with when to come back."""
    response = error_answer(request, 503, _("The service is not available now. Try again in a minute."), "unavailable")
    response["Retry-After"] = "30"
    return response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's CSRF_FAILURE_VIEW."""
    return error_answer(request, 403, _("The form's security token is missing or old."), "csrf", template="csrf")


def too_many(request: HttpRequest, retry_after_seconds: int) -> HttpResponse:
    """429, with when to come back."""
    response = error_answer(request, 429, _("There were too many requests in a short time."), "too_many")
    response["Retry-After"] = str(retry_after_seconds)
    return response
