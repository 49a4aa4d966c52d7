"""The back office: every list and record renders, bodies stay out, actions call ours."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import Organization, User
from apps.messaging import actions
from apps.messaging.models import Message, MessageState, Suppression, SuppressionReason, WebhookDelivery

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    client = Client()
    client.force_login(
        User.objects.create_superuser("root@example.com", "correct horse"),
        backend="django.contrib.auth.backends.ModelBackend",
    )
    return client


def test_messages(client: Client, write: Callable[..., Message]) -> None:
    message = write(text="a personal link")
    actions.record(
        message.pk, actions.News(state=MessageState.BOUNCED, at=timezone.now(), bounce_class="soft"), now=timezone.now()
    )
    assert "How was it?" in client.get("/admin/messaging/message/?q=mia").content.decode()
    page = client.get(f"/admin/messaging/message/{message.pk}/change/").content.decode()
    assert "Bounced" in page and "a personal link" not in page
    client.post("/admin/messaging/message/", {"action": "send_again", "_selected_action": [message.pk]})
    message.refresh_from_db()
    assert message.state == "queued"
    answer = client.post(
        "/admin/messaging/message/", {"action": "send_again", "_selected_action": [message.pk]}, follow=True
    )
    assert "cannot be sent again" in answer.content.decode()


def test_suppressions(client: Client, organization: Organization) -> None:
    row = actions.suppress(
        "a@b.example", organization_id=organization.pk, reason=SuppressionReason.COMPLAINT, now=timezone.now()
    )
    assert "a@b.example" in client.get("/admin/messaging/suppression/").content.decode()
    client.post("/admin/messaging/suppression/", {"action": "release", "_selected_action": [row.pk]})
    assert Suppression.objects.get().released_by == "root@example.com (admin)"


def test_webhooks(client: Client) -> None:
    actions.receive("ses", "m-1", "{}", now=timezone.now())
    assert "m-1" in client.get("/admin/messaging/webhookdelivery/").content.decode()
    pk = WebhookDelivery.objects.get().pk
    assert client.get(f"/admin/messaging/webhookdelivery/{pk}/change/").status_code == 200
