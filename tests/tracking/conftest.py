"""A source, its write key, and a sender that speaks to the real address."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import Membership, Organization
from apps.tracking import actions, following, rules
from apps.tracking.actions import SourceDetails
from apps.tracking.models import Source

SITE = "https://www.harbour.example"


@pytest.fixture(autouse=True)
def nothing_known() -> Iterator[None]:
    """What a process remembers of one test's organisation is wrong in the next."""
    following.forget_known()
    rules.forget_kept()
    yield
    following.forget_known()
    rules.forget_kept()


@pytest.fixture
def made(organization: Organization, admin_member: Membership) -> tuple[Source, str]:
    details = SourceDetails("Shop", "website", SITE)
    return actions.create_source(organization, details, by=admin_member, now=timezone.now())


@pytest.fixture
def source(made: tuple[Source, str]) -> Source:
    return made[0]


@pytest.fixture
def write_key(made: tuple[Source, str]) -> str:
    return made[1]


def basic(key: str) -> str:
    return "Basic " + base64.b64encode(f"{key}:".encode()).decode()


Send = Callable[..., Any]


@pytest.fixture
def send(write_key: str) -> Send:
    """POST something to an address; returns the answer."""

    def post(body: Any, path: str = "/api/v1/batch", *, key: str | None = None, **headers: str) -> Any:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        given = {"HTTP_AUTHORIZATION": basic(write_key if key is None else key)} if key != "" else {}
        return Client().generic("POST", path, data, content_type="application/json", **given, **headers)

    return post


def track(number: int = 1, **fields: Any) -> dict[str, Any]:
    """A call that can be stored."""
    call = {"type": "track", "event": "Order Completed", "userId": "42", "messageId": f"m-{number}"}
    return {**call, "properties": {"total": 12.5}, **fields}
