"""Start-up of the kernel."""

from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules


class CoreConfig(AppConfig):
    """The shared kernel."""

    name = "apps.core"
    label = "core"

    def ready(self) -> None:
        """Load every app's subscriptions and personal data; declare beat's entries and row security after migrate."""
        from apps.core import revision, row_security, schedule, tenancy

        autodiscover_modules("events", "handlers", "privacy")
        connection_created.connect(tenancy.watch)
        connection_created.connect(revision.watch)
        post_migrate.connect(schedule.write_missing, sender=self)
        post_migrate.connect(row_security.install, sender=self)
        post_migrate.connect(revision.install, sender=self)
