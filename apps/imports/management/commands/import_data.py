"""`manage.py import_data TARGET FILE --organization SLUG`: import a file, as the page does it.

Exit status: 0 all rows are stored; 1 some were rejected (see the error file); 2 nothing was stored. The last line is
JSON: rows, created, updated, unchanged, withheld, rejected, error_file.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.accounts.models import Organization
from apps.core.audit import System
from apps.core.refused import Refused
from apps.imports import actions, target
from apps.imports.models import ImportMapping, ImportRun, RunState

PIECE = 4 * 1024 * 1024


class Command(BaseCommand):
    """Imports one file."""

    help = "Import a file: CSV, TSV, Excel or Parquet, also gzipped."

    def add_arguments(self, parser: CommandParser) -> None:
        """What, from where, for whom."""
        parser.add_argument("target", metavar="TARGET", help=", ".join(each.key for each in target.all_targets()))
        parser.add_argument("file", metavar="FILE", type=Path)
        parser.add_argument("--organization", required=True, help="short name (slug)")
        parser.add_argument("--mapping", help="name of a saved mapping")
        parser.add_argument("--map", action="append", default=[], metavar="FIELD=COLUMN", help="overrides the proposal")
        parser.add_argument("--set", action="append", default=[], metavar="FIELD=VALUE", help="the same in every row")
        parser.add_argument("--source", default="", help="which system the rows come from")
        parser.add_argument("--date-order", choices=["dmy", "mdy"], default="")
        parser.add_argument("--decimal", choices=[".", ","], default="")
        parser.add_argument("--dry-run", action="store_true", help="check the whole file and store nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        """Prints what happened; raises CommandError (status 2) when nothing was stored."""
        try:
            run = self._prepared(options)
            ask = actions.start_check if options["dry_run"] else actions.start
            run = ask(run, by=System("command"), now=timezone.now(), is_held=True)
        except (Refused, OSError) as error:
            raise CommandError(str(error), returncode=2) from error
        actions.work_on(run, now=timezone.now())
        run.refresh_from_db()
        error_file = str(run.error_file) if run.error_file else None
        if run.state == RunState.FAILED:
            self.stderr.write(f"{run.error} ({run.error_code})")
        elif error_file:
            self.stderr.write(f"{run.rejected} rows were rejected; they lie, with the reasons, in {error_file}")
        self.stdout.write(json.dumps({**run.counters, "error_file": error_file}))
        if run.state == RunState.FAILED:
            sys.exit(2)
        if run.rejected:
            sys.exit(1)

    def _prepared(self, options: dict[str, Any]) -> ImportRun:
        organization = Organization.objects.filter(slug=options["organization"]).first()
        if organization is None:
            raise CommandError(f"There is no organisation {options['organization']}.", returncode=2)
        saved = None
        if options["mapping"]:
            saved = ImportMapping.objects.owned_by(organization).filter(name=options["mapping"]).first()
            if saved is None:
                raise CommandError(f"There is no saved mapping {options['mapping']}.", returncode=2)
        said = {"date_order": options["date_order"], "decimal": options["decimal"]}
        run = actions.upload(
            _pieces(options["file"]),
            options["file"].name,
            organization=organization,
            by=System("command"),
            now=timezone.now(),
            target_key=target.get(options["target"]).key,
            source=options["source"],
            settings={key: value for key, value in said.items() if value},
            saved=saved,
        )
        chosen, fixed = _pairs(options["map"]), _pairs(options["set"])
        if chosen or fixed:
            unknown = [name for name in chosen.values() if name not in run.columns]
            if unknown:
                raise CommandError(f"The file has no column {', '.join(unknown)}.", returncode=2)
            columns = {**run.mapping, **{key: run.columns.index(name) for key, name in chosen.items()}}
            run = actions.describe(
                run,
                columns=columns,
                constants={**run.constants, **fixed},
                settings={},
                source=run.source,
                by=System("command"),
            )
        return run


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece


def _pairs(written: list[str]) -> dict[str, str]:
    pairs = {}
    for each in written:
        key, sign, value = each.partition("=")
        if not sign:
            raise CommandError(f"Write {each} as FIELD=VALUE.", returncode=2)
        pairs[key] = value
    return pairs
