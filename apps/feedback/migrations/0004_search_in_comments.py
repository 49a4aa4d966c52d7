"""An index for the search in comments, on PostgreSQL and where the role may have the extension."""

from django.db import InternalError, NotSupportedError, OperationalError, ProgrammingError, migrations, transaction

# The same expression as `comment__icontains` makes.
STATEMENTS = [
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    "CREATE INDEX response_comment_search ON feedback_response USING gin (UPPER(comment) gin_trgm_ops)",
]


def create(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return
    try:
        with transaction.atomic(using=schema_editor.connection.alias):
            for statement in STATEMENTS:
                schema_editor.execute(statement)
    except (ProgrammingError, OperationalError, NotSupportedError, InternalError):
        # The role may not create it, or it is not installed: the search works all the same, only slower.
        return


def drop(apps, schema_editor):
    # The extension stays: others may use it by now.
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX IF EXISTS response_comment_search")


class Migration(migrations.Migration):
    dependencies = [("feedback", "0003_requests_of_branch")]

    operations = [migrations.RunPython(create, drop)]
