"""The words of an audit line can be emptied when the person of whom they tell is erased; nothing else can change.

Who did what to which record when, and under which request, stays as it was written.
"""

from django.db import migrations

SAME = ["id", "organization_id", "at", "actor_id", "actor_label", "action", "object_type", "object_id", "request_id"]
POSTGRES = """
CREATE OR REPLACE FUNCTION core_audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
IF TG_OP = 'UPDATE' AND ({same}) AND NEW.object_label = '' AND NEW.before = '{{}}'::jsonb AND NEW.after = '{{}}'::jsonb
   AND (NEW.ip IS NULL OR NEW.ip IS NOT DISTINCT FROM OLD.ip) THEN RETURN NEW; END IF;
RAISE EXCEPTION 'the audit log is append-only'; END $$
"""
POSTGRES_BEFORE = """
CREATE OR REPLACE FUNCTION core_audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$
"""
SQLITE = """
CREATE TRIGGER core_audit_no_update BEFORE UPDATE ON core_auditentry
WHEN NOT ({same} AND NEW.object_label = '' AND NEW.before = '{{}}' AND NEW.after = '{{}}'
AND (NEW.ip IS NULL OR NEW.ip IS OLD.ip))
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END
"""
SQLITE_BEFORE = """
CREATE TRIGGER core_audit_no_update BEFORE UPDATE ON core_auditentry
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END
"""


def _replace(schema_editor, postgres, sqlite):
    if schema_editor.connection.vendor == "postgresql":
        same = " AND ".join(f"NEW.{name} IS NOT DISTINCT FROM OLD.{name}" for name in SAME)
        schema_editor.execute(postgres.format(same=same) if "{same}" in postgres else postgres, params=None)
    else:
        same = " AND ".join(f"NEW.{name} IS OLD.{name}" for name in SAME)
        schema_editor.execute("DROP TRIGGER core_audit_no_update", params=None)
        schema_editor.execute(sqlite.format(same=same) if "{same}" in sqlite else sqlite, params=None)


def allow(apps, schema_editor):
    _replace(schema_editor, POSTGRES, SQLITE)


def forbid(apps, schema_editor):
    _replace(schema_editor, POSTGRES_BEFORE, SQLITE_BEFORE)


class Migration(migrations.Migration):
    dependencies = [("core", "0006_permission_of_file")]

    operations = [migrations.RunPython(allow, forbid)]
