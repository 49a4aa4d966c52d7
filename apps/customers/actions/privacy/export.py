"""The copy that a customer gets: one ZIP with a page to read, JSON for each app, and the files themselves.

For portability (GDPR article 20) only what the customer gave or caused, as JSON and CSV.
"""

from __future__ import annotations

import csv
import io
import json
import re
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.files.base import File
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.formats import date_format

from apps.accounts.permissions import Can
from apps.core import files, personal_data
from apps.core.audit import Actor
from apps.core.models import StoredFile
from apps.core.personal_data import Fate, Holding, Part, Subject
from apps.customers.models import Customer, PrivacyKind, PrivacyRequest
from apps.customers.privacy import REFERENCE

# Never part of a copy: the organisation's own bookkeeping, and the names of its staff (GDPR article 15 (4)).
NEVER = {"organization"}
STAFF_MODELS = ("accounts.membership", "accounts.user")
# A spreadsheet reads a cell that begins like this as a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
IN_MEMORY = 5 * 1024 * 1024


@contextmanager
def archive(request: PrivacyRequest, subject: Subject) -> Iterator[File[bytes]]:
    """The ZIP as an open file that is gone after the block."""
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as spool, translation.override(_language(request)):
        with zipfile.ZipFile(spool, "w", zipfile.ZIP_DEFLATED) as bundle:
            _fill(bundle, request, subject)
        size = spool.tell()
        spool.seek(0)
        content: File[bytes] = File(spool, name="copy.zip")
        content.size = size
        yield content


def forget_unclaimed(request: PrivacyRequest) -> None:
    """Delete the copy of an attempt that was killed before the request could name it."""
    named = PrivacyRequest.objects.exclude(export=None).values("export")
    rows = StoredFile.objects.owned_by(request.organization_id).filter(
        name=_name_of(request), reference=_reference_of(request), permission=Can.HANDLE_PRIVACY
    )
    for stored in rows.exclude(pk__in=named):
        files.remove(stored)


def _name_of(request: PrivacyRequest) -> str:
    return f"{request.kind}-{request.customer_number}.zip"


def _reference_of(request: PrivacyRequest) -> str:
    return f"{REFERENCE}{request.customer_number}"


def keep(request: PrivacyRequest, content: File[bytes], *, by: Actor, now: datetime) -> StoredFile:
    """File the ZIP where only those who answer privacy requests can fetch it."""
    return files.keep(
        content,
        name=_name_of(request),
        kind="application/zip",
        organization_id=request.organization_id,
        by=by,
        now=now,
        reference=_reference_of(request),
        permission=Can.HANDLE_PRIVACY,
    )


def rows_of(holding: Holding, subject: Subject) -> Iterator[dict[str, Any]]:
    """The rows as plain values, by the names of their fields; what is other people's is left out."""
    fields = [field for field in holding.model._meta.concrete_fields if _is_shown(field, holding)]
    related = [field.name for field in fields if field.is_relation]
    rows = holding.rows(subject).order_by("pk").select_related(*related) if related else holding.rows(subject)
    for row in rows:
        yield {field.name: _value(row, field) for field in fields}


def labels_of(holding: Holding) -> list[str]:
    """The names of the fields for people, in the same order."""
    fields = [field for field in holding.model._meta.concrete_fields if _is_shown(field, holding)]
    return [str(field.verbose_name) for field in fields]


def _fill(bundle: zipfile.ZipFile, request: PrivacyRequest, subject: Subject) -> None:
    is_portable = request.kind == PrivacyKind.PORTABILITY
    sections = []
    for part in personal_data.parts():
        held = [
            holding for holding in part.holdings if holding.is_exported and (holding.is_portable or not is_portable)
        ]
        tables = [(holding, rows) for holding in held if (rows := list(rows_of(holding, subject)))]
        if not tables:
            continue
        data = {holding.model._meta.model_name: rows for holding, rows in tables}
        bundle.writestr(f"{part.key}.json", json.dumps(data, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2))
        if is_portable:
            for name, rows in data.items():
                bundle.writestr(f"{part.key}-{name}.csv", _csv(rows))
        else:
            _add_files(bundle, part, held, subject)
        sections.append((part, [_table(holding, rows) for holding, rows in tables]))
    context = {"request": request, "organization": request.organization, "sections": sections, "kept": _kept()}
    bundle.writestr("index.html", render_to_string("customers/privacy_export.html", context))


def _table(holding: Holding, rows: list[dict[str, Any]]) -> dict[str, Any]:
    shown = [[_words(holding, name, value) for name, value in row.items()] for row in rows]
    return {"title": holding.model._meta.verbose_name_plural, "columns": labels_of(holding), "rows": shown}


def _kept() -> list[tuple[str, str]]:
    """What would stay after an erasure, and why: part of what a customer is to be told."""
    held = [holding for part in personal_data.parts() for holding in part.holdings if holding.fate != Fate.ERASED]
    return [(str(holding.model._meta.verbose_name_plural), str(holding.reason)) for holding in held]


def _add_files(bundle: zipfile.ZipFile, part: Part, held: list[Holding], subject: Subject) -> None:
    for holding in held:
        if holding.content is None:
            continue
        for row in holding.rows(subject):
            for name, content in holding.content(row, subject):
                # The number keeps two files of one name apart; the name is made harmless for every system.
                plain = re.sub(r"[^\w.@+-]+", "_", name.rpartition("/")[2]).lstrip(".") or "file"
                bundle.writestr(f"files/{part.key}-{row.pk}-{plain}", content)


def _is_shown(field: models.Field[Any, Any], holding: Holding) -> bool:
    if field.name in NEVER or field.name in holding.hidden or field.name.endswith("_label"):
        return False
    related = field.related_model
    return not (isinstance(related, type) and related._meta.label_lower in STAFF_MODELS)


def _value(row: models.Model, field: models.Field[Any, Any]) -> Any:
    value = getattr(row, field.attname)
    if field.is_relation and value is not None:
        related = getattr(row, field.name)
        # The words that were shown are part of a consent; of the rest the name says enough.
        return getattr(related, "text", None) or str(related)
    if isinstance(value, bytes | memoryview):
        return None
    return value


def _words(holding: Holding, name: str, value: Any) -> str:
    field = holding.model._meta.get_field(name)
    choices = dict(getattr(field, "flatchoices", None) or [])
    if value in (None, "", [], {}):
        return ""
    if isinstance(value, datetime):
        return date_format(value, "DATETIME_FORMAT")
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, cls=DjangoJSONEncoder)
    return str(choices.get(value, value))


def _csv(rows: list[dict[str, Any]]) -> str:
    written = io.StringIO()
    writer = csv.DictWriter(written, list(rows[0]))
    writer.writeheader()
    for row in rows:
        writer.writerow({name: _cell(value) for name, value in row.items()})
    return written.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, cls=DjangoJSONEncoder)
    return f"'{value}" if isinstance(value, str) and value.lstrip(" ").startswith(FORMULA) else value


def _language(request: PrivacyRequest) -> str:
    customer: Customer | None = request.customer
    wanted = (customer.language if customer else "")[:2] or request.organization.language
    return wanted if wanted in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
