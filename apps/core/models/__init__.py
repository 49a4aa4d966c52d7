"""The shared kernel's tables, and the base class of everybody else's."""

from apps.core.models.audit import AuditEntry
from apps.core.models.file import FileState, StoredFile
from apps.core.models.idempotency import IdempotencyRecord
from apps.core.models.outbox import HandledEvent, OutboxEvent
from apps.core.models.owned import OrganizationOwned, OwnedQuerySet

__all__ = [
    "AuditEntry",
    "FileState",
    "HandledEvent",
    "IdempotencyRecord",
    "OrganizationOwned",
    "OutboxEvent",
    "OwnedQuerySet",
    "StoredFile",
]
