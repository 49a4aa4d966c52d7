"""A kept connection is looked at without a round trip, and a dead one is found out all the same."""

from __future__ import annotations

import pytest
from django.db import connection, connections

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="PostgreSQL only"),
    pytest.mark.django_db(transaction=True),
]


def test_a_living_connection_is_not_asked():
    connection.ensure_connection()
    with connection.execute_wrapper(lambda *_: pytest.fail("a round trip")):
        assert connection.is_usable()


def test_a_connection_that_the_server_closed_is_replaced():
    connection.ensure_connection()
    kept = connection.connection
    pid = kept.info.backend_pid
    other = connections.create_connection("default")
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    other.close()

    assert not connection.is_usable()
    connection.health_check_enabled, connection.health_check_done = True, False
    connection.close_if_health_check_failed()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)
    assert connection.connection is not kept


def test_no_connection_is_not_usable():
    connection.close()
    assert not connection.is_usable()
