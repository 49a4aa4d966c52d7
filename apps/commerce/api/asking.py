"""What all views of this API share: refusals of input as 400, lists of items with one answer each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from apps.commerce.actions import MOST_AT_ONCE, Outcome, Upserted
from apps.core.refused import Refused

# Refusals that another body cannot heal: 409. All others are of what was sent: 400.
CONFLICTS = {"already_cancelled", "other_order"}


@contextmanager
def wrong_input_is_400() -> Iterator[None]:
    """Within the block a refusal of what was sent is a 400 with the field, like any other field error."""
    try:
        yield
    except Refused as refused:
        if refused.code in CONFLICTS:
            raise
        raise ValidationError({refused.field or "non_field_errors": [refused.message]}, code=refused.code) from refused


def one_by_one(
    request: Request,
    serializer_class: type[Serializer[Any]],
    store: Callable[[Sequence[Any]], Sequence[Upserted[Any]]],
    draft: Callable[[dict[str, Any]], Any],
) -> Response:
    """Store the items of `{"items": […]}`; 200 with one answer each, in order. Raises ValidationError."""
    items = request.data.get("items") if isinstance(request.data, dict) else None
    if not isinstance(items, list) or not 1 <= len(items) <= MOST_AT_ONCE:
        raise ValidationError({"items": [f"A list of 1 to {MOST_AT_ONCE} items."]})
    answers: dict[int, dict[str, Any]] = {}
    drafts: dict[int, Any] = {}
    for index, item in enumerate(items):
        serializer = serializer_class(data=item)
        if serializer.is_valid():
            drafts[index] = draft(serializer.validated_data)
        else:
            answers[index] = {
                "index": index,
                "outcome": Outcome.REJECTED,
                "code": "invalid",
                "errors": serializer.errors,
            }
    for index, result in zip(drafts, store(list(drafts.values())), strict=True):
        answers[index] = _answer(index, result)
    results = [answers[index] for index in range(len(items))]
    counts = {str(outcome): sum(answer["outcome"] == outcome for answer in results) for outcome in Outcome}
    return Response({**counts, "results": results})


def _answer(index: int, result: Upserted[Any]) -> dict[str, Any]:
    if result.refused is not None:
        errors = {result.refused.field or "non_field_errors": [result.refused.message]}
        return {"index": index, "outcome": result.outcome, "code": result.refused.code, "errors": errors}
    row = result.get()
    return {"index": index, "outcome": result.outcome, "id": row.pk, "external_id": row.external_id}
