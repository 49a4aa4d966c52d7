"""Somebody who works in two organisations, where the database shows each request the rows of one only."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.db import connection as connection
from django.test import Client

from apps.accounts.models import Membership, Organization, User
from apps.accounts.permissions import Role
from apps.core import tenancy
from apps.core.models import AuditEntry
from tests.core.test_tenancy import ordinary as ordinary

pytestmark = pytest.mark.skipif("connection.vendor != 'postgresql'", reason="row-level security is PostgreSQL's")


def test_switching_and_the_log_of_both(ordinary: None) -> None:
    cache.clear()
    one, two = (Organization.objects.create(name=name, slug=name) for name in ("one", "two"))
    user = User.objects.create_user("mia@one.example", "correct horse battery")
    for organization in (one, two):
        Membership.objects.create(organization=organization, user=user, role=Role.ADMIN)
    client = Client()
    client.post("/accounts/login/", {"login": user.email, "password": "correct horse battery"})
    assert client.post(f"/organizations/{two.pk}/switch/").status_code == 302
    page = client.get("/settings/audit-log/")
    assert page.wsgi_request.organization == two  # type: ignore[attr-defined]
    typed = {"oldpassword": "correct horse battery", "password1": "harbour lamps 9", "password2": "harbour lamps 9"}
    assert client.post("/accounts/password/change/", typed).status_code == 302
    tenancy.leave()
    for organization in (one, two):
        actions = AuditEntry.objects.owned_by(organization).values_list("action", flat=True)
        assert {"sign_in.done", "password.changed"} <= set(actions)
    assert AuditEntry.objects.get(action="member.switched_organization").organization == two
