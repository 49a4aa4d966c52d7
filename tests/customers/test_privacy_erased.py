"""Who was erased is known by hashes that tell nobody anything."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.db import connection

from apps.accounts.models import Organization
from apps.customers.actions import privacy
from apps.customers.actions.privacy import erased
from apps.customers.models import ErasedIdentity, PrivacySettings

pytestmark = pytest.mark.django_db
EMAIL = ("email", "ada@example.com", "")
SHOPIFY = ("external", "4711", "shopify")


def test_what_was_remembered_is_erased_and_nothing_else(organization: Organization, now: datetime) -> None:
    assert privacy.remember(organization.pk, [EMAIL, SHOPIFY], request=None, now=now) == 2

    asked = [EMAIL, ("email", "bob@example.com", ""), SHOPIFY, ("external", "4711", "crm"), ("user_id", "4711", "")]
    assert privacy.is_erased(organization.pk, asked) == {EMAIL, SHOPIFY}


def test_another_organisation_does_not_know_it(
    organization: Organization, other_organization: Organization, now: datetime
) -> None:
    privacy.remember(organization.pk, [EMAIL], request=None, now=now)
    privacy.remember(other_organization.pk, [SHOPIFY], request=None, now=now)

    assert privacy.is_erased(other_organization.pk, [EMAIL, SHOPIFY]) == {SHOPIFY}
    assert erased.salt_of(organization.pk) != erased.salt_of(other_organization.pk)


def test_remembering_twice_keeps_one_hash(organization: Organization, now: datetime) -> None:
    for _ in range(2):
        privacy.remember(organization.pk, [EMAIL], request=None, now=now)

    assert ErasedIdentity.objects.owned_by(organization).count() == 1


def test_devices_and_empty_values_are_not_remembered(organization: Organization, now: datetime) -> None:
    device = ("anonymous_id", "a-1", "")
    assert privacy.remember(organization.pk, [device, ("email", "", "")], request=None, now=now) == 0
    assert privacy.is_erased(organization.pk, [device, ("email", "", "")]) == set()


def test_whoever_came_back_by_themselves_is_not_stopped(organization: Organization, now: datetime) -> None:
    privacy.remember(organization.pk, [EMAIL, SHOPIFY], request=None, now=now)

    assert privacy.forget(organization.pk, [EMAIL]) == 1
    assert privacy.is_erased(organization.pk, [EMAIL, SHOPIFY]) == {SHOPIFY}


def test_the_key_is_made_once_kept_and_encrypted(organization: Organization, now: datetime) -> None:
    PrivacySettings.objects.create(organization=organization, deadline_days=10)
    privacy.remember(organization.pk, [EMAIL], request=None, now=now)
    first = erased.salt_of(organization.pk)

    with connection.cursor() as cursor:
        cursor.execute("SELECT salt FROM customers_privacysettings")
        stored = cursor.fetchone()[0]
    assert len(first) == 64
    assert erased.salt_of(organization.pk) == first
    assert first not in stored
    assert PrivacySettings.objects.get().deadline_days == 10


@pytest.mark.parametrize("whole", [0, 20_000])
def test_a_large_import_is_asked_in_few_statements(
    organization: Organization,
    now: datetime,
    whole: int,
    monkeypatch: pytest.MonkeyPatch,
    django_assert_max_num_queries: object,
) -> None:
    monkeypatch.setattr(erased, "READ_WHOLE", whole)
    gone = [("email", f"c{number}@example.com", "") for number in range(0, 1500, 100)]
    privacy.remember(organization.pk, gone, request=None, now=now)

    asked = [("email", f"c{number}@example.com", "") for number in range(1500)]
    with django_assert_max_num_queries(2 if whole else 5):  # type: ignore[operator]
        assert privacy.is_erased(organization.pk, asked) == set(gone)


def test_nobody_was_ever_erased_costs_one_statement(
    organization: Organization, django_assert_num_queries: object
) -> None:
    with django_assert_num_queries(1):  # type: ignore[operator]
        assert privacy.is_erased(organization.pk, [EMAIL]) == set()
    assert not PrivacySettings.objects.exists()
