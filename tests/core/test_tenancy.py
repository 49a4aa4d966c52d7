"""Row-level security: a forgotten filter shows nothing, and the same organisation again costs nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.sessions.middleware import SessionMiddleware
from django.db import connection, transaction
from django.db.utils import ProgrammingError
from django.test import Client
from django.utils import timezone

from apps.accounts.models import Membership, Organization, User
from apps.accounts.permissions import Role
from apps.core import fastsql, row_security, tenancy
from apps.core.models import OutboxEvent

pytestmark = pytest.mark.skipif("connection.vendor != 'postgresql'", reason="row-level security is PostgreSQL's")

ROLE = "compass_ordinary_role"


@pytest.fixture
def ordinary(transactional_db: None) -> Iterator[None]:
    """Work as a role that is no superuser and owns nothing, outside of any transaction."""
    with connection.cursor() as cursor:
        # Roles belong to the whole server: another test process may make it at the same moment.
        cursor.execute(
            f"DO $$ BEGIN CREATE ROLE {ROLE}; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
        )
        cursor.execute(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {ROLE}")
        cursor.execute(f"GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {ROLE}")
        cursor.execute(f"SET ROLE {ROLE}")
    yield
    tenancy.leave()
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")


@pytest.fixture
def organizations(ordinary: None) -> list[Organization]:
    made = [Organization.objects.create(name=name, slug=name) for name in ("one", "two")]
    for organization in made:
        announce(organization)
    return made


def announce(organization: Organization) -> OutboxEvent:
    now = timezone.now()
    return OutboxEvent.objects.create(
        organization=organization, name="core.Test", payload={}, announced_at=now, next_attempt_at=now
    )


def owners() -> list[int]:
    return sorted(OutboxEvent.objects.values_list("organization_id", flat=True))


def test_every_owned_table_has_its_policy(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_policies WHERE policyname = %s", [row_security.POLICY])
        protected = {name for (name,) in cursor.fetchall()}
    assert protected == {model._meta.db_table for model in row_security.owned_models()}
    assert "core_outboxevent" in protected


def test_forgotten_filter_shows_only_the_own_rows(organizations: list[Organization]) -> None:
    one, two = organizations
    assert owners() == [one.pk, two.pk], "the system sees all"
    tenancy.enter(one.pk)
    assert owners() == [one.pk]
    assert fastsql.execute("SELECT organization_id FROM core_outboxevent") == [(one.pk,)]
    assert not OutboxEvent.objects.filter(organization=two).exists()
    assert OutboxEvent.objects.filter(organization=two).update(attempts=9) == 0
    tenancy.leave()
    assert owners() == [one.pk, two.pk]


def test_row_of_another_organization_cannot_be_written(organizations: list[Organization]) -> None:
    with tenancy.inside(organizations[0].pk), pytest.raises(ProgrammingError, match="row-level security"):
        announce(organizations[1])
    assert len(owners()) == 2


def test_same_organization_again_costs_no_round_trip(
    organizations: list[Organization], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    tell = tenancy._tell
    monkeypatch.setattr(tenancy, "_tell", lambda raw, wanted: told.append(wanted) or tell(raw, wanted))
    for _request in range(3):
        # The look-up of who asks, as the system.
        Membership.objects.filter(user_id=1).first()
        with tenancy.inside(organizations[0].pk):
            assert owners() == [organizations[0].pk]
    assert told == [str(organizations[0].pk)]


def test_rollback_takes_nothing_away(organizations: list[Organization]) -> None:
    one, two = organizations
    tenancy.enter(one.pk)
    owners()

    def fail(organization_id: int) -> None:
        with transaction.atomic():
            owners()
            tenancy.enter(organization_id)
            assert owners() == [organization_id]
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail(two.pk)
    assert owners() == [two.pk], "the rollback undid the setting, so it is told again"
    tenancy.enter(one.pk)
    with transaction.atomic():
        with pytest.raises(ZeroDivisionError):
            fail(two.pk)
        assert owners() == [two.pk]
    with transaction.atomic():
        assert owners() == [two.pk]


def test_first_statement_of_a_transaction_that_fails(organizations: list[Organization]) -> None:
    one, _ = organizations

    def fail() -> None:
        with transaction.atomic():
            assert owners() == [one.pk]
            raise ZeroDivisionError

    tenancy.enter(one.pk)
    with pytest.raises(ZeroDivisionError):
        fail()
    assert owners() == [one.pk]


def test_requests_see_their_organization_and_admin_sees_all(
    organizations: list[Organization], client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = User.objects.create_superuser("root@one.example", "correct horse battery")
    Membership.objects.create(organization=organizations[0], user=user, role=Role.ADMIN)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    seen: list[list[int]] = []
    answer = SessionMiddleware.process_response

    def look(*args: Any) -> Any:
        seen.append(owners())
        return answer(*args)

    monkeypatch.setattr(SessionMiddleware, "process_response", look)
    assert client.get("/files/1/").status_code == 404
    assert client.get("/admin/core/outboxevent/").status_code == 200
    assert seen == [[organizations[0].pk], sorted(organization.pk for organization in organizations)]
    assert tenancy._wanted.get() == tenancy.SYSTEM, "nothing is left behind for the next request"
