"""What all API views share: problem details (RFC 9457) and keyset pages."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.utils.translation import gettext as _
from rest_framework import exceptions, serializers, status
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from apps.core.errors import PROBLEM_JSON, problem_body
from apps.core.keyset import Keyset, Page
from apps.core.ratelimit import TooMany
from apps.core.refused import Refused


class ProblemSerializer(serializers.Serializer[Any]):
    """The shape of every error (for the schema)."""

    type = serializers.CharField(
        help_text="A stable address of the kind of problem; about:blank when the title says it all."
    )
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    code = serializers.CharField(help_text="A stable word for programs.")
    errors = serializers.DictField(  # type: ignore[assignment]
        required=False, help_text="Field name → list of sentences."
    )
    request_id = serializers.CharField(required=False, help_text="What support can look up.")


def problem(
    status_code: int, detail: str, code: str, errors: Any = None, headers: dict[str, str] | None = None
) -> Response:
    """An answer in the one error shape of the API."""
    body = problem_body(status_code, detail, code, errors)
    return Response(body, status=status_code, content_type=PROBLEM_JSON, headers=headers)


def problem_details(exc: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: every error in the one shape; unknown exceptions go on to Django's 500."""
    if isinstance(exc, Refused):
        return problem(
            status.HTTP_409_CONFLICT, exc.message, exc.code, {exc.field: [exc.message]} if exc.field else None
        )
    if isinstance(exc, TooMany):
        pause = {"Retry-After": str(exc.retry_after)}
        return problem(429, _("There were too many requests in a short time."), "throttled", headers=pause)
    if isinstance(exc, Http404):
        return problem(404, _("There is nothing here."), "not_found")
    if isinstance(exc, PermissionDenied):
        return problem(403, _("You may not do this."), "forbidden")
    if isinstance(exc, exceptions.ValidationError):
        errors = exc.detail if isinstance(exc.detail, dict) else {"non_field_errors": exc.detail}
        return problem(400, _("Some fields need another look."), "invalid", errors)
    if isinstance(exc, exceptions.APIException):
        headers = {}
        if wait := getattr(exc, "wait", None):
            headers["Retry-After"] = str(max(1, round(wait)))
        if header := getattr(exc, "auth_header", None):
            headers["WWW-Authenticate"] = header
        codes = exc.get_codes()
        return problem(exc.status_code, str(exc.detail), codes if isinstance(codes, str) else "error", headers=headers)
    return None


LARGEST_PAGE = 200
PLAIN = frozenset({"cursor", "limit"})


def is_plain(params: QueryDict) -> bool:
    """Whether the address asks for a list without any filter: the usual question of a machine."""
    return not params.keys() - PLAIN


class KeysetList(GenericAPIView[Any]):
    """A list that is cut by cursor: `?cursor=`, `?limit=` (at most 200); the body is `{"next", "previous", "results"}`.

    Set `keyset` and `serializer_class`, and return the caller's rows from `get_queryset`.
    A hot list answers by `written_by_database`.
    """

    keyset: Keyset
    page_size = 50

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One page."""
        cursor = request.query_params.get("cursor", "")
        page = self.keyset.page(self.rows(), cursor=cursor, size=self.limit(request))
        return self.page_response(page, self.results(page))

    def written_by_database(self, read: Callable[[str, int], Page[str]]) -> HttpResponse:
        """One page of a hot list, whose rows `read(cursor, size)` returns as JSON texts (`fastsql.json_rows`)."""
        page = read(self.request.query_params.get("cursor", ""), self.limit(self.request))
        return json_page(page, self.request)

    def rows(self) -> QuerySet[Any]:
        """What the list shows, before it is cut."""
        return self.filter_queryset(self.get_queryset())

    def results(self, page: Page[Any]) -> Any:
        """The rows as they are printed."""
        return self.get_serializer(page.rows, many=True).data

    def limit(self, request: Request) -> int:
        """Rows per page; raises ValidationError when it is no number from 1 to 200."""
        asked = request.query_params.get("limit", str(self.page_size))
        if not (asked.isascii() and asked.isdecimal() and 1 <= int(asked[:6]) <= LARGEST_PAGE):
            raise exceptions.ValidationError({"limit": [_("A number from 1 to %(most)d.") % {"most": LARGEST_PAGE}]})
        return int(asked)

    def page_response(self, page: Page[Any], results: Any) -> Response:
        """The body around the results, with the addresses of the pages beside it."""
        return Response(
            {
                "next": self.address(page.next_cursor),
                "previous": self.address(page.previous_cursor),
                "results": results,
            }
        )

    def address(self, cursor: str | None) -> str | None:
        """This list's address at another cursor; None at either end."""
        return _address(self.request, cursor)


def _address(request: HttpRequest | Request, cursor: str | None) -> str | None:
    return replace_query_param(request.build_absolute_uri(), "cursor", cursor) if cursor else None


def json_page(page: Page[str], request: HttpRequest | Request) -> HttpResponse:
    """The body of `KeysetList` around rows that the database has written as JSON (`fastsql.json_rows`)."""
    beside = {"next": _address(request, page.next_cursor), "previous": _address(request, page.previous_cursor)}
    body = f'{json.dumps(beside)[:-1]}, "results": [{",".join(page.rows)}]}}'
    return HttpResponse(body, content_type="application/json")


@functools.cache
def page_of(row: type[serializers.Serializer[Any]]) -> type[serializers.Serializer[Any]]:
    """The shape of one page of such rows (for the schema)."""
    fields = {
        "next": serializers.URLField(allow_null=True, help_text="The following page; null on the last one."),
        "previous": serializers.URLField(allow_null=True, help_text="The page before; null on the first one."),
        "results": row(many=True),
    }
    return type(f"{row.__name__.removesuffix('Serializer')}PageSerializer", (serializers.Serializer,), fields)
