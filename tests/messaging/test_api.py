"""GET /api/v1/messages/{id}/"""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import Membership
from apps.messaging import actions
from apps.messaging.models import Message
from apps.messaging.providers.base import NotAccepted
from tests.messaging.conftest import Scripted

pytestmark = pytest.mark.django_db


def test_state_and_history(
    client_of: Callable[[Membership], Client],
    member: Membership,
    write: Callable[..., Message],
    use: Callable[..., None],
) -> None:
    use(Scripted(script=[NotAccepted("away")]))
    message = write(now=timezone.now())
    actions.send_due(clock=timezone.now)
    body = client_of(member).get(f"/api/v1/messages/{message.public_id}/").json()
    assert (body["id"], body["state"], body["attempts"]) == (str(message.public_id), "delayed", 1)
    assert [row["state"] for row in body["history"]] == ["queued", "delayed"]
    assert body["history"][1]["detail"] == "away"
    assert "html" not in body and "text" not in body


def test_nobody_elses(
    client_of: Callable[[Membership], Client],
    viewer: Membership,
    stranger: Membership,
    write: Callable[..., Message],
) -> None:
    path = f"/api/v1/messages/{write().public_id}/"
    assert client_of(stranger).get(path).status_code == 404
    assert client_of(stranger).get(f"/api/v1/messages/{uuid.uuid4()}/").status_code == 404
    assert client_of(viewer).get(path).status_code == 403
    assert Client().get(path).status_code == 401


def test_list_is_narrowed_by_what_it_is_about_and_by_recipient(
    client_of: Callable[[Membership], Client], member: Membership, stranger: Membership, write: Callable[..., Message]
) -> None:
    about, other = write(reference="feedback.surveyrequest:12"), write(to_address="bo@example.com", reference="")

    def ids(**asked: str) -> list[str]:
        return [row["id"] for row in client_of(member).get("/api/v1/messages/", asked).json()["results"]]

    assert ids() == [str(other.public_id), str(about.public_id)]
    assert ids(reference="feedback.surveyrequest:12") == [str(about.public_id)]
    assert ids(reference="feedback.surveyrequest:1") == []
    assert ids(to_address=" BO@example.com") == [str(other.public_id)]
    assert client_of(stranger).get("/api/v1/messages/").json()["results"] == []
