"""Lists show heads only: their indexes hold no record that was merged into another one."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("customers", "0004_search_infix")]

    operations = [
        migrations.RemoveIndex(model_name="customer", name="customer_newest"),
        migrations.RemoveIndex(model_name="customer", name="customer_of_branch"),
        migrations.AddIndex(
            model_name="customer",
            index=models.Index(
                fields=["organization", "-created_at", "-id"],
                name="customer_newest",
                condition=models.Q(merged_into__isnull=True),
            ),
        ),
        migrations.AddIndex(
            model_name="customer",
            index=models.Index(
                fields=["organization", "last_branch", "-created_at", "-id"],
                name="customer_of_branch",
                condition=models.Q(merged_into__isnull=True),
            ),
        ),
    ]
