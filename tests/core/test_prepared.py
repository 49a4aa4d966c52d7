"""Rows by prepared statements are the rows that Django itself would have found."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from apps.accounts.models import ApiKey, Organization, User
from apps.core.prepared import PreparedRow

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)


def row() -> PreparedRow[ApiKey]:
    return PreparedRow(
        lambda secret, now: (
            ApiKey.objects.live(now).select_related("organization", "created_by").filter(secret_sha256=secret)
        ),
        secret="secret",
        now=datetime(2001, 1, 1, tzinfo=UTC),
    )


@pytest.fixture
def key() -> ApiKey:
    organization = Organization.objects.create(name="Ünïcode %s", slug="one")
    return ApiKey.objects.create(
        organization=organization,
        name="till",
        secret_sha256="a" * 64,
        scopes=["customers.view", "%s"],
        expires_at=NOW,
        created_by=User.objects.create_user("ann@example.com", name="Ann"),
    )


def test_it_finds_the_row_with_everything_joined(key: ApiKey, django_assert_num_queries):
    found_by_django = ApiKey.objects.select_related("organization", "created_by").get(pk=key.pk)

    with django_assert_num_queries(1):
        found = row().first(secret="a" * 64, now=NOW - timedelta(microseconds=1))
        assert found is not None
        assert {f.attname: getattr(found, f.attname) for f in ApiKey._meta.concrete_fields} == {
            f.attname: getattr(found_by_django, f.attname) for f in ApiKey._meta.concrete_fields
        }
        assert (found.organization, found.created_by) == (key.organization, key.created_by)
        assert found.organization.name == "Ünïcode %s"
    assert found.scopes == ["customers.view", "%s"]


def test_a_missing_join_is_none(key: ApiKey, django_assert_num_queries):
    ApiKey.objects.update(created_by=None)
    found = row().first(secret="a" * 64, now=NOW - timedelta(seconds=1))
    with django_assert_num_queries(0):
        assert found is not None and found.created_by is None


def test_each_call_has_values_of_its_own(key: ApiKey):
    prepared = row()
    assert prepared.first(secret="b" * 64, now=timezone.now()) is None
    assert prepared.first(secret="a" * 64, now=NOW - timedelta(microseconds=1)) == key
    assert prepared.first(secret="a" * 64, now=NOW) is None
    assert prepared.first(secret="' OR 1=1 --", now=NOW) is None


def test_a_change_is_seen_at_once(key: ApiKey):
    prepared = row()
    assert prepared.first(secret="a" * 64, now=NOW - timedelta(days=1)) == key
    ApiKey.objects.update(revoked_at=NOW)
    assert prepared.first(secret="a" * 64, now=NOW - timedelta(days=1)) is None


def test_the_saved_object_is_an_ordinary_one(key: ApiKey):
    found = row().first(secret="a" * 64, now=NOW - timedelta(days=1))
    assert found is not None
    found.name = "other"
    found.save()
    key.refresh_from_db()
    assert key.name == "other"
