"""`manage.py prepare`: make an installation ready to serve. For every start: it costs little when all is done."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from apps.accounts.models import Organization
from apps.console import demo


class Command(BaseCommand):
    """Migrations, static files and, if wished, the demo organisation."""

    help = "Migrate, collect the static files, and with --demo fill an empty installation."

    def add_arguments(self, parser: CommandParser) -> None:
        """--demo for a first look."""
        parser.add_argument("--demo", action="store_true", help="fill the demo organisation if there is none")

    def handle(self, *args: Any, **options: Any) -> None:
        """Each step only where it is needed."""
        self._migrate()
        self._collect_static()
        if options["demo"] and not Organization.objects.exists():
            self.stdout.write("Filling the demo organisation …")
            demo.fill(customers=60, seed=7, now=timezone.now())

    def _migrate(self) -> None:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            self.stdout.write("Migrating the database …")
            call_command("migrate", interactive=False, verbosity=0)

    def _collect_static(self) -> None:
        folder = Path(settings.STATIC_ROOT)
        stamp = folder / ".fingerprint"
        fingerprint = static_fingerprint()
        if not stamp.exists() or stamp.read_text() != fingerprint:
            self.stdout.write("Collecting static files …")
            call_command("collectstatic", interactive=False, clear=True, verbosity=0)
            stamp.write_text(fingerprint)


def static_fingerprint() -> str:
    """A hash over name, size and time of every static file that the finders see."""
    digest = hashlib.sha256(settings.VERSION.encode())
    for finder in finders.get_finders():
        for path, storage in finder.list([]):
            digest.update(f"{path} {storage.size(path)} {storage.get_modified_time(path)}\n".encode())
    return digest.hexdigest()
