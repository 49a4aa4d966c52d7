"""`record` writes one line of the audit log, in the transaction of the change it tells of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from django.db import models

from apps.core import request_context
from apps.core.models import AuditEntry
from apps.core.secret import Secret

SECRET_WORDS = ("password", "secret", "token", "key", "credential")
HIDDEN = "•••"


class Actor(Protocol):
    """Whoever can be named in the log: a membership, an API key, the system."""

    @property
    def audit_user_id(self) -> int | None: ...

    @property
    def audit_label(self) -> str: ...


class System:
    """The product itself: beat, commands, customers on public links."""

    audit_user_id = None

    def __init__(self, label: str = "system") -> None:
        self.audit_label = label


def record(
    action: str,
    *,
    by: Actor,
    organization_id: int | None,
    on: models.Model | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> AuditEntry:
    """Write who did `action` to `on`. Values under secret-sounding names are replaced by dots."""
    trace = request_context.current()
    return AuditEntry.objects.create(
        organization_id=organization_id,
        actor_id=by.audit_user_id,
        actor_label=by.audit_label[:200],
        action=action,
        object_type=on._meta.label_lower if on is not None else "",
        object_id=str(on.pk) if on is not None else "",
        object_label=str(on)[:200] if on is not None else "",
        before=_presentable(before or {}),
        after=_presentable(after or {}),
        ip=trace.ip,
        request_id=trace.request_id,
    )


def _presentable(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: HIDDEN if value and any(word in key.lower() for word in SECRET_WORDS) else _plain(value)
        for key, value in values.items()
    }


def _plain(value: Any) -> Any:
    if isinstance(value, Secret):
        return HIDDEN
    return value if isinstance(value, str | int | float | bool | list | dict | None) else str(value)
