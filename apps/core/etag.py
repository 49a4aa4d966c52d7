"""Nobody overwrites what they have not seen: `ETag` on reading, `If-Match` on changing (RFC 9110, RFC 6585).

A row that has a `version` which grows with every change is tagged with it:

    def get(self, request, pk):
        product = get_object_or_404(…)
        return etag.answer(request, product, ProductSerializer(product).data)     # 200 with ETag, or 304

    def patch(self, request, pk):
        with etag.matching(request, Product.objects.owned_by(…), pk=pk) as product:   # locked until the end
            product = actions.update_product(product, …)
        return etag.answer(request, product, ProductSerializer(product).data)

Without `If-Match` the answer is 428, with a tag of another version 412, both as problem details.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

from django.db import models, transaction
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response

M = TypeVar("M", bound=models.Model)

_TAG = re.compile(r'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"')

# For `@extend_schema(parameters=[etag.IF_MATCH])` of a method that changes a row.
IF_MATCH = OpenApiParameter(
    "If-Match",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    required=True,
    description="The ETag with which the row was read; `*` changes it whatever it says now.",
)


class Versioned(Protocol):
    """A row that says how often it was changed."""

    version: int


class PreconditionFailed(APIException):
    """The row is no longer the one that the caller read."""

    status_code = 412
    default_code = "precondition_failed"
    default_detail = _("Somebody changed this meanwhile. Read it again.")


class PreconditionRequired(APIException):
    """The caller does not say which version it means to change."""

    status_code = 428
    default_code = "precondition_required"
    default_detail = _("Send If-Match with the ETag with which you read this, so that nobody's change is lost.")


def of(row: Versioned) -> str:
    """The row's tag as it stands in the header."""
    return f'"{row.version}"'


def check(request: Request, row: Versioned) -> None:
    """Raises PreconditionRequired or PreconditionFailed unless `If-Match` names this version of the row."""
    given = request.headers.get("If-Match", "").strip()
    if not given:
        raise PreconditionRequired
    # If-Match compares strongly: a weak tag never matches.
    if given != "*" and str(row.version) not in {tag for weak, tag in _TAG.findall(given) if not weak}:
        raise PreconditionFailed


@contextmanager
def matching(request: Request, queryset: models.QuerySet[M], **lookup: Any) -> Iterator[M]:
    """The row, locked and compared with `If-Match`; the block is one transaction.

    Raises Http404, PreconditionRequired, PreconditionFailed.
    """
    with transaction.atomic():
        row = get_object_or_404(queryset.select_for_update(of=("self",)), **lookup)
        check(request, row)  # type: ignore[arg-type]
        yield row


def answer(request: Request, row: Versioned, data: Any, *, status: int = 200) -> Response:
    """The row's representation with its tag; 304 without a body for a GET by somebody who has this version."""
    headers = {"ETag": of(row)}
    known = {tag for _weak, tag in _TAG.findall(request.headers.get("If-None-Match", ""))}
    if request.method == "GET" and str(row.version) in known:
        return Response(status=304, headers=headers)
    return Response(data, status=status, headers=headers)
