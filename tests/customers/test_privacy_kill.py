"""A worker that is really killed amid an erasure: the next one takes it up, and nothing half done is seen meanwhile."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from apps.accounts.models import Organization
from apps.accounts.permissions import Role
from apps.customers import search
from apps.customers.actions import CustomerDetails, create_customer, notes, privacy
from apps.customers.actions.privacy import work
from apps.customers.models import Customer, Note, PrivacyRequest
from tests.conftest import make_member

# Erases, and dies by kill -9 before the fourth step is written down.
KILLED = """
    import django, os, signal
    django.setup()
    from django.utils import timezone
    from apps.customers.actions.privacy import work
    mark, done = work._mark, []
    def mark_or_die(*args):
        done.append(1)
        if len(done) == 4:
            os.kill(os.getpid(), signal.SIGKILL)
        mark(*args)
    work._mark = mark_or_die
    work.work_next(now=timezone.now())
"""


def database_url() -> str:
    """The test's own database, for another process."""
    values = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{values['NAME']}"
    return f"postgres://{values['USER']}:{values['PASSWORD']}@{values['HOST']}:{values['PORT']}/{values['NAME']}"


@pytest.mark.django_db(transaction=True)
def test_killed_by_the_system_it_is_resumed_and_complete() -> None:
    now = timezone.now()
    organization = Organization.objects.create(name="Kill Ltd", slug="kill")
    manager = make_member(organization, Role.MANAGER, "kill@example.com")
    details = CustomerDetails("Ada Lovelace", "ada@example.com", "+4915123456789")
    customer = create_customer(details, organization=organization, by=manager, now=now)
    notes.write_note(customer, "Ada likes tea", by=manager, now=now)
    request = privacy.open_request(customer, kind="erasure", by=manager, now=now)
    privacy.carry_out(request, by=manager, now=now)

    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": database_url(),
        "VAR_DIR": str(settings.VAR_DIR),
    }
    child = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(KILLED)],
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert child.returncode == -signal.SIGKILL, child.stderr

    row = PrivacyRequest.objects.get()
    assert row.state == "working" and len(row.steps) > 3, "some steps were done"
    assert Customer.objects.filter(pk=customer.pk).exists()
    assert not Customer.objects.owned_by(organization).exists(), "and nobody sees what is half done"
    assert search.find(organization, "ada") == []
    assert not privacy.work_next(now=timezone.now()), "the dead worker's lease runs"

    assert privacy.work_next(now=timezone.now() + work.LEASE + timedelta(seconds=1))
    row.refresh_from_db()
    assert row.state == "done" and row.certificate["sha256"]
    assert not Customer.objects.exists() and not Note.objects.exists()
