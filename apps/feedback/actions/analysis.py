"""What we read in an answer, and its file in the data lake."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from django.db import transaction

from apps.core.outbox import announce
from apps.feedback.events import ResponseAnalysed
from apps.feedback.models import Response
from apps.intelligence import actions as intelligence
from apps.lake import actions as lake

ANALYSE_TASK = "feedback.analyse_responses"
SCHEMA = "feedback.v1"


def analyse(response: Response, *, now: datetime) -> Response:
    """Read mood and gist of an answer and announce them; an analysed answer stays as it is.

    Calls may take seconds, so they stand outside the transaction; two workers at once never announce twice.
    """
    if response.analysed_at is not None:
        return response
    values = (response.comment, response.stars, response.language)
    names = _names(response)
    sentiment = intelligence.sentiment(*values, organization=response.organization, now=now, names=names)
    summary = intelligence.summarize_feedback(*values, organization=response.organization, now=now, names=names)
    with transaction.atomic():
        won = Response.objects.filter(pk=response.pk, analysed_at=None).update(
            sentiment=sentiment.label,
            sentiment_score=sentiment.score,
            text_score=sentiment.text_score,
            is_contradiction=sentiment.is_contradiction,
            sentiment_words=[[word.word, word.weight] for word in sentiment.words],
            sentiment_by=asdict(sentiment.provenance),
            summary=summary.text[:200],
            summary_by=asdict(summary.provenance),
            analysed_at=now,
        )
        if won:
            announce(
                ResponseAnalysed(
                    organization_id=response.organization_id,
                    response_id=response.pk,
                    customer_id=response.customer_id,
                    stars=response.stars,
                    sentiment=sentiment.label,
                    is_contradiction=sentiment.is_contradiction,
                )
            )
    response.refresh_from_db()
    return response


@transaction.atomic
def store_in_lake(response: Response, *, now: datetime) -> Response:
    """Hand the answer's file to the lake, once; its name and bytes depend on the answer alone."""
    response = (
        Response.objects.select_for_update(of=("self",))
        .select_related("organization", "request", "branch", "staff_member")
        .get(pk=response.pk)
    )
    if response.analysed_at is None or response.lake_file_id is not None:
        return response
    content = json.dumps(document(response), ensure_ascii=False, indent=2, sort_keys=True).encode()
    response.lake_file = lake.put(
        response.lake_path,
        content,
        organization=response.organization,
        reference=f"feedback.response:{response.pk}",
        now=now,
    )
    response.save(update_fields=["lake_file"])
    return response


def document(response: Response) -> dict[str, Any]:
    """The answer in the shape of `docs/schemas/feedback.v1.json`."""
    return {
        "schema": SCHEMA,
        "response_id": response.pk,
        "request_id": response.request_id,
        "customer_id": response.customer_id,
        "organization": response.organization.slug,
        "branch": {"id": response.branch.pk, "name": response.branch.name} if response.branch else None,
        "staff_member": (
            {"id": response.staff_member.pk, "name": response.staff_member.name} if response.staff_member else None
        ),
        "purpose_of_visit": response.request.purpose,
        "requested_at": _moment(response.request.requested_at),
        "submitted_at": _moment(response.submitted_at),
        "stars": response.stars,
        "comment": response.comment,
        "language": response.language,
        "sentiment": {
            "label": response.sentiment,
            "score": response.sentiment_score,
            "text_score": response.text_score,
            "is_contradiction": response.is_contradiction,
            "by": response.sentiment_by,
        },
        "summary": {"text": response.summary, "by": response.summary_by},
        "analysed_at": _moment(response.analysed_at),
    }


def _names(response: Response) -> list[str]:
    """Who may be named in the comment: nobody outside learns them."""
    return [response.customer.name, *([response.staff_member.name] if response.staff_member else [])]


def _moment(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at else None
