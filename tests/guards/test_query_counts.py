"""How many statements each main page takes: a committed table for each database, so that a change shows in the diff."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts.permissions import Role
from tests.guards import ledger
from tests.guards.world import World

# Pages and machine lists that people wait for.
ROUTES = [
    "",
    "visits/new/",
    "customers/",
    "customers/?q=ada",
    "customers/<int:pk>/",
    "responses/",
    "responses/?q=ada",
    "responses/<int:pk>/",
    "surveys/",
    "surveys/<int:pk>/",
    "profile/",
    "settings/team/",
    "settings/branches/",
    "settings/survey/",
    "settings/sender/",
    "settings/lake/",
    "settings/api-keys/",
    "settings/audit-log/",
    "outbox/",
    "events/",
    "events/sources/",
    "customers/<int:pk>/events/",
    "s/<str:token>/",
    "api/v1/customers/",
    "api/v1/customers/<int:pk>/",
    "api/v1/feedback/responses/",
    "api/v1/visits/",
]


@pytest.mark.django_db
def test_statements_of_main_pages() -> None:
    world = World()
    client = world.client(Role.ADMIN)
    lines = []
    for route in ROUTES:
        path = world.path(route)
        # What a process keeps is in its hands from the second time on.
        client.get(path)
        with CaptureQueriesContext(connection) as asked:
            assert client.get(path).status_code in (200, 410), path
        lines.append(f"{len(asked):>3}  /{route}")
    ledger.compare(f"query_counts_{connection.vendor}.txt", lines)
