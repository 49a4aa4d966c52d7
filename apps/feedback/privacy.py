"""What feedback holds of a customer: what they were asked, and what they answered."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from apps.core import personal_data
from apps.core.personal_data import Holding, Part, Subject
from apps.feedback.models import Response, SurveyRequest
from apps.feedback.models.request import REFERENCE
from apps.forms.models import OneTimeLink

# What the answers' files in the lake are filed under: see `actions.analysis`.
LAKE_REFERENCE = "feedback.response:"


def requests_of(subject: Subject) -> QuerySet[SurveyRequest]:
    """What they were asked."""
    return SurveyRequest.objects.owned_by(subject.organization_id).filter(customer__in=subject.customer_ids)


def responses_of(subject: Subject) -> QuerySet[Response]:
    """What they answered."""
    return Response.objects.owned_by(subject.organization_id).filter(customer__in=subject.customer_ids)


def _references(subject: Subject) -> Iterator[str]:
    for pk in requests_of(subject).values_list("pk", flat=True):
        yield f"{REFERENCE}{pk}"
    for pk in responses_of(subject).values_list("pk", flat=True):
        yield f"{LAKE_REFERENCE}{pk}"


def _remove_requests(requests: QuerySet[Any], _subject: Subject, _now: datetime) -> int:
    """The requests and the links that belong to them alone."""
    with transaction.atomic():
        links = list(requests.values_list("link", flat=True))
        requests.delete()
        OneTimeLink.objects.filter(pk__in=links).delete()
    return len(links)


PART = Part(
    key="feedback",
    label=_("Surveys"),
    order=30,
    references=_references,
    holdings=(
        Holding(
            model=Response,
            rows=responses_of,
            hidden=frozenset({"form_key", "lake_file", "staff_member"}),
            is_portable=True,
        ),
        Holding(
            model=SurveyRequest,
            rows=requests_of,
            hidden=frozenset({"link", "staff_member", "mail_due_at", "next_reminder_at", "mails_written"}),
            erase=_remove_requests,
        ),
    ),
)

personal_data.register(PART)
