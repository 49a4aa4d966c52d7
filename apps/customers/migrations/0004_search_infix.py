"""An index for the middle of a search term, on PostgreSQL and where the role may have the extension."""

from django.db import InternalError, NotSupportedError, OperationalError, ProgrammingError, migrations, transaction

STATEMENTS = [
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    "CREATE INDEX search_term_infix ON customers_searchterm USING gin (term gin_trgm_ops)",
    # Letters that stand in every tenth term are found at once by reading on, those of few terms by the index; which is
    # which PostgreSQL knows only from a good many samples.
    "ALTER TABLE customers_searchterm ALTER COLUMN term SET STATISTICS 1000",
]


def create(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return
    try:
        with transaction.atomic(using=schema_editor.connection.alias):
            for statement in STATEMENTS:
                schema_editor.execute(statement)
    except (ProgrammingError, OperationalError, NotSupportedError, InternalError):
        # The role may not create it, or it is not installed: then the search looks at a bounded number of terms.
        return


def drop(apps, schema_editor):
    # The extension stays: others may use it by now.
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE customers_searchterm ALTER COLUMN term SET STATISTICS -1")
        schema_editor.execute("DROP INDEX IF EXISTS search_term_infix")


class Migration(migrations.Migration):
    dependencies = [("customers", "0003_privacy_work")]

    operations = [migrations.RunPython(create, drop)]
