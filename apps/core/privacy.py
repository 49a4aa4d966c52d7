"""What the kernel holds of people in passing: answers kept for programs that repeat a request."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from apps.core import personal_data
from apps.core.models import IdempotencyRecord
from apps.core.personal_data import Holding, Part, Subject


def _answers_of(subject: Subject) -> QuerySet[IdempotencyRecord]:
    named = Q(pk=None)
    for word in subject.emails | subject.phones:
        named |= Q(answer__icontains=word)
    return IdempotencyRecord.objects.owned_by(subject.organization_id).filter(named)


PART = Part(
    key="core",
    label=_("Answers to programs"),
    order=70,
    # They are gone after 24 hours anyway; an erasure does not wait for that.
    holdings=(Holding(model=IdempotencyRecord, rows=_answers_of, is_exported=False),),
)

personal_data.register(PART)
