"""What every test may ask for: an organisation, its people, a stranger, and events delivered on demand."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings as configured
from django.core.cache import caches
from django.db import connection
from django.test import Client
from django.utils import timezone

from apps.accounts.models import Membership, Organization, User
from apps.accounts.permissions import Role
from apps.core import outbox
from tests import migrated_database

LOOPBACK = ("127.0.0.1", "::1", "localhost")

if sys.dont_write_bytecode:
    # Dozens of tests start another Python: without this each of them compiles every module anew.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ.setdefault("PYTHONPYCACHEPREFIX", str(configured.VAR_DIR / "bytecode"))


@pytest.fixture(autouse=True, scope="session")
def only_loopback() -> Iterator[None]:
    """Sockets to anywhere but this machine fail."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        if isinstance(address, tuple) and address[0] not in LOOPBACK:
            raise RuntimeError(f"a test tried to reach {address[0]}")
        return connect(self, address)  # type: ignore[arg-type]

    socket.socket.connect = guarded  # type: ignore[method-assign,assignment]
    yield
    socket.socket.connect = connect  # type: ignore[method-assign]


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None) -> None:
    """Begin with a database that an earlier run migrated."""
    if connection.vendor == "sqlite":
        migrated_database.begin_with_copy(connection.creation)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """Let tests with real transactions clean up: SQLite empties tables by DELETE, which the audit log refuses."""
    if connection.vendor != "sqlite":
        return
    with django_db_blocker.unblock():
        connection.ensure_connection()
        migrated_database.keep(connection.connection)
    plain = connection.ops.sql_flush

    def sql_flush(*args: Any, **options: Any) -> list[str]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND sql LIKE '%BEFORE DELETE%'")
            triggers = cursor.fetchall()
        return [
            *(f"DROP TRIGGER {name}" for name, _ in triggers),
            *plain(*args, **options),
            *(statement for _, statement in triggers),
        ]

    connection.ops.sql_flush = sql_flush  # type: ignore[method-assign]


@pytest.fixture(autouse=True)
def fresh_rate_limits() -> None:
    """No test inherits another one's counters."""
    caches["ratelimit"].clear()


@pytest.fixture
def organization(db: None) -> Organization:
    return Organization.objects.create(
        name="Harbour Opticians", slug="harbour", time_zone="Europe/Berlin", country="DE"
    )


@pytest.fixture
def other_organization(db: None) -> Organization:
    return Organization.objects.create(name="Stranger Ltd", slug="stranger")


def make_member(organization: Organization, role: str = Role.AGENT, email: str = "") -> Membership:
    """A member of this role with their own user."""
    user = User.objects.create_user(
        email or f"{role}@{organization.slug}.example", "correct horse battery", name=role.title()
    )
    return Membership.objects.create(organization=organization, user=user, role=role)


@pytest.fixture
def member(organization: Organization) -> Membership:
    """An agent."""
    return make_member(organization, Role.AGENT)


@pytest.fixture
def manager(organization: Organization) -> Membership:
    return make_member(organization, Role.MANAGER)


@pytest.fixture
def admin_member(organization: Organization) -> Membership:
    return make_member(organization, Role.ADMIN)


@pytest.fixture
def viewer(organization: Organization) -> Membership:
    return make_member(organization, Role.VIEWER)


@pytest.fixture
def stranger(other_organization: Organization) -> Membership:
    """An administrator of another organisation."""
    return make_member(other_organization, Role.ADMIN)


@pytest.fixture
def client_of() -> Callable[[Membership], Client]:
    """A browser in which this member is signed in."""

    def signed_in(member: Membership) -> Client:
        client = Client()
        client.force_login(member.user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return signed_in


@pytest.fixture
def deliver_events() -> Callable[[], int]:
    """Deliver announced events (and those that they cause) now; returns how many."""

    def deliver() -> int:
        total = 0
        while count := outbox.deliver_waiting(now=timezone.now()):
            total += count
        return total

    return deliver
