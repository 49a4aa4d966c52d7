"""`manage.py demo`: fill the demo organisation."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from time import perf_counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.accounts.models import Organization
from apps.console import demo


class Command(BaseCommand):
    """Makes the demo organisation once."""

    help = "Fill the demo organisation, and write what it was filled with, and what is true of it, as files."

    def add_arguments(self, parser: CommandParser) -> None:
        """How many customers, which dice, and where the files go."""
        parser.add_argument("--customers", type=int, default=60)
        parser.add_argument("--seed", type=int, default=7)
        parser.add_argument(
            "--until",
            type=date.fromisoformat,
            help="The sample ends the day before (2026-11-21); today where it is not given. The same seed and day "
            "give the same files.",
        )
        parser.add_argument("--out", type=Path, help="Folder of the files; VAR_DIR/demo-data where it is not given.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises CommandError when the demo is there already."""
        if Organization.objects.filter(slug=demo.SLUG).exists():
            raise CommandError("The demo organisation is there already.")
        started = perf_counter()
        organization = demo.fill(
            customers=options["customers"],
            seed=options["seed"],
            now=timezone.now(),
            until=options["until"],
            folder=options["out"],
        )
        seconds = perf_counter() - started
        counts = demo.counts(organization)
        rows = ", ".join(f"{number:,} {name}" for name, number in counts.items())
        self.stdout.write(
            f"{rows}: {sum(counts.values()):,} rows in {seconds:.1f} s, {sum(counts.values()) / seconds:,.0f} rows/s"
        )
        self.stdout.write(demo.sign_ins_file().read_text())
        self.stdout.write(f"Files and their truth: {options['out'] or demo.files_folder()}")
