"""Every table of accounts opens in the back office, and secrets stay out of it."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts import actions, tasks
from apps.accounts.models import Membership, Session
from apps.accounts.permissions import Can, Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(admin_member: Membership) -> Client:
    user = admin_member.user
    user.is_staff = user.is_superuser = True
    user.save()
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_every_list_and_record_opens(office: Client, admin_member: Membership) -> None:
    organization, now = admin_member.organization, timezone.now()
    letter = actions.invite(organization, email="n@example.com", role=Role.AGENT, by=admin_member, now=now)
    key, _secret = actions.create_api_key(organization, name="T", scopes=[Can.USE_APP], by=admin_member, now=now)
    session = Session.objects.get()
    for row in (organization, admin_member.user, admin_member, letter, key, session):
        base = f"/admin/accounts/{row._meta.model_name}/"
        assert office.get(f"{base}?q=n").status_code == 200, base
        page = office.get(f"{base}{row.pk}/change/")
        assert page.status_code == 200, base
        for secret in (letter.secret_sha256, key.secret_sha256, session.session_data):
            assert secret.encode() not in page.content
    assert office.get("/admin/accounts/user/add/").status_code == 200
    assert office.get("/admin/accounts/apikey/add/").status_code == 403


def test_expired_sessions_are_forgotten(office: Client) -> None:
    Session.objects.update(expire_date=timezone.now())
    tasks.forget_expired_sessions()
    assert not Session.objects.exists()
