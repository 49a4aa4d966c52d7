"""`manage.py write_docs [--check]`: configuration reference, data model and list of API routes, made from the code."""

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
from drf_spectacular.generators import SchemaGenerator
from rest_framework.views import APIView

HEADER = "<!-- Made by `manage.py write_docs`; edit the code, not this file. -->\n\n"


class Command(BaseCommand):
    """Writes the generated files of docs/; with --check only says whether they are up to date."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        """--check for CI."""
        parser.add_argument("--check", action="store_true", help="change nothing; fail when a file is out of date")

    def handle(self, *args: Any, **options: Any) -> None:
        """Raises CommandError when --check finds an old file."""
        with translation.override("en"):
            documents = {
                "configuration.md": configuration(),
                "data-model.md": data_model(),
                "api-routes.md": api_routes(),
            }
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


def api_routes() -> str:
    """Every route of the API: what it does and which permission of a person, or scope of a key, it asks for."""
    generator = SchemaGenerator()  # type: ignore[no-untyped-call]
    schema = generator.get_schema(request=None, public=True)["paths"]  # type: ignore[no-untyped-call]
    endpoints: Iterable[Any] = generator.endpoints or []
    described = {re.sub(r"{\w+}", "{}", path): (path, operations) for path, operations in schema.items()}
    rows = [
        (path, method, operations[method.lower()].get("summary", ""), _needed(view.cls, method))
        for regular, _regex, method, view in endpoints
        for path, operations in [described.get(re.sub(r"{\w+}", "{}", regular), ("", {}))]
        if path.startswith("/api/v1/") and method.lower() in operations
    ]
    parts = [HEADER, "# API routes\n\nHow to use them is in the [API guide](api.md).\n"]
    for area, found in groupby(sorted(rows), lambda row: row[0].split("/")[3]):
        parts.append(f"\n## {area}\n\n| route | | needs |\n|---|---|---|\n")
        parts += [f"| `{method} {path}` | {_cell(summary)} | {needed} |\n" for path, method, summary, needed in found]
    return "".join(parts)


def _needed(view: type[APIView], method: str) -> str:
    needed = getattr(view, "permissions", {}).get(method, getattr(view, "permission", None))
    return f"`{needed}`" if needed else ""


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
