"""Save named fields of a row together with the line of the audit log that tells what they were."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import models

from apps.core import audit
from apps.core.audit import Actor


def write(row: models.Model, fields: Mapping[str, Any], *, by: Actor, action: str, organization_id: int | None) -> bool:
    """Set and save what differs; returns whether anything did. Nothing is written otherwise."""
    before = {name: getattr(row, name) for name, value in fields.items() if getattr(row, name) != value}
    if not before:
        return False
    for name in before:
        setattr(row, name, fields[name])
    row.save(update_fields=list(before))
    after = {name: fields[name] for name in before}
    audit.record(action, by=by, organization_id=organization_id, on=row, before=before, after=after)
    return True
