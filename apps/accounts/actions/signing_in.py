"""The log of who came in, who tried, and what changed about how they do."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass

from django.db import transaction

from apps.accounts import queries
from apps.accounts.models import User
from apps.core import audit, tenancy


@dataclass(frozen=True)
class Visitor:
    """Whoever stands at the door: known by person, or only by the address that they typed."""

    audit_user_id: int | None
    audit_label: str


@transaction.atomic
def record_sign_in_event(action: str, *, user: User | None, email: str = "", **details: object) -> None:
    """Write e.g. `sign_in.failed` into the log of every organisation in which the person works.

    An address that belongs to nobody is written once, for the installation.
    """
    person = user or User.objects.filter(email=email.strip().lower()).first()
    typed = email.strip().lower()[:200] or "unknown"
    by = Visitor(user.pk, str(user)) if user is not None else Visitor(None, typed)
    members = queries.organizations_of(person) if person is not None else []
    organization_ids: list[int | None] = [member.organization_id for member in members]
    for organization_id in organization_ids or [None]:
        # Somebody may belong to several organisations, and the request sees the rows of one only.
        with tenancy.inside(organization_id) if organization_id is not None else nullcontext():
            audit.record(action, by=by, organization_id=organization_id, on=person, after=details)
