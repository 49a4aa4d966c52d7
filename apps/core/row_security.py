"""PostgreSQL's row-level security on every table whose rows belong to an organisation.

A row is visible when it belongs to the organisation of the request, or when there is no request (workers, commands).
The policies are written after every migrate, so a new model has its own from its first day. They do not hold for
superusers and roles with BYPASSRLS: run the product with an ordinary role.

Rows from which the organisation of a request is read (memberships, API keys) cannot hide behind that organisation:
their models say `decides_who_asks = True` and have no policy.
"""

from __future__ import annotations

import functools
import re

from django.apps import AppConfig, apps
from django.db import connections, models

POLICY = "of_organization"

# The sub-select is evaluated once per statement instead of once per row.
_CURRENT = "(SELECT nullif(current_setting('compass.organization_id', true), '')::bigint)"
VISIBLE = f"{_CURRENT} IS NULL OR organization_id = {_CURRENT}"
# Rows of nobody (a failed sign-in in the audit log) may be written by anybody's request, and read by the system alone.
WRITABLE = f"{VISIBLE} OR organization_id IS NULL"


def owned_models() -> list[type[models.Model]]:
    """Every model of ours with a column `organization_id`, but for those that decide who asks."""
    return [
        model
        for model in apps.get_models()
        if model.__module__.startswith("apps.")
        and model._meta.managed
        and not getattr(model, "decides_who_asks", False)
        and any(field.column == "organization_id" for field in model._meta.local_concrete_fields)
    ]


@functools.cache
def _protected_name() -> re.Pattern[str]:
    return re.compile(r"\b(?:" + "|".join(model._meta.db_table for model in owned_models()) + r")\b")


def speaks_of_owned_rows(sql: str) -> bool:
    """Whether the statement names a table with a policy."""
    return _protected_name().search(sql) is not None


def install(sender: AppConfig, using: str = "default", **_: object) -> None:
    """Receiver of `post_migrate`: write the policies that are missing."""
    connection = connections[using]
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, bool_or(p.polname IS NOT NULL) FROM pg_class c "
            "LEFT JOIN pg_policy p ON p.polrelid = c.oid AND p.polname = %s "
            "WHERE c.relkind IN ('r', 'p') AND pg_table_is_visible(c.oid) GROUP BY c.relname",
            [POLICY],
        )
        protected: dict[str, bool] = dict(cursor.fetchall())
        for model in owned_models():
            table = model._meta.db_table
            # Absent: the tables of an app that is migrated back to nothing.
            if protected.get(table) is False:
                name = connection.ops.quote_name(table)
                cursor.execute(
                    f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY;"
                    f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY;"
                    f"CREATE POLICY {POLICY} ON {name} USING ({VISIBLE}) WITH CHECK ({WRITABLE})"
                )
