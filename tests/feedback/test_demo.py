"""The demo's answers look lived in: dated, delivered, in both languages, and the same for the same dice."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

import pytest

from apps.accounts.models import Membership, Organization
from apps.customers import demo as customers_demo
from apps.feedback import demo
from apps.feedback.models import Delivery, Response, SurveyRequest
from apps.lake.models import LakeFile
from apps.messaging.models import Message, MessageState
from apps.messaging.queries import history


@pytest.fixture(autouse=True)
def smaller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "RESPONSES", 40)


def filled(organization: Organization, now: datetime) -> list[tuple[Any, ...]]:
    """A demo, and what a visitor would see of it."""
    dice = random.Random(7)
    customers_demo.fill(organization, dice, customers=25, now=now)
    demo.fill(organization, dice, now=now)
    seen = Response.objects.owned_by(organization).order_by("submitted_at", "id")
    return list(seen.values_list("customer__name", "stars", "comment", "language", "sentiment", "submitted_at"))


def test_history_is_truthful_and_repeats_itself(
    organization: Organization,
    other_organization: Organization,
    admin_member: Membership,
    stranger: Membership,
    now: datetime,
) -> None:
    rows = filled(organization, now)
    assert len(rows) == demo.RESPONSES
    assert rows == filled(other_organization, now)
    found = Response.objects.owned_by(organization)
    for response in found.select_related("request", "lake_file"):
        assert response.language == ("de" if response.comment in demo.GERMAN else "en")
        assert response.request.delivery == Delivery.DELIVERED
        travelled = history(response.request.reference, organization)
        assert travelled[-1].state is MessageState.DELIVERED
        assert travelled[0].at == response.request.requested_at < travelled[-1].at < response.submitted_at
        assert response.lake_file is not None
        assert response.lake_file.created_at == response.analysed_at
    assert found.filter(is_contradiction=True).count() == 1
    assert found.filter(sentiment="negative", submitted_at__gte=now - timedelta(days=7)).count() >= 2
    assert LakeFile.objects.owned_by(organization).count() == demo.RESPONSES


def test_only_what_still_waits_is_sent(organization: Organization, admin_member: Membership, now: datetime) -> None:
    filled(organization, now)
    assert not Message.objects.due(now).exists()
    waiting = SurveyRequest.objects.mail_due(now)
    assert not waiting.filter(link__expires_at__lte=now).exists()
    assert not waiting.exclude(link__used_at=None).exists()
    for request in SurveyRequest.objects.filter(delivery=Delivery.FAILED):
        assert history(request.reference, organization)[-1].state is MessageState.BOUNCED
