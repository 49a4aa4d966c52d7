"""Deadlines of a calendar month that can be extended; whoever is being erased is seen by nobody."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("customers", "0006_duplicate_sweep")]

    operations = [
        migrations.AddField(
            model_name="customer",
            name="is_being_erased",
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
        migrations.AddField(
            model_name="privacyrequest",
            name="extended_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="deadline extended"),
        ),
        migrations.AlterField(
            model_name="privacysettings",
            name="deadline_days",
            field=models.PositiveSmallIntegerField(
                blank=True, help_text="Empty: one calendar month.", null=True, verbose_name="days to answer"
            ),
        ),
    ]
