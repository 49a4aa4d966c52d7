"""The database itself refuses to change a line of the consent ledger, of the notices shown, of the identity log, of the timeline.

Deleting stays possible: a customer's right to be forgotten is stronger than the ledger. On SQLite Django rebuilds a
table to change it and the trigger is lost with the old one: a later migration of these tables makes it again.
"""

from django.db import migrations

TABLES = ["consententry", "notice", "identitychange", "timelineentry"]
FUNCTION = """
CREATE FUNCTION customers_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$
"""


def create(apps, schema_editor):
    on_postgresql = schema_editor.connection.vendor == "postgresql"
    if on_postgresql:
        schema_editor.execute(FUNCTION, params=None)
    for table in TABLES:
        body = (
            "FOR EACH ROW EXECUTE FUNCTION customers_is_append_only()"
            if on_postgresql
            else f"BEGIN SELECT RAISE(ABORT, 'customers_{table} is append-only'); END"
        )
        schema_editor.execute(
            f"CREATE TRIGGER customers_{table}_append_only BEFORE UPDATE ON customers_{table} {body}", params=None
        )


def drop(apps, schema_editor):
    on_postgresql = schema_editor.connection.vendor == "postgresql"
    for table in TABLES:
        where = f" ON customers_{table}" if on_postgresql else ""
        schema_editor.execute(f"DROP TRIGGER customers_{table}_append_only{where}")
    if on_postgresql:
        schema_editor.execute("DROP FUNCTION customers_is_append_only()")


class Migration(migrations.Migration):
    dependencies = [("customers", "0001_initial")]

    operations = [migrations.RunPython(create, drop)]
