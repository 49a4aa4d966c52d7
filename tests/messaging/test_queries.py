"""The delivery history that other apps show."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.template.loader import render_to_string
from pytest_django import DjangoAssertNumQueries

from apps.accounts.models import Organization
from apps.messaging import actions, queries
from apps.messaging.actions import News
from apps.messaging.models import Message, MessageState
from tests.messaging.conftest import draft

pytestmark = pytest.mark.django_db
REFERENCE = "feedback.surveyrequest:12"


@pytest.fixture
def two(
    organization: Organization, other_organization: Organization, write: Callable[..., Message], now: datetime
) -> tuple[Message, Message]:
    """A mail that arrived and a reminder whose fate is unknown; and a namesake of somebody else's."""
    first, second = write(), write(now=now + timedelta(hours=1))
    actions.record(
        first.pk, News(state=MessageState.DELIVERED, at=now + timedelta(minutes=5)), now=now + timedelta(days=1)
    )
    news = News(state=MessageState.UNKNOWN, at=now + timedelta(hours=2), detail="<silence>")
    actions.record(second.pk, news, now=now + timedelta(days=1))
    actions.send(draft(), organization=other_organization, now=now)
    return first, second


def test_history_is_in_order_and_ours(
    organization: Organization, two: tuple[Message, Message], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(2):
        rows = queries.history(REFERENCE, organization)
    assert [row.state for row in rows] == ["queued", "delivered", "queued", "unknown"]
    assert [row.resend_pk for row in rows] == [None, None, None, two[1].pk]
    assert rows == sorted(rows, key=lambda row: row.at)


def test_the_piece_of_page(organization: Organization, two: tuple[Message, Message]) -> None:
    rows = queries.history(REFERENCE, organization)
    reading = render_to_string("messaging/_history.html", {"history": rows})
    assert "Delivered" in reading and "&lt;silence&gt;" in reading and "<form" not in reading
    sending = render_to_string("messaging/_history.html", {"history": rows, "may_resend": True, "back": "/x/"})
    assert f'action="/messages/{two[1].pk}/resend/"' in sending and 'value="/x/"' in sending
    assert "No mail was sent." in render_to_string("messaging/_history.html", {"history": []})


def test_an_error_that_is_over_is_not_kept(write: Callable[..., Message], now: datetime) -> None:
    message = write()
    Message.objects.update(last_error="away")
    actions.record(message.pk, News(state=MessageState.ACCEPTED, at=now), now=now)
    message.refresh_from_db()
    assert message.last_error == ""
