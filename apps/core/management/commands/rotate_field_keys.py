"""Encrypt all secrets with the newest key of FIELD_ENCRYPTION_KEYS."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from apps.core import fields


class Command(BaseCommand):
    """`manage.py rotate_field_keys`; afterwards old keys can be taken out of the setting."""

    help = "Encrypt all secrets at rest with the newest key of FIELD_ENCRYPTION_KEYS."

    def handle(self, *args: Any, **options: Any) -> None:
        """Go through all rows of all models that hold secrets."""
        for model, names in fields.models_with_secrets().items():
            count = fields.rotate(model, names)
            self.stdout.write(f"{model._meta.label}: {count} rows")
