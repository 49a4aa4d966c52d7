"""`manage.py write_docs [--check]`: the configuration reference and the data model, made from the code itself."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable
from itertools import groupby
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import models
from django.utils import translation

HEADER = "<!-- Made by `manage.py write_docs`; edit the code, not this file. -->\n\n"


class Command(BaseCommand):
    """Writes docs/configuration.md and docs/data-model.md; with --check only says whether they are up to date."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        """--check for CI."""
        parser.add_argument("--check", action="store_true", help="change nothing; fail when a file is out of date")

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises CommandError when --check finds an old file."""
        with translation.override("en"):
            documents = {"configuration.md": configuration(), "data-model.md": data_model()}
        for name, text in documents.items():
            file = settings.BASE_DIR / "docs" / name
            if options["check"]:
                if not file.exists() or file.read_text() != text:
                    raise CommandError(f"docs/{name} is out of date: run `manage.py write_docs`.")
            else:
                file.write_text(text)
                self.stdout.write(f"docs/{name}")


def configuration() -> str:
    """Every environment variable by section."""
    parts = [HEADER, "# Configuration\n\nEnvironment variables; an empty one counts as absent. Nothing is required.\n"]
    for section, variables in groupby(settings.DECLARED_VARIABLES.values(), lambda variable: variable.section):
        parts.append(f"\n## {section}\n\n| variable | kind | default | meaning |\n|---|---|---|---|\n")
        for variable in variables:
            default = f"`{variable.default}`" if variable.default else ""
            parts.append(f"| `{variable.name}` | {variable.kind} | {_cell(default)} | {_cell(variable.meaning)} |\n")
    return "".join(parts)


def data_model() -> str:
    """Every table of ours: what a row is, its columns, what the database promises."""
    parts = [HEADER, "# Data model\n\nEvery table with an organisation belongs to one tenant.\n"]
    for app in apps.get_app_configs():
        if app.name.startswith("apps.") and (tables := list(app.get_models())):
            parts.append(f"\n## {app.label}\n")
            parts += [_table(model) for model in tables]
    return "".join(parts)


def _table(model: type[models.Model]) -> str:
    heading = f"\n### {model.__name__}\n\n{_first_paragraph(model)}\n\n"
    lines = [heading, "| column | type | points to | note |\n|---|---|---|---|\n"]
    for field in model._meta.concrete_fields:
        target = field.related_model._meta.label if isinstance(field, models.ForeignKey) else ""
        lines.append(f"| `{field.column}` | {_kind(field)} | {target} | {_cell(', '.join(_notes(field)))} |\n")
    promises = [constraint.name for constraint in model._meta.constraints]
    if promises:
        lines.append(f"\nThe database promises: {', '.join(f'`{promise}`' for promise in promises)}.\n")
    return "".join(lines)


def _kind(field: models.Field[Any, Any]) -> str:
    kind = re.sub(r"Field$", "", field.get_internal_type())
    return f"{kind}({field.max_length})" if field.max_length and kind in ("Char", "Slug", "Email") else kind


def _notes(field: models.Field[Any, Any]) -> Iterable[str]:
    if field.null:
        yield "may be empty"
    if field.unique and not field.primary_key:
        yield "unique"
    if field.choices:
        yield "one of " + ", ".join(str(value) for value, _label in field.flatchoices)
    if field.help_text:
        yield str(field.help_text)


def _first_paragraph(model: type[models.Model]) -> str:
    return " ".join((inspect.getdoc(model) or "").split("\n\n")[0].split())


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
